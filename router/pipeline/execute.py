"""Plan → Fetched: asks the subgraphs, within the deadline of the request."""

import asyncio
from collections.abc import AsyncIterator

from router.errors import RequestTimeout
from router.executor.executor import execute as run_plan
from router.executor.subscribe import subscribe as run_subscription
from router.pipeline.router import Router
from router.pipeline.values import Planned, Received, Validated
from router.plan.result import Fetched


async def execute(received: Received, validated: Validated, planned: Planned, router: Router) -> Fetched:
    """Everything the plan fetches; raises RequestTimeout."""
    clients = router.clients.of(received.snapshot.addresses)
    try:
        async with asyncio.timeout_at(received.context.deadline):
            return await run_plan(planned.plan, validated.variables, clients, received.context)
    except TimeoutError as cause:
        raise RequestTimeout(router.settings.timeouts.request) from cause


def subscribe(
    received: Received, validated: Validated, planned: Planned, router: Router
) -> AsyncIterator[Fetched]:
    """What the plan fetches for each event of its source."""
    clients = router.clients.of(received.snapshot.addresses)
    return run_subscription(planned.plan, validated.variables, clients, received.context)
