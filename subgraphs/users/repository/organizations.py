"""Organisations the caller belongs to, and memberships in them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, false, or_, select

from common.access.principal import Principal, PrincipalKind
from common.db.pages import Ascending, CursorCodec, Order, Page, PageRequest, pages_by_key
from common.db.repository import Repository
from subgraphs.users.errors import AlreadyMember, OrganizationSlugTaken
from subgraphs.users.models import Membership, Organization, Role, User, UserStatus

_BY_AGE = Order("joined", Ascending(Membership.created_at), Ascending(Membership.id))


class OrganizationRepository(Repository):
    """Rows of `users.organizations`."""

    async def by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, Organization]:
        """Those of the ids that the caller acts in or belongs to, by id."""
        query = select(Organization).where(Organization.id.in_(ids), _seen_by(principal))
        return {row.id: row for row in await self.session.scalars(query)}

    async def current_locked(self, principal: Principal, id: UUID) -> Organization | None:
        """The organisation the caller acts in, if it is this one; held until the unit of work ends."""
        if id != principal.organisation_id:
            return None
        query = (
            select(Organization)
            .where(Organization.id == id, Organization.deleted_at.is_(None))
            .with_for_update()
        )
        return (await self.session.scalars(query)).one_or_none()

    async def by_id_for_system(self, id: UUID) -> Organization | None:
        """One organisation, whoever asks: for jobs."""
        return await self.session.get(Organization, id)

    async def by_slug_for_system(self, slug: str) -> Organization | None:
        """One organisation by its short name: for jobs."""
        query = select(Organization).where(Organization.slug == slug, Organization.deleted_at.is_(None))
        return (await self.session.scalars(query)).one_or_none()

    async def insert_current(self, organization: Organization) -> None:
        """Add the organisation this unit of work acts in; raises OrganizationSlugTaken."""
        slug = organization.slug
        await self.insert(organization, taken={"uq_organizations_slug": lambda: OrganizationSlugTaken(slug)})

    async def save(self, organization: Organization) -> None:
        """Write changes now; raises OrganizationSlugTaken."""
        slug = organization.slug
        await self.flush(taken={"uq_organizations_slug": lambda: OrganizationSlugTaken(slug)})


class MembershipRepository(Repository):
    """Rows of `users.memberships`."""

    async def by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, Membership]:
        """Those of the ids that the caller may see, by id."""
        query = select(Membership).where(Membership.id.in_(ids), _membership_seen_by(principal))
        return {row.id: row for row in await self.session.scalars(query)}

    async def by_id_locked(self, principal: Principal, id: UUID) -> Membership | None:
        """One membership in the organisation the caller acts in, held until the unit of work ends."""
        query = select(Membership).where(Membership.id == id, _here(principal)).with_for_update()
        return (await self.session.scalars(query)).one_or_none()

    async def of_users(self, principal: Principal, user_ids: Sequence[UUID]) -> dict[UUID, list[Membership]]:
        """What the caller may see of these people's memberships, oldest first, by person."""
        query = (
            select(Membership)
            .where(Membership.user_id.in_(user_ids), _membership_seen_by(principal))
            .order_by(Membership.created_at, Membership.id)
        )
        found: dict[UUID, list[Membership]] = {id: [] for id in user_ids}
        for row in await self.session.scalars(query):
            found[row.user_id].append(row)
        return found

    async def of_user_here(self, principal: Principal, user_id: UUID) -> Membership | None:
        """Somebody's membership in the organisation the caller acts in."""
        query = select(Membership).where(Membership.user_id == user_id, _here(principal))
        return (await self.session.scalars(query)).one_or_none()

    async def of_email_here(self, principal: Principal, email_norm: str) -> Membership | None:
        """The membership of whoever has this folded address, in the organisation the caller acts in."""
        query = (
            select(Membership)
            .join(User, User.id == Membership.user_id)
            .where(User.email_norm == email_norm, User.deleted_at.is_(None), _here(principal))
        )
        return (await self.session.scalars(query)).one_or_none()

    async def pages_by_organization(
        self,
        principal: Principal,
        organization_ids: Sequence[UUID],
        request: PageRequest,
        cursors: CursorCodec,
    ) -> dict[UUID, Page[Membership]]:
        """A page of memberships for each organisation, empty where the caller does not act."""
        return await pages_by_key(
            self.session,
            select(Membership).where(_here(principal)),
            Membership.organization_id,
            organization_ids,
            _BY_AGE,
            request,
            cursors,
        )

    async def owners_of(self, organization_id: UUID) -> dict[UUID, bool]:
        """Who owns the organisation, and whether their account is active.

        Ask after holding the organisation: then nobody changes the answer meanwhile.
        """
        query = (
            select(Membership.user_id, User.status)
            .join(Role, Role.id == Membership.role_id)
            .join(User, User.id == Membership.user_id)
            .where(
                Membership.organization_id == organization_id,
                Role.key == "owner",
                Role.organization_id.is_(None),
                User.deleted_at.is_(None),
            )
        )
        return {id: status == UserStatus.ACTIVE for id, status in await self.session.execute(query)}

    async def organizations_of_for_system(self, user_id: UUID) -> tuple[UUID, ...]:
        """Every organisation a person belongs to: for jobs."""
        query = select(Membership.organization_id).where(Membership.user_id == user_id)
        return tuple(await self.session.scalars(query.order_by(Membership.organization_id)))

    async def insert_here(self, membership: Membership) -> None:
        """Add a membership in the organisation this unit of work acts in; raises AlreadyMember."""
        await self.insert(membership, taken={"uq_memberships_organization_id_user_id": AlreadyMember})

    async def remove(self, membership: Membership) -> None:
        """End a membership."""
        await self.session.delete(membership)
        await self.session.flush()


def _seen_by(principal: Principal) -> ColumnElement[bool]:
    acted_in = Organization.id == principal.organisation_id if principal.organisation_id else false()
    belongs = exists().where(
        Membership.organization_id == Organization.id, Membership.user_id == principal.id
    )
    seen = or_(acted_in, belongs) if principal.kind is PrincipalKind.USER else acted_in
    return seen & Organization.deleted_at.is_(None)


def _here(principal: Principal) -> ColumnElement[bool]:
    if principal.organisation_id is None:
        return false()
    return Membership.organization_id == principal.organisation_id


def _membership_seen_by(principal: Principal) -> ColumnElement[bool]:
    own = Membership.user_id == principal.id if principal.kind is PrincipalKind.USER else false()
    return or_(own, _here(principal))
