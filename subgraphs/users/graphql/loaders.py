"""Rows by key, many keys in one statement; what the caller may not see is not found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from common.db.pages import Page, PageRequest
from common.db.session import UnitOfWork
from common.graphql.loaders import GroupedLoader, KeyedLoader
from subgraphs.users import models
from subgraphs.users.service.invitations import InvitationReading
from subgraphs.users.service.memberships import MembershipService
from subgraphs.users.service.organizations import OrganizationService
from subgraphs.users.service.people import PeopleService
from subgraphs.users.service.roles import RoleService


class UsersById(KeyedLoader[UUID, models.User]):
    """A person."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.User]:
        """One statement."""
        return await PeopleService(work, self.context.clock).by_ids(keys)


class OrganizationsById(KeyedLoader[UUID, models.Organization]):
    """An organisation."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Organization]:
        """One statement."""
        return await OrganizationService(work, self.context.clock).by_ids(keys)


class MembershipsById(KeyedLoader[UUID, models.Membership]):
    """A membership."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Membership]:
        """One statement."""
        return await MembershipService(work, self.context.clock).by_ids(keys)


class MembershipsByUserId(GroupedLoader[UUID, models.Membership]):
    """What the caller may see of a person's memberships."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[models.Membership]]:
        """One statement."""
        return await MembershipService(work, self.context.clock).of_users(keys)


class RolesById(KeyedLoader[UUID, models.Role]):
    """A role."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Role]:
        """One statement."""
        return await RoleService(work, self.context.clock).by_ids(keys)


class PermissionsByRoleId(GroupedLoader[UUID, str]):
    """The names of what a role permits, sorted."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, Sequence[str]]:
        """One statement."""
        found = await RoleService(work, self.context.clock).permissions_of(keys)
        return {id: sorted(names) for id, names in found.items()}


class InvitationsById(KeyedLoader[UUID, models.Invitation]):
    """An invitation."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Invitation]:
        """One statement."""
        return await InvitationReading(work, self.context.clock).by_ids(keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersOf:
    """Which page of which organisation's members."""

    organization_id: UUID
    page: PageRequest


class MemberPages(KeyedLoader[MembersOf, Page[models.Membership]]):
    """A page of an organisation's members."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[MembersOf]
    ) -> Mapping[MembersOf, Page[models.Membership]]:
        """One statement for each kind of page that is asked for, mostly one."""
        service = MembershipService(work, self.context.clock)
        found: dict[MembersOf, Page[models.Membership]] = {}
        for page in dict.fromkeys(key.page for key in keys):
            ids = [key.organization_id for key in keys if key.page == page]
            pages = await service.pages_by_organization(ids, page, self.context.cursors)
            found |= {MembersOf(organization_id=id, page=page): rows for id, rows in pages.items()}
        return found
