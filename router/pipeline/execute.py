"""Plan → Fetched: asks the subgraphs, within the deadline of the request."""

from collections.abc import AsyncGenerator

from router.executor.executor import execute as run_plan
from router.executor.subscribe import subscribe as run_subscription
from router.pipeline.router import Router
from router.pipeline.values import Planned, Received, Validated
from router.plan.result import Fetched


async def execute(received: Received, validated: Validated, planned: Planned, router: Router) -> Fetched:
    """Everything the plan fetches until the deadline; what is missing then is among the errors."""
    clients = router.clients.of(received.snapshot.addresses)
    return await run_plan(planned.plan, validated.variables, clients, received.context)


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
