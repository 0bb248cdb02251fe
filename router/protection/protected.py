"""How the limits stand, for Prometheus: read when asked."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from router.protection.protection import Protection
from router.state.redis import RedisCounters


class Protected(Collector):
    """What passed and what did not, by limit; how good leases are; how Redis is."""

    def __init__(self, protection: Protection) -> None:
        self._protection = protection

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Every family, with its values now."""
        yield self._decided()
        yield CounterMetricFamily(
            "atrium_router_ip_refused",
            "Requests that IP rules kept out.",
            value=self._protection.kept_out,
        )
        yield from self._leases()
        yield from self._redis()

    def _decided(self) -> CounterMetricFamily:
        family = CounterMetricFamily(
            "atrium_router_rate_limited",
            "What a rate limit decided; `uncounted`: refused since Redis was away.",
            labels=["limit", "outcome"],
        )
        protection = self._protection
        for label in protection.policies.labels:
            family.add_metric([label, "allowed"], protection.allowed[label])
            family.add_metric([label, "denied"], protection.denied[label])
            family.add_metric([label, "uncounted"], protection.uncounted[label])
        return family

    def _leases(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        leases = self._protection.leases
        yield GaugeMetricFamily(
            "atrium_router_limit_leases", "Counters of limits that this process knows.", value=len(leases)
        )
        units = CounterMetricFamily(
            "atrium_router_limit_units",
            "Units taken in advance, those of them that nobody used, and charges that passed uncounted.",
            labels=["what"],
        )
        units.add_metric(["leased"], leases.counts.leased)
        units.add_metric(["lost"], leases.counts.lost)
        units.add_metric(["uncounted"], leases.counts.uncounted)
        yield units
        yield CounterMetricFamily(
            "atrium_router_limit_waits",
            "Requests that had to wait for units or to ask for them.",
            value=leases.counts.waited,
        )

    def _redis(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        counters = self._protection.counters
        if not isinstance(counters, RedisCounters):
            return
        yield GaugeMetricFamily(
            "atrium_router_limit_redis_away", "1 while Redis does not count.", value=float(counters.is_away)
        )
        yield CounterMetricFamily(
            "atrium_router_limit_redis_calls", "Calls to Redis, each for one or more.", value=counters.calls
        )
        errors = CounterMetricFamily(
            "atrium_router_limit_redis_errors", "Calls that failed, by kind of error.", labels=["error"]
        )
        for error, count in sorted(counters.errors.items()):
            errors.add_metric([error], count)
        yield errors
