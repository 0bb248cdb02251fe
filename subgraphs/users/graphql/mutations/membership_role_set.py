"""`membershipRoleSet`: give a member another role."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.users.graphql.info import Info
from subgraphs.users.graphql.types import Membership
from subgraphs.users.service.memberships import MembershipService


@strawberry.input(description="Who becomes what.")
class MembershipRoleSetInput:
    """A membership in the current organisation, and a role."""

    id: strawberry.ID = strawberry.field(description="The membership.")
    role_id: strawberry.ID = strawberry.field(description="The new role.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse if the membership has another version by now."
    )


@strawberry.type(description="What came of setting the role.")
class MembershipRoleSetPayload:
    """The membership, or why not."""

    membership: Membership | None = strawberry.field(default=None, description="The membership as it is now.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def membership_role_set(info: Info, input: MembershipRoleSetInput) -> MembershipRoleSetPayload:
    """Give a member another role."""

    async def change() -> MembershipRoleSetPayload:
        id, role_id = local_id(input.id, "Membership"), local_id(input.role_id, "Role")
        async with info.context.work() as work:
            service = MembershipService(work, info.context.clock)
            row = await service.set_role(id, role_id, input.expected_version)
        return MembershipRoleSetPayload(membership=Membership.from_row(row))

    return await payload_of(MembershipRoleSetPayload, change())
