"""`userSuspend`: lock a member out."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.users.graphql.info import Info
from subgraphs.users.graphql.types import User
from subgraphs.users.service.people import PeopleService


@strawberry.input(description="Whom to lock out.")
class UserSuspendInput:
    """A member of the current organisation."""

    id: strawberry.ID = strawberry.field(description="The person.")


@strawberry.type(description="What came of it.")
class UserSuspendPayload:
    """The person, or why not."""

    user: User | None = strawberry.field(default=None, description="The person as they are now.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def user_suspend(info: Info, input: UserSuspendInput) -> UserSuspendPayload:
    """Lock a member out."""

    async def change() -> UserSuspendPayload:
        async with info.context.work() as work:
            row = await PeopleService(work, info.context.clock).suspend(local_id(input.id, "User"))
        return UserSuspendPayload(user=User.from_row(row))

    return await payload_of(UserSuspendPayload, change())
