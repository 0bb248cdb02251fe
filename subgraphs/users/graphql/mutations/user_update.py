"""`userUpdate`: change a profile."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.given import given
from common.graphql.user_errors import UserError, payload_of
from subgraphs.users.graphql.info import Info
from subgraphs.users.graphql.types import User
from subgraphs.users.service.people import PeopleService, ProfileChange


@strawberry.input(description="A changed profile; parts that are left out stay as they are.")
class UserUpdateInput:
    """Whose profile, and what becomes different."""

    id: strawberry.ID = strawberry.field(description="Whose profile.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse if the profile has another version by now."
    )
    name: str | None = strawberry.field(default=strawberry.UNSET, description="The name others see.")
    locale: str | None = strawberry.field(default=strawberry.UNSET, description="A tag such as `pt-BR`.")
    timezone: str | None = strawberry.field(
        default=strawberry.UNSET, description="A name such as `Europe/Lisbon`."
    )


@strawberry.type(description="What came of changing a profile.")
class UserUpdatePayload:
    """The changed person, or why not."""

    user: User | None = strawberry.field(default=None, description="The person as they are now.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def user_update(info: Info, input: UserUpdateInput) -> UserUpdatePayload:
    """Change a profile."""

    async def change() -> UserUpdatePayload:
        wanted = ProfileChange(
            name=given(input.name, "name"),
            locale=given(input.locale, "locale"),
            timezone=given(input.timezone, "timezone"),
        )
        async with info.context.work() as work:
            service = PeopleService(work, info.context.clock)
            row = await service.update(local_id(input.id, "User"), wanted, input.expected_version)
        return UserUpdatePayload(user=User.from_row(row))

    return await payload_of(UserUpdatePayload, change())
