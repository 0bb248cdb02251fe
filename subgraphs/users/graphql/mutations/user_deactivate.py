"""`userDeactivate`: close one's own account."""

import strawberry

from common.graphql.user_errors import UserError, payload_of
from subgraphs.users.graphql.info import Info
from subgraphs.users.graphql.types import User
from subgraphs.users.service.people import PeopleService


@strawberry.type(description="What came of closing the account.")
class UserDeactivatePayload:
    """Oneself, or why not."""

    user: User | None = strawberry.field(default=None, description="Oneself as one is now.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def user_deactivate(info: Info) -> UserDeactivatePayload:
    """Close one's own account."""

    async def change() -> UserDeactivatePayload:
        async with info.context.work() as work:
            row = await PeopleService(work, info.context.clock).deactivate_self()
        return UserDeactivatePayload(user=User.from_row(row))

    return await payload_of(UserDeactivatePayload, change())
