"""Founding and renaming organisations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from common.access.principal import Principal
from common.access.scopes import require_known, require_scope, require_user
from common.clock import Clock
from common.db.session import UnitOfWork
from common.errors import NotFound, require_version
from common.ids import uuid7
from common.texts import clean_name, clean_slug
from subgraphs.users.errors import UserNotActive
from subgraphs.users.events import MembershipGranted, OrganizationCreated, OrganizationUpdated
from subgraphs.users.models import Membership, Organization, UserStatus
from subgraphs.users.repository.organizations import MembershipRepository, OrganizationRepository
from subgraphs.users.repository.people import PeopleRepository
from subgraphs.users.repository.roles import RoleRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationChange:
    """What becomes different about an organisation; None leaves a part as it is."""

    name: str | None = None
    slug: str | None = None


def founding(principal: Principal) -> Principal:
    """The same person, acting in an organisation that does not exist yet and where they may nothing yet.

    Row-level security lets rows be written only in the organisation acted in: so the founder acts in it.
    """
    require_user(principal)
    return replace(principal, organisation_id=uuid7(), scopes=frozenset())


class OrganizationService:
    """What may be asked of and done to organisations."""

    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._organizations = OrganizationRepository(work.session)
        self._memberships = MembershipRepository(work.session)
        self._people = PeopleRepository(work.session)
        self._roles = RoleRepository(work.session)
        self._outbox = work.outbox
        self._principal = work.principal
        self._clock = clock

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, Organization]:
        """Those of the organisations that the caller acts in or belongs to."""
        require_known(self._principal)
        return await self._organizations.by_ids(self._principal, ids)

    async def found(self, name: str, slug: str) -> Organization:
        """Create the organisation that this unit of work acts in (see `founding`); the caller owns it."""
        user_id = require_user(self._principal)
        assert self._principal.organisation_id is not None
        founder = (await self._people.by_ids(self._principal, [user_id])).get(user_id)
        if founder is None or founder.status != UserStatus.ACTIVE:
            raise UserNotActive
        organization = Organization(
            id=self._principal.organisation_id, name=clean_name(name), slug=clean_slug(slug)
        )
        await self._organizations.insert_current(organization)
        owner = await self._roles.system_role("owner")
        membership = Membership(organization_id=organization.id, user_id=user_id, role_id=owner.id)
        await self._memberships.insert_here(membership)
        self._outbox.add(OrganizationCreated(organisation_id=organization.id, owner_id=user_id))
        self._outbox.add(
            MembershipGranted(
                organisation_id=organization.id,
                membership_id=membership.id,
                user_id=user_id,
                role_id=owner.id,
            )
        )
        return organization

    async def update(
        self, id: UUID, change: OrganizationChange, expected_version: int | None
    ) -> Organization:
        """Rename the organisation the caller acts in."""
        require_scope(self._principal, "organization:write")
        organization = await self._organizations.current_locked(self._principal, id)
        if organization is None:
            raise NotFound("organization", id, path=("input", "id"))
        require_version(expected_version, organization.version)
        wanted = {
            "name": None if change.name is None else clean_name(change.name),
            "slug": None if change.slug is None else clean_slug(change.slug),
        }
        changed = tuple(
            field
            for field, value in wanted.items()
            if value is not None and getattr(organization, field) != value
        )
        if changed:
            for field in changed:
                setattr(organization, field, wanted[field])
            organization.version += 1
            organization.updated_at = self._clock.now()
            await self._organizations.save(organization)
            self._outbox.add(
                OrganizationUpdated(organisation_id=id, changed=changed, revision=organization.version)
            )
        return organization
