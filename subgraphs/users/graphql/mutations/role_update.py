"""`roleUpdate`: change a role of the current organisation."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.given import given
from common.graphql.user_errors import UserError, payload_of
from subgraphs.users.graphql.info import Info
from subgraphs.users.graphql.types import Role
from subgraphs.users.service.roles import RoleChange, RoleService


@strawberry.input(description="A changed role; parts that are left out stay as they are.")
class RoleUpdateInput:
    """Which role, and what becomes different."""

    id: strawberry.ID = strawberry.field(description="A role of the current organization's own.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse if the role has another version by now."
    )
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Full name.")
    description: str | None = strawberry.field(default=strawberry.UNSET, description="What the role is for.")
    permissions: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="All that it permits, by name; only what you have."
    )


@strawberry.type(description="What came of changing the role.")
class RoleUpdatePayload:
    """The role, or why not."""

    role: Role | None = strawberry.field(default=None, description="The role as it is now.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def role_update(info: Info, input: RoleUpdateInput) -> RoleUpdatePayload:
    """Change a role."""

    async def change() -> RoleUpdatePayload:
        permissions = given(input.permissions, "permissions")
        wanted = RoleChange(
            name=given(input.name, "name"),
            description=given(input.description, "description"),
            permissions=None if permissions is None else frozenset(permissions),
        )
        async with info.context.work() as work:
            service = RoleService(work, info.context.clock)
            row = await service.update(local_id(input.id, "Role"), wanted, input.expected_version)
        return RoleUpdatePayload(role=Role.from_row(row))

    return await payload_of(RoleUpdatePayload, change())
