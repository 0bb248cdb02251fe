"""Counts and durations of subgraphs, tasks and relay, for Prometheus; shown by whoever serves the process."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

REGISTRY = CollectorRegistry()
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)

OPERATIONS = Histogram(
    "atrium_subgraph_operation_duration_seconds",
    "How long a subgraph took to answer; the outcome is `ok`, `errors` or `failed`.",
    ["subgraph", "outcome"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
TASKS = Histogram(
    "atrium_task_duration_seconds",
    "How long an attempt of a task took; the outcome is `done` or `failed`.",
    ["task", "outcome"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
PUBLISHED = Counter(
    "atrium_relay_published", "Events published from the outboxes.", ["topic"], registry=REGISTRY
)
REDELIVERED = Counter(
    "atrium_relay_redelivered", "Events handed over again, unhandled so far.", ["consumer"], registry=REGISTRY
)


class Outcome:
    """How it ended; set before the end of the block."""

    def __init__(self, name: str) -> None:
        self.name = name


@contextmanager
def timed(histogram: Histogram, of: str, *, otherwise: str = "failed") -> Iterator[Outcome]:
    """Observe how long the block took, with its outcome; `otherwise` if it raised."""
    outcome, began = Outcome("done"), perf_counter()
    try:
        yield outcome
    except BaseException:
        outcome.name = otherwise
        raise
    finally:
        histogram.labels(of, outcome.name).observe(perf_counter() - began)


def exposition() -> bytes:
    """Everything counted so far, in Prometheus' text format."""
    return generate_latest(REGISTRY)
