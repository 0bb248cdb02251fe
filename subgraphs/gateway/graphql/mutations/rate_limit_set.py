"""`rateLimitSet`: add a rate limit or change it."""

import strawberry

from common.errors import InvalidInput
from common.graphql.entities import local_id
from common.graphql.scalars import BigInt
from common.graphql.user_errors import UserError, payload_of
from common.limits import rate_limits
from common.limits.rate_limits import LimitRefused
from subgraphs.gateway.graphql.enums import Counting, LimitBy, LimitUnit, Reach, WhenAway
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.limit_types import RateLimit
from subgraphs.gateway.service.authors import Purpose
from subgraphs.gateway.service.limits import LimitService


@strawberry.input(description="A rate limit. One of the same name is changed to it.")
class RateLimitSetInput:
    """How much, of what, for whom."""

    name: str = strawberry.field(description="Lower-case letters, digits and hyphens, at most 40.")
    limit: BigInt = strawberry.field(description="How many units.")
    window_seconds: int = strawberry.field(description="In so many seconds, at most 31 days.")
    by: list[LimitBy] = strawberry.field(
        default_factory=list,
        description="What gets a count of its own, all of it together; empty: there is one count.",
    )
    unit: LimitUnit = strawberry.field(default=LimitUnit.REQUESTS, description="What is counted.")
    counting: Counting = strawberry.field(
        default=Counting.LEASED, description="How router processes share it."
    )
    when_away: WhenAway | None = strawberry.field(
        default=None, description="While nobody can count; null: requests pass, cost is refused."
    )
    operations: list[str] = strawberry.field(
        default_factory=list,
        description="Only operations with these names, or with these root fields (`Mutation.reportCreate`).",
    )
    api_key_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only the holder of this key."
    )
    reach: Reach = strawberry.field(default=Reach.ORGANIZATION, description="For whom it holds.")
    reason: str = strawberry.field(default="", description="Why; it is kept with the limit.")


@strawberry.type(description="What came of setting a rate limit.")
class RateLimitSetPayload:
    """The limit, or why not."""

    rate_limit: RateLimit | None = strawberry.field(default=None, description="The limit.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def rate_limit_set(info: Info, input: RateLimitSetInput) -> RateLimitSetPayload:
    """Add a rate limit or change it; routers enforce it within a second or two. Needs `limits:write`."""

    async def change() -> RateLimitSetPayload:
        context = info.context
        limit = _limit(input)
        async with context.work() as work:
            service = LimitService(work, context.clock, context.parts.settings)
            row = await service.set_rate_limit(limit, input.reach, Purpose(reason=input.reason))
            return RateLimitSetPayload(rate_limit=RateLimit.from_row(row))

    return await payload_of(RateLimitSetPayload, change())


def _limit(input: RateLimitSetInput) -> rate_limits.RateLimit:
    try:
        return rate_limits.RateLimit(
            name=input.name,
            limit=int(input.limit),
            window=input.window_seconds,
            by=tuple(input.by),
            unit=input.unit,
            counting=input.counting,
            when_away=input.when_away,
            operations=tuple(input.operations),
            key_id=None if input.api_key_id is None else local_id(input.api_key_id, "ApiKey"),
        )
    except LimitRefused as refused:
        raise InvalidInput(str(refused), path=("input",)) from refused
