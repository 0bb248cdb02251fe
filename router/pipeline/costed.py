"""The stage that projects, telling what an answer cost: in place only if costs are of interest."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from router.compiled.running import Running
from router.cost.costs import Costs
from router.operation.model import OperationKind
from router.pipeline.router import Router
from router.pipeline.values import Answer, Planned, Received, Validated
from router.plan.result import Fetched

Project = Callable[[Received, Validated, Planned, Fetched | Running, Router], Awaitable[Answer]]


def costed(project: Project, costs: Costs) -> Project:
    """The same stage; `extensions.cost` has both numbers for whoever may see them."""

    async def telling(
        received: Received, validated: Validated, planned: Planned, fetched: Fetched | Running, router: Router
    ) -> Answer:
        answer = await project(received, validated, planned, fetched, router)
        pricing, estimated = validated.pricing, validated.cost
        if pricing is None or estimated is None:
            return answer
        # Events are shared, whoever asked for them first.
        is_shared = validated.operation.kind is OperationKind.SUBSCRIPTION
        headers = {} if is_shared else received.context.headers
        told = costs.counted(pricing, estimated, answer.data, validated.variables, headers)
        if told is None:
            return answer
        return replace(answer, extensions={**(answer.extensions or {}), "cost": told})

    return telling
