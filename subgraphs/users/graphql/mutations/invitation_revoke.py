"""`invitationRevoke`: take an invitation back."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.users.graphql.info import Info
from subgraphs.users.graphql.types import Invitation
from subgraphs.users.service.invitations import InvitationService


@strawberry.input(description="Which invitation to take back.")
class InvitationRevokeInput:
    """An invitation of the current organisation."""

    id: strawberry.ID = strawberry.field(description="The invitation.")


@strawberry.type(description="What came of taking it back.")
class InvitationRevokePayload:
    """The invitation, or why not."""

    invitation: Invitation | None = strawberry.field(default=None, description="The invitation as it is now.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def invitation_revoke(info: Info, input: InvitationRevokeInput) -> InvitationRevokePayload:
    """Take an invitation back."""
    clock = info.context.clock

    async def change() -> InvitationRevokePayload:
        async with info.context.work() as work:
            service = InvitationService(work, clock, info.context.parts)
            row = await service.revoke(local_id(input.id, "Invitation"))
        return InvitationRevokePayload(invitation=Invitation.from_row(row, clock.now()))

    return await payload_of(InvitationRevokePayload, change())
