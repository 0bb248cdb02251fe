"""`membershipInvite`: keep a place in the organisation for an address."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.users.graphql.info import Info
from subgraphs.users.graphql.types import Invitation
from subgraphs.users.service.invitations import InvitationService


@strawberry.input(description="Whom to invite, and as what.")
class MembershipInviteInput:
    """An address and a role."""

    email: str = strawberry.field(description="The address the invitation is mailed to.")
    role_id: strawberry.ID = strawberry.field(description="The role, not stronger than oneself.")


@strawberry.type(description="What came of inviting.")
class MembershipInvitePayload:
    """The invitation, or why not. Its token goes out by mail and nowhere else."""

    invitation: Invitation | None = strawberry.field(default=None, description="The new invitation.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def membership_invite(info: Info, input: MembershipInviteInput) -> MembershipInvitePayload:
    """Invite an address."""
    clock = info.context.clock

    async def change() -> MembershipInvitePayload:
        role_id = local_id(input.role_id, "Role")
        async with info.context.work() as work:
            service = InvitationService(work, clock, info.context.parts)
            row = await service.invite(input.email, role_id)
        return MembershipInvitePayload(invitation=Invitation.from_row(row, clock.now()))

    return await payload_of(MembershipInvitePayload, change())
