"""`rateLimitDelete`: take a rate limit away."""

import strawberry

from common.graphql.user_errors import UserError, payload_of
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.limit_types import RateLimit
from subgraphs.gateway.service.limits import LimitService


@strawberry.input(description="A rate limit to take away.")
class RateLimitDeleteInput:
    """Which one."""

    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="What came of deleting a rate limit.")
class RateLimitDeletePayload:
    """What it was, or why not."""

    rate_limit: RateLimit | None = strawberry.field(default=None, description="The limit as it was.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def rate_limit_delete(info: Info, input: RateLimitDeleteInput) -> RateLimitDeletePayload:
    """Take a rate limit away. Needs `limits:write`."""

    async def change() -> RateLimitDeletePayload:
        context = info.context
        async with context.work() as work:
            service = LimitService(work, context.clock, context.parts.settings)
            shown = RateLimit.from_row(await service.delete_rate_limit(input.name))
        return RateLimitDeletePayload(rate_limit=shown)

    return await payload_of(RateLimitDeletePayload, change())
