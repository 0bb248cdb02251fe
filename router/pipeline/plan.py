"""Operation → Plan and Shape: made once for any number of askers, in a worker thread, within a deadline."""

import asyncio
from dataclasses import dataclass
from random import random
from time import monotonic

from router.compiled.programs import Programs
from router.errors import PlanTimeout
from router.executor.executor import prepare
from router.operation.model import Operation
from router.pipeline.router import Router
from router.pipeline.values import Planned, Received, Validated
from router.planner.labels import active_labels
from router.planner.planner import plan as plan_operation
from router.projection.shape import shape_of
from router.settings import OperationLimits
from router.snapshot.build import Snapshot


async def plan(received: Received, validated: Validated, operation: Operation, router: Router) -> Planned:
    """How to answer the operation; raises PlanTimeout."""
    snapshot = received.snapshot
    labels = active_labels(snapshot.supergraph.override_labels, random())  # noqa: S311 - no secret hangs on it
    key = (snapshot.id, validated.fingerprint, labels)

    async def make() -> Planned:
        wanted = _Wanted(
            snapshot, operation, labels, validated.selections, is_compiled=router.settings.compile_plans
        )
        return await _in_worker(wanted, router)

    return await router.caches.plans.get(key, make)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a plan is made for."""

    snapshot: Snapshot
    operation: Operation
    labels: frozenset[str]
    selections: int
    is_compiled: bool


async def _in_worker(wanted: _Wanted, router: Router) -> Planned:
    seconds = router.settings.timeouts.plan
    loop = asyncio.get_running_loop()
    job = loop.run_in_executor(router.planners, _planned, wanted, seconds, router.settings.limits)
    try:
        async with asyncio.timeout(
            2 * seconds
        ):  # the planner keeps its own deadline; this one is for queueing
            return await job
    except TimeoutError as cause:
        raise PlanTimeout(seconds) from cause


def _planned(wanted: _Wanted, seconds: float, limits: OperationLimits) -> Planned:
    snapshot, operation = wanted.snapshot, wanted.operation
    deadline = monotonic() + seconds
    made = plan_operation(
        operation, snapshot.query_graph, deadline=deadline, limits=limits, labels=wanted.labels
    )
    prepared, shape = prepare(made), shape_of(operation, snapshot.schema)
    return Planned(
        plan=prepared,
        shape=shape,
        selections=wanted.selections,
        programs=Programs(prepared, shape, snapshot.supergraph) if wanted.is_compiled else None,
    )
