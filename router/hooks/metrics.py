"""Counts and durations per stage and subgraph, for Prometheus."""

from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram

from router.errors import RouterError
from router.hooks.protocol import Around, Hook, Stage

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
COSTS = (0, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 1_000_000)


class Metrics(Hook):
    """Into one registry, which the process shows where it wants."""

    stages = frozenset(Stage)

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "atrium_router_stage_duration_seconds",
            "How long a stage of the pipeline took; `request` is all of them.",
            ["stage"],
            buckets=SECONDS,
            registry=registry,
        )
        self._requests = self._seconds.labels(Stage.REQUEST.value)
        self._refused = Counter(
            "atrium_router_refused", "Stages that ended in an error.", ["stage", "code"], registry=registry
        )

        self._fetches = Histogram(
            "atrium_router_fetch_duration_seconds",
            "How long a subgraph took to answer; the outcome is `ok` or why there was no answer.",
            ["subgraph", "outcome"],
            buckets=SECONDS,
            registry=registry,
        )

        self._costs = Histogram(
            "atrium_router_operation_cost",
            "What operations cost: `estimated` before they ran, `actual` by their answers.",
            ["kind"],
            buckets=COSTS,
            registry=registry,
        )

    def observe_cost(self, kind: str, cost: int) -> None:
        """One operation, before or after."""
        self._costs.labels(kind).observe(cost)

    def observe_fetch(self, subgraph: str, outcome: str, seconds: float) -> None:
        """One question to one subgraph."""
        self._fetches.labels(subgraph, outcome).observe(seconds)

    def observe_request(self, seconds: float) -> None:
        """One request that went without stages."""
        self._requests.observe(seconds)

    async def around(self, stage: Stage, subject: object) -> Around:
        """Time it and count how it ended."""
        begun = perf_counter()
        try:
            yield
        except RouterError as error:
            self._refused.labels(stage.value, error.code).inc()
            raise
        finally:
            self._seconds.labels(stage.value).observe(perf_counter() - begun)
