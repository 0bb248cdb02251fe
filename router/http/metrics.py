"""How the router stands, for Prometheus: read when asked, nothing is counted on the way of a request."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from router.compiled.counts import Reason
from router.http.admission import Admission
from router.http.streams import Streams
from router.http.websocket import SocketEndpoint
from router.pipeline.batch import Batches
from router.pipeline.router import Router
from router.snapshot.watch import Outcome, Watch
from router.subgraph_client.retry import BreakerState

Families = Iterator[GaugeMetricFamily | CounterMetricFamily]


class Standing(Collector):
    """Supergraph, caches, breakers, sockets and streams."""

    def __init__(
        self,
        router: Router,
        sockets: SocketEndpoint,
        streams: Streams,
        batches: Batches | None,
        watch: Watch,
        admission: Admission,
    ) -> None:
        self._admission = admission
        self._router = router
        self._sockets = sockets
        self._streams = streams
        self._batches = batches
        self._watch = watch

    def collect(self) -> Families:
        """Every family, with its values now."""
        yield from self._supergraph()
        yield from self._caches()
        yield self._breakers()
        yield self._shared()
        yield from self._executed()
        yield from self._realtime()
        yield from self._load()
        yield CounterMetricFamily(
            "atrium_router_batched",
            "Operations that came with others in one request.",
            value=0 if self._batches is None else self._batches.operations,
        )

    def _load(self) -> Families:
        yield GaugeMetricFamily(
            "atrium_router_in_flight", "Requests that are worked on.", value=self._admission.in_flight
        )
        yield GaugeMetricFamily(
            "atrium_router_waiting", "Requests that wait for their turn.", value=self._admission.waiting
        )
        yield CounterMetricFamily(
            "atrium_router_shed",
            "Requests that were refused since there was too much to do.",
            value=self._admission.refused,
        )

    def _realtime(self) -> Families:
        yield GaugeMetricFamily(
            "atrium_router_open_sockets", "WebSockets that are open.", value=self._sockets.open_sockets
        )
        yield GaugeMetricFamily(
            "atrium_router_socket_operations",
            "Operations that run on WebSockets.",
            value=self._sockets.running_operations,
        )
        yield GaugeMetricFamily(
            "atrium_router_open_streams",
            "Subscriptions over HTTP answers that are open.",
            value=self._streams.open_streams,
        )
        lost = self._sockets.lost
        yield CounterMetricFamily(
            "atrium_router_events_dropped", "Events left out for clients that read slowly.", value=lost.events
        )
        yield CounterMetricFamily(
            "atrium_router_slow_clients",
            "Connections ended as their clients read slowly.",
            value=lost.clients,
        )
        yield from self._sources()
        feeds = None if self._router.sharing is None else self._router.sharing.feeds
        yield CounterMetricFamily(
            "atrium_router_feeds_joined",
            "Subscriptions that joined one that ran already.",
            value=0 if feeds is None else feeds.joined,
        )

    def _sources(self) -> Families:
        clients = self._router.clients
        sources = GaugeMetricFamily(
            "atrium_router_sources", "Subscriptions that are open at a subgraph.", labels=["subgraph"]
        )
        listeners = GaugeMetricFamily(
            "atrium_router_source_listeners", "How many hear them.", labels=["subgraph"]
        )
        lost = CounterMetricFamily(
            "atrium_router_sources_lost",
            "Subscriptions that were lost at a subgraph, and tried again.",
            labels=["subgraph"],
        )
        for name, listening in clients.listening.items():
            sources.add_metric([name], listening.open_sources)
            listeners.add_metric([name], listening.listeners)
        for name, count in clients.lost.items():
            lost.add_metric([name], count)
        yield sources
        yield listeners
        yield lost

    def _supergraph(self) -> Families:
        loads = CounterMetricFamily(
            "atrium_router_supergraph_loads",
            "What came of looking for a new supergraph; nothing new is not counted.",
            labels=["outcome"],
        )
        for outcome in Outcome:
            loads.add_metric([outcome.value], self._watch.outcomes[outcome])
        yield loads
        yield GaugeMetricFamily(
            "atrium_router_supergraph_serial",
            "The registry's serial of the supergraph in use; 0 when it came from no registry.",
            value=self._watch.serial,
        )

    def _caches(self) -> Families:
        caches = self._router.caches
        entries = GaugeMetricFamily("atrium_router_cache_entries", "Entries of a cache.", labels=["cache"])
        hits = CounterMetricFamily("atrium_router_cache_hits", "Answers from a cache.", labels=["cache"])
        made = CounterMetricFamily("atrium_router_cache_misses", "Values made anew.", labels=["cache"])
        for name, cache in (
            ("document", caches.documents),
            ("operation", caches.operations),
            ("plan", caches.plans),
        ):
            entries.add_metric([name], len(cache))
            hits.add_metric([name], cache.hits)
            made.add_metric([name], cache.made)
        yield entries
        yield hits
        yield made
        yield from self._beside()

    def _beside(self) -> Families:
        beside = self._router.beside
        processes = () if beside is None else beside.processes
        done = CounterMetricFamily(
            "atrium_router_planner_process",
            "What was asked of the planner's processes: plans, documents that were read, plans that were "
            "compiled, what was `refused` since too much waited, and that for which a process was `killed`.",
            labels=["outcome"],
        )
        done.add_metric(["answered"], sum(each.plans for each in processes))
        done.add_metric(["read"], sum(each.documents for each in processes))
        done.add_metric(["compiled"], sum(each.programs for each in processes))
        done.add_metric(["refused"], sum(each.refused for each in processes))
        done.add_metric(["killed"], sum(each.killed for each in processes))
        yield done
        waiting = GaugeMetricFamily(
            "atrium_router_planner_waiting", "What waits for the planner's processes.", labels=["process"]
        )
        for name, each in zip(("first", "second"), processes, strict=False):
            waiting.add_metric([name], each.waiting)
        yield waiting

    def _shared(self) -> CounterMetricFamily:
        family = CounterMetricFamily(
            "atrium_router_shared",
            "Answered by an identical query that was in flight: a client's request, or a fetch.",
            labels=["level"],
        )
        sharing = self._router.sharing
        family.add_metric(["request"], 0 if sharing is None else sharing.shared)
        family.add_metric(["fetch"], self._router.clients.shared)
        return family

    def _executed(self) -> Families:
        counts = self._router.counts
        executed = CounterMetricFamily(
            "atrium_router_executed",
            "Plans that ran: compiled, interpreted, or compiled until the interpreter took over.",
            labels=["way"],
        )
        executed.add_metric(["compiled"], counts.compiled)
        executed.add_metric(["interpreted"], counts.interpreted)
        executed.add_metric(["taken_over"], counts.taken_over.total())
        yield executed
        lane = self._router.lane
        yield CounterMetricFamily(
            "atrium_router_lane",
            "Queries, among those compiled, that were answered without the stages.",
            value=0 if lane is None else lane.answered,
        )
        reasons = CounterMetricFamily(
            "atrium_router_taken_over",
            "Why the interpreter took over from compiled plans; `repeated`: requests it sent again.",
            labels=["reason"],
        )
        for reason in Reason:
            reasons.add_metric([reason.value], counts.taken_over[reason])
        reasons.add_metric(["repeated"], counts.repeated)
        yield reasons

    def _breakers(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "atrium_router_circuit_open", "1 while a subgraph is left alone.", labels=["subgraph"]
        )
        for name, state in self._router.clients.states.items():
            family.add_metric([name], float(state is not BreakerState.CLOSED))
        return family


def shown(registry: CollectorRegistry) -> Callable[[Request], Response]:
    """The endpoint that shows a registry."""

    def metrics(request: Request) -> Response:
        return PlainTextResponse(generate_latest(registry), media_type="text/plain; version=0.0.4")

    return metrics
