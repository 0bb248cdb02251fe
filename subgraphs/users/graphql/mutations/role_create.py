"""`roleCreate`: add a role to the current organisation."""

import strawberry

from common.graphql.user_errors import UserError, payload_of
from subgraphs.users.graphql.info import Info
from subgraphs.users.graphql.types import Role
from subgraphs.users.service.roles import RoleService


@strawberry.input(description="A new role.")
class RoleCreateInput:
    """What it is called and permits."""

    key: str = strawberry.field(description="Short unique name: a lower-case word.")
    name: str = strawberry.field(description="Full name.")
    description: str = strawberry.field(default="", description="What the role is for.")
    permissions: list[str] = strawberry.field(description="Names from `permissions`; only ones you have.")


@strawberry.type(description="What came of adding a role.")
class RoleCreatePayload:
    """The role, or why not."""

    role: Role | None = strawberry.field(default=None, description="The new role.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def role_create(info: Info, input: RoleCreateInput) -> RoleCreatePayload:
    """Add a role."""

    async def change() -> RoleCreatePayload:
        async with info.context.work() as work:
            service = RoleService(work, info.context.clock)
            row = await service.create(input.key, input.name, input.description, input.permissions)
        return RoleCreatePayload(role=Role.from_row(row))

    return await payload_of(RoleCreatePayload, change())
