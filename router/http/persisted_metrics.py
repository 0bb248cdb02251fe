"""Persisted operations, for Prometheus: labels are only names that somebody registered."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from router.persisted.reading import Outcome
from router.pipeline.persisting import Persisting
from router.usage.totals import Totals

Families = Iterator[GaugeMetricFamily | CounterMetricFamily]


class PersistedStanding(Collector):
    """Documents, how requests came by them, and what was asked how often."""

    def __init__(self, persisting: Persisting) -> None:
        self._persisting = persisting

    def collect(self) -> Families:
        """Every family, with its values now."""
        yield from self._documents()
        yield from self._automatic()
        yield from self._usage()

    def _documents(self) -> Families:
        reading, desk, warming = self._persisting.reading, self._persisting.desk, self._persisting.warming
        yield GaugeMetricFamily(
            "atrium_router_registered_documents",
            "Documents that clients registered.",
            value=len(desk.library),
        )
        yield GaugeMetricFamily(
            "atrium_router_warmed_operations",
            "Registered operations that were planned before anybody asked.",
            value=0 if warming is None else warming.warmed,
        )
        yield GaugeMetricFamily(
            "atrium_router_operations_serial",
            "The registry's serial of the documents in use; 0 when they came from no registry.",
            value=reading.serial,
        )
        loads = CounterMetricFamily(
            "atrium_router_operations_loads",
            "What came of looking for registered documents; nothing new is not counted.",
            labels=["outcome"],
        )
        for outcome in Outcome:
            loads.add_metric([outcome.value], reading.outcomes[outcome])
        yield loads
        chosen = CounterMetricFamily(
            "atrium_router_documents",
            "How requests came by their documents; texts of clients that may send all are not counted.",
            labels=["client", "outcome"],
        )
        for (client, how), count in sorted(desk.outcomes.items()):
            chosen.add_metric([client or "(unknown)", how.value], count)
        yield chosen

    def _automatic(self) -> Families:
        automatic = self._persisting.desk.automatic
        if automatic is None:
            return
        yield GaugeMetricFamily(
            "atrium_router_automatic_documents", "Documents kept by hash.", value=len(automatic)
        )
        yield GaugeMetricFamily(
            "atrium_router_automatic_bytes", "What documents kept by hash take.", value=automatic.bytes
        )
        asked = CounterMetricFamily(
            "atrium_router_automatic", "Documents asked for by hash.", labels=["outcome"]
        )
        asked.add_metric(["found"], automatic.hits)
        asked.add_metric(["missed"], automatic.misses)
        yield asked

    def _usage(self) -> Families:
        reporting = self._persisting.reporting
        if reporting is None:
            return
        totals: Totals = reporting.totals.with_these(reporting.counter.since())
        for name, about, counts in (
            ("atrium_router_operations", "Answered operations.", totals.requests),
            ("atrium_router_operation_errors", "Answers with errors.", totals.errors),
        ):
            family = CounterMetricFamily(name, about, labels=["client", "operation"])
            for label, count in sorted(counts.items()):
                family.add_metric(list(label), count)
            yield family
        yield CounterMetricFamily(
            "atrium_router_usage_lost", "Batches of usage that nobody took.", value=reporting.lost
        )
        yield CounterMetricFamily(
            "atrium_router_usage_untold",
            "Requests that were counted together because there were too many different ones.",
            value=reporting.counter.untold,
        )
