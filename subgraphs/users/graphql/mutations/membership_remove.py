"""`membershipRemove`: leave, or remove a member."""

import strawberry

from common.graphql.entities import global_id, local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.users.graphql.info import Info
from subgraphs.users.service.memberships import MembershipService


@strawberry.input(description="Which membership ends.")
class MembershipRemoveInput:
    """A membership in the current organisation."""

    id: strawberry.ID = strawberry.field(description="The membership.")


@strawberry.type(description="What came of ending the membership.")
class MembershipRemovePayload:
    """The id of what is gone, or why not."""

    membership_id: strawberry.ID | None = strawberry.field(default=None, description="The ended membership.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def membership_remove(info: Info, input: MembershipRemoveInput) -> MembershipRemovePayload:
    """End a membership."""

    async def change() -> MembershipRemovePayload:
        async with info.context.work() as work:
            service = MembershipService(work, info.context.clock)
            row = await service.remove(local_id(input.id, "Membership"))
        return MembershipRemovePayload(membership_id=global_id("Membership", row.id))

    return await payload_of(MembershipRemovePayload, change())
