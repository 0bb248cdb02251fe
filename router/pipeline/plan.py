"""Operation → Plan and Shape: made once for any number of askers, beside the loop, within a deadline."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic, thread_time
from typing import Any

from router.compiled.programs import Programs
from router.errors import PlannerBusy, PlanTimeout
from router.executor.executor import prepare
from router.operation.deferral import undeferred
from router.operation.model import Operation
from router.pipeline.router import Router
from router.pipeline.values import Planned, Received, Validated
from router.plan.nodes import Plan
from router.planner.planner import plan as plan_operation
from router.projection.deferred import parts_shape_of
from router.projection.shape import shape_of
from router.settings import OperationLimits
from router.snapshot.build import Snapshot

SOON_SECONDS = 0.005
"""So long a plan may take in a thread, which holds up the event loop meanwhile."""

MANY_SELECTIONS = 300
"""Operations that select more are not tried in a thread first."""


async def plan(received: Received, validated: Validated, operation: Operation, router: Router) -> Planned:
    """How to answer the operation; raises what planning raises, PlanTimeout, or PlannerBusy."""
    snapshot, ready = received.snapshot, None
    if received.registered is not None and not operation.withheld:
        ready = None if snapshot.supergraph.override_labels else received.registered.ready
    if ready is not None:
        kept: tuple[str, Planned] | None = ready.get(validated.fingerprint)
        if kept is not None and kept[0] == snapshot.id:
            return kept[1]
    labels = await router.labels.active(snapshot.supergraph.override_labels, received.context)
    key = (snapshot.id, _asked(validated, operation), labels)

    async def make() -> Planned:
        wanted = _Wanted(
            snapshot,
            operation,
            labels,
            validated.selections,
            is_compiled=router.settings.compile_plans and not operation.withheld,
            shown=undeferred(validated.operation) if operation.withheld else operation,
            variables=validated.variables,
        )
        return await _in_worker(wanted, router)

    planned = await router.caches.plans.get(key, make)
    if ready is not None and router.snapshots.is_current(snapshot):
        ready[validated.fingerprint] = (snapshot.id, planned)
    return planned


def _asked(validated: Validated, operation: Operation) -> str:
    """Tells operations apart, and what is left of one for callers who may not see all of it."""
    if not operation.withheld:
        return validated.fingerprint
    withheld = sorted("/".join([each.at, *(step.key for step in each.steps)]) for each in operation.withheld)
    return f"{validated.fingerprint} without {' '.join(withheld)}"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a plan is made for; `shown` is what the answer looks like, with nulls for what is withheld.

    `variables` are those of the first who asks.
    """

    snapshot: Snapshot
    operation: Operation
    labels: frozenset[str]
    selections: int
    is_compiled: bool
    shown: Operation
    variables: Mapping[str, Any]


async def _in_worker(wanted: _Wanted, router: Router) -> Planned:
    """Tried in a thread, which most plans need for a moment only; what takes longer is made elsewhere."""
    seconds, limits, beside = router.settings.timeouts.plan, router.settings.limits, router.beside
    loop = asyncio.get_running_loop()
    if beside is None:
        return await _in_thread(wanted, seconds, router)
    if wanted.selections <= MANY_SELECTIONS or not beside.is_ready(wanted.snapshot):
        soon = min(SOON_SECONDS, seconds)
        planned = await loop.run_in_executor(router.planners, _planned_soon, wanted, limits, soon)
        if planned is not None:
            return planned
        if soon == seconds:
            raise PlanTimeout(seconds)
    made = await beside.plan(wanted.operation, wanted.snapshot, wanted.labels, seconds)
    return await loop.run_in_executor(router.planners, _ready, made, wanted)


async def _in_thread(wanted: _Wanted, seconds: float, router: Router) -> Planned:
    loop, limits = asyncio.get_running_loop(), router.settings.limits
    try:
        async with asyncio.timeout(
            2 * seconds
        ):  # the planner keeps its own deadline; this one is for queueing
            return await loop.run_in_executor(router.planners, _planned, wanted, limits, seconds)
    except TimeoutError as cause:
        raise PlannerBusy from cause


def _planned(wanted: _Wanted, limits: OperationLimits, seconds: float) -> Planned:
    made = plan_operation(
        wanted.operation,
        wanted.snapshot.query_graph,
        deadline=monotonic() + seconds,
        limits=limits,
        labels=wanted.labels,
    )
    return _ready(made, wanted)


def _planned_soon(wanted: _Wanted, limits: OperationLimits, seconds: float) -> Planned | None:
    """The same, or None if it takes the thread more than so many seconds of work."""
    try:
        made = plan_operation(
            wanted.operation,
            wanted.snapshot.query_graph,
            deadline=thread_time() + seconds,
            clock=thread_time,
            limits=limits,
            labels=wanted.labels,
        )
    except PlanTimeout:
        return None
    return _ready(made, wanted)


def _ready(made: Plan, wanted: _Wanted) -> Planned:
    snapshot, operation = wanted.snapshot, wanted.operation
    prepared, shape = prepare(made), shape_of(undeferred(wanted.shown), snapshot.schema)
    is_compiled = wanted.is_compiled and not operation.is_in_parts
    if not operation.is_in_parts:
        shape.root(wanted.variables)  # the first answer needs it: not to be made on the event loop
    return Planned(
        plan=prepared,
        shape=shape,
        selections=wanted.selections,
        programs=Programs(prepared, shape, snapshot.supergraph) if is_compiled else None,
        parts=parts_shape_of(operation, snapshot.schema) if operation.is_in_parts else None,
        withheld=operation.withheld,
    )
