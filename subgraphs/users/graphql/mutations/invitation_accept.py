"""`invitationAccept`: join with the token of an invitation mail."""

from contextlib import AbstractAsyncContextManager

import strawberry

from common.access.principal import Principal
from common.db.session import UnitOfWork
from common.graphql.entities import global_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.users.graphql.info import Info
from subgraphs.users.service.acceptance import NewPerson, accept_invitation


@strawberry.input(description="The token of an invitation, and who joins.")
class InvitationAcceptInput:
    """A token; of a new person also a name."""

    token: str = strawberry.field(description="From the invitation mail.")
    name: str | None = strawberry.field(
        default=None, description="How others will see a new person; not needed with an account."
    )
    locale: str = strawberry.field(default="en", description="A new person's language, such as `pt-BR`.")
    timezone: str = strawberry.field(default="UTC", description="A new person's zone: `Europe/Lisbon`.")


@strawberry.type(description="What came of joining.")
class InvitationAcceptPayload:
    """Who joined what, or why not; ids only, for a new person has not signed in yet."""

    user_id: strawberry.ID | None = strawberry.field(default=None, description="Who joined.")
    membership_id: strawberry.ID | None = strawberry.field(default=None, description="The new membership.")
    organization_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where: `tokenRefresh` switches to it."
    )
    is_new_person: bool | None = strawberry.field(
        default=None, description="An account was made, and a mail to set its password is under way."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def invitation_accept(info: Info, input: InvitationAcceptInput) -> InvitationAcceptPayload:
    """Join an organisation."""
    database = info.context.resources.database

    def open_work(principal: Principal) -> AbstractAsyncContextManager[UnitOfWork]:
        return database.unit_of_work(domain="users", principal=principal)

    async def change() -> InvitationAcceptPayload:
        person = (
            None
            if input.name is None
            else NewPerson(name=input.name, locale=input.locale, timezone=input.timezone)
        )
        joined = await accept_invitation(
            open_work, info.context.clock, info.context.principal, input.token, person
        )
        return InvitationAcceptPayload(
            user_id=global_id("User", joined.user.id),
            membership_id=global_id("Membership", joined.membership.id),
            organization_id=global_id("Organization", joined.membership.organization_id),
            is_new_person=joined.is_new_person,
        )

    return await payload_of(InvitationAcceptPayload, change())
