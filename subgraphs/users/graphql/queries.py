"""Root queries of the users domain."""

import strawberry

from common.access.principal import PrincipalKind
from common.access.scopes import require_known, require_organisation
from common.graphql.connections import After, Connection, First, connection_of, page_request
from common.graphql.entities import local_id_or_none
from subgraphs.users.graphql.enums import PeopleOrder
from subgraphs.users.graphql.info import Info
from subgraphs.users.graphql.inputs import InvitationFilter, UserFilter, people_filter
from subgraphs.users.graphql.loaders import OrganizationsById, UsersById
from subgraphs.users.graphql.types import Invitation, Organization, Permission, Role, User, permissions_of
from subgraphs.users.policies import PERMISSIONS
from subgraphs.users.repository.people import order_of
from subgraphs.users.service.invitations import InvitationReading
from subgraphs.users.service.people import PeopleService
from subgraphs.users.service.roles import RoleService


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def viewer(self, info: Info) -> User | None:
        """The person who asks; null for applications and strangers."""
        principal = info.context.principal
        if principal.kind is not PrincipalKind.USER or principal.id is None:
            return None
        row = await info.context.load(UsersById, principal.id)
        return None if row is None else User.from_row(row)

    @strawberry.field
    async def user(self, info: Info, id: strawberry.ID) -> User | None:
        """A person: oneself, or with `users:read` a member of the current organization."""
        require_known(info.context.principal)
        user_id = local_id_or_none(id, "User")
        return None if user_id is None else await User.seen(info, user_id)

    @strawberry.field
    async def users(
        self,
        info: Info,
        filter: UserFilter | None = None,
        order_by: list[PeopleOrder] | None = None,
        first: First = None,
        after: After = None,
    ) -> Connection[User] | None:
        """Members of the current organization. Needs `users:read`."""
        request, wanted = page_request(info, first=first, after=after), people_filter(filter)
        async with info.context.work() as work:
            service = PeopleService(work, info.context.clock)
            page = await service.page(wanted, order_of(order_by or ()), request, info.context.cursors)
        return connection_of(page, User.from_row)

    @strawberry.field
    async def organization(self, info: Info, id: strawberry.ID | None = None) -> Organization | None:
        """An organization one belongs to; the current one, if no id is given."""
        principal = info.context.principal
        require_known(principal)
        wanted = require_organisation(principal) if id is None else local_id_or_none(id, "Organization")
        row = None if wanted is None else await info.context.load(OrganizationsById, wanted)
        return None if row is None else Organization.from_row(row)

    @strawberry.field
    async def roles(self, info: Info, first: First = None, after: After = None) -> Connection[Role] | None:
        """System roles, then the current organization's own, oldest first. Needs `users:read`."""
        request = page_request(info, first=first, after=after)
        async with info.context.work() as work:
            page = await RoleService(work, info.context.clock).page(request, info.context.cursors)
        return connection_of(page, Role.from_row)

    @strawberry.field
    def permissions(self) -> list[Permission]:
        """Everything that a role can permit, by name."""
        return permissions_of(PERMISSIONS)

    @strawberry.field
    async def invitations(
        self,
        info: Info,
        filter: InvitationFilter | None = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Invitation] | None:
        """Invitations of the current organization, the newest first. Needs `users:read`."""
        request = page_request(info, first=first, after=after)
        statuses = None if filter is None else filter.status
        now = info.context.clock.now()
        async with info.context.work() as work:
            service = InvitationReading(work, info.context.clock)
            page = await service.page(statuses, request, info.context.cursors)
        return connection_of(page, lambda row: Invitation.from_row(row, now))
