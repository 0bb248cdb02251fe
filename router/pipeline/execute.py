"""Plan → what was fetched: asks the subgraphs, within the deadline of the request."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

from router.compiled.program import Program
from router.compiled.running import Running, Surroundings
from router.executor.executor import execute as run_plan
from router.executor.in_parts import Progress
from router.executor.in_parts import execute_in_parts as run_in_parts
from router.operation.model import OperationKind
from router.pipeline.compiling import make_soon
from router.pipeline.router import Router
from router.pipeline.subgraphs import clients_of
from router.pipeline.values import Planned, Received, Validated
from router.plan.result import Fetched

Result = TypeVar("Result")

_unfinished: set[asyncio.Task[Any]] = set()
"""The loop holds tasks weakly."""


async def execute(
    received: Received, validated: Validated, planned: Planned, router: Router
) -> Fetched | Running:
    """Everything the plan fetches until the deadline; what is missing then is among the errors.

    A Running still has the answers apart, for its own projection. When the client leaves, queries are given
    up; what a mutation has begun is brought to its end.
    """
    clients = clients_of(received.snapshot, router)
    if received.record is not None:
        clients = received.record.watching(clients)
    program = _program(received, validated, planned, router)
    if program is None:
        router.counts.interpreted += 1
        return await _brought_to_end(
            run_plan(planned.plan, validated.variables, clients, received.context), validated
        )
    surroundings = Surroundings(
        prepared=planned.plan, variables=validated.variables, clients=clients, context=received.context
    )
    running = Running(program, surroundings)
    fetched = await _brought_to_end(running.fetch(), validated)
    if fetched is None:
        return running
    router.counts.take_over(running.reason, running.repeated)
    return fetched


def _brought_to_end(
    running: Coroutine[Any, Any, Result], validated: Validated
) -> Coroutine[Any, Any, Result]:
    return running if validated.operation.kind is not OperationKind.MUTATION else _shielded(running)


async def _shielded(running: Coroutine[Any, Any, Result]) -> Result:
    task = asyncio.create_task(running)
    _unfinished.add(task)
    task.add_done_callback(_unfinished.discard)
    return await asyncio.shield(task)


def _program(received: Received, validated: Validated, planned: Planned, router: Router) -> Program | None:
    """The plan's program; made beside the loop when the plan turns out to be used again."""
    programs = planned.programs
    if programs is None:
        return None
    outcome = programs.outcome(validated.variables)
    program = programs.get(outcome)
    if program is None and programs.is_wanted(outcome):
        make_soon(programs, outcome, received.snapshot, router)
    return program


def execute_in_parts(
    received: Received, validated: Validated, planned: Planned, router: Router
) -> AsyncGenerator[Progress, None]:
    """Tells whenever the first part, or what was deferred, is fetched."""
    assert planned.parts is not None
    router.counts.interpreted += 1
    clients = clients_of(received.snapshot, router)
    if received.record is not None:
        clients = received.record.watching(clients)
    return run_in_parts(
        planned.plan,
        planned.parts.operation.deferrals,
        validated.variables,
        clients,
        received.context,
    )
