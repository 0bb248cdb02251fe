"""Operation → Plan and Shape: made once for any number of askers, in a worker thread, within a deadline."""

import asyncio
from time import monotonic

from router.errors import PlanTimeout
from router.executor.executor import prepare
from router.operation.model import Operation
from router.pipeline.router import Router
from router.pipeline.values import Planned, Received, Validated
from router.planner.planner import plan as plan_operation
from router.projection.shape import shape_of
from router.snapshot.build import Snapshot


async def plan(received: Received, validated: Validated, operation: Operation, router: Router) -> Planned:
    """How to answer the operation; raises PlanTimeout."""
    snapshot = received.snapshot
    key = (snapshot.id, validated.fingerprint)

    async def make() -> Planned:
        return await _in_worker(snapshot, operation, validated.selections, router)

    return await router.caches.plans.get(key, make)


async def _in_worker(snapshot: Snapshot, operation: Operation, selections: int, router: Router) -> Planned:
    seconds = router.settings.timeouts.plan
    loop = asyncio.get_running_loop()
    job = loop.run_in_executor(router.planners, _planned, snapshot, operation, selections, seconds)
    try:
        async with asyncio.timeout(
            2 * seconds
        ):  # the planner keeps its own deadline; this one is for queueing
            return await job
    except TimeoutError as cause:
        raise PlanTimeout(seconds) from cause


def _planned(snapshot: Snapshot, operation: Operation, selections: int, seconds: float) -> Planned:
    made = plan_operation(operation, snapshot.query_graph, deadline=monotonic() + seconds)
    return Planned(
        plan=prepare(made),
        shape=shape_of(operation, snapshot.schema),
        selections=selections,
    )
