"""Plan → Fetched: asks the subgraphs, within the deadline of the request."""

import asyncio
from collections.abc import AsyncGenerator

from router.executor.executor import execute as run_plan
from router.executor.subscribe import subscribe as run_subscription
from router.operation.model import OperationKind
from router.pipeline.router import Router
from router.pipeline.values import Planned, Received, Validated
from router.plan.result import Fetched

_unfinished: set[asyncio.Task[Fetched]] = set()
"""The loop holds tasks weakly."""


async def execute(received: Received, validated: Validated, planned: Planned, router: Router) -> Fetched:
    """Everything the plan fetches until the deadline; what is missing then is among the errors.

    When the client leaves, queries are given up; what a mutation has begun is brought to its end.
    """
    clients = router.clients.of(received.snapshot.addresses)
    running = run_plan(planned.plan, validated.variables, clients, received.context)
    if validated.operation.kind is not OperationKind.MUTATION:
        return await running
    task = asyncio.create_task(running)
    _unfinished.add(task)
    task.add_done_callback(_unfinished.discard)
    return await asyncio.shield(task)


def subscribe(
    received: Received, validated: Validated, planned: Planned, router: Router
) -> AsyncGenerator[Fetched, None]:
    """What the plan fetches for each event of its source."""
    return run_subscription(
        planned.plan,
        validated.variables,
        router.clients.of(received.snapshot.addresses),
        received.context,
        event_seconds=router.settings.timeouts.request,
    )
