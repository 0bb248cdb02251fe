"""Who belongs to an organisation and in which role."""

from collections.abc import Sequence
from uuid import UUID

from common.access.scopes import require_known, require_organisation
from common.clock import Clock
from common.db.pages import CursorCodec, Page, PageRequest
from common.db.session import UnitOfWork
from common.errors import NotFound, require, require_version
from subgraphs.users.events import MembershipChanged, MembershipRevoked
from subgraphs.users.models import Membership
from subgraphs.users.policies import may_read_in, may_read_membership, may_remove_member, may_set_role
from subgraphs.users.repository.organizations import MembershipRepository
from subgraphs.users.repository.roles import RoleRepository
from subgraphs.users.service.ownership import Ownership


class MembershipService:
    """What may be asked of and done to memberships."""

    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._memberships = MembershipRepository(work.session)
        self._roles = RoleRepository(work.session)
        self._ownership = Ownership(work)
        self._outbox = work.outbox
        self._principal = work.principal
        self._clock = clock

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, Membership]:
        """Those of the memberships that the caller may see."""
        require_known(self._principal)
        found = await self._memberships.by_ids(self._principal, ids)
        return {id: row for id, row in found.items() if self._may_read(row)}

    async def of_users(self, user_ids: Sequence[UUID]) -> dict[UUID, list[Membership]]:
        """What the caller may see of people's memberships."""
        require_known(self._principal)
        found = await self._memberships.of_users(self._principal, user_ids)
        return {id: [row for row in rows if self._may_read(row)] for id, rows in found.items()}

    async def pages_by_organization(
        self, organization_ids: Sequence[UUID], request: PageRequest, cursors: CursorCodec
    ) -> dict[UUID, Page[Membership]]:
        """A page of members for each of the organisations that the caller may look into."""
        require_known(self._principal)
        allowed = [id for id in organization_ids if may_read_in(self._principal, id)]
        require(
            bool(allowed) or not organization_ids,
            "Seeing members needs the permission 'users:read' in that organization.",
        )
        return await self._memberships.pages_by_organization(self._principal, allowed, request, cursors)

    async def set_role(self, id: UUID, role_id: UUID, expected_version: int | None) -> Membership:
        """Give a member another role: nobody grants, or takes away, more than they hold."""
        membership = await self._here(id)
        role = await self._roles.usable(self._principal, role_id)
        if role is None:
            raise NotFound("role", role_id, path=("input", "roleId"))
        permissions = await self._roles.permissions_of([membership.role_id, role_id])
        require(
            may_set_role(
                self._principal,
                membership.organization_id,
                held=permissions[membership.role_id],
                wanted=permissions[role_id],
            ),
            "This needs the permission 'members:write', and all permissions of both roles.",
        )
        require_version(expected_version, membership.version)
        if membership.role_id == role_id:
            return membership
        await self._ownership.keep_an_owner_without(membership.user_id)
        membership.role_id = role_id
        membership.version += 1
        membership.updated_at = self._clock.now()
        self._outbox.add(
            MembershipChanged(
                organisation_id=membership.organization_id,
                membership_id=id,
                user_id=membership.user_id,
                role_id=role_id,
            )
        )
        return membership

    async def remove(self, id: UUID) -> Membership:
        """End a membership: one's own, or with `members:write` that of a member who is not stronger."""
        membership = await self._here(id)
        permissions = await self._roles.permissions_of([membership.role_id])
        require(
            may_remove_member(
                self._principal,
                membership.organization_id,
                membership.user_id,
                held=permissions[membership.role_id],
            ),
            "This needs the permission 'members:write', and all permissions of the member's role.",
        )
        await self._ownership.keep_an_owner_without(membership.user_id)
        await self._memberships.remove(membership)
        self._outbox.add(
            MembershipRevoked(
                organisation_id=membership.organization_id, membership_id=id, user_id=membership.user_id
            )
        )
        return membership

    async def _here(self, id: UUID) -> Membership:
        require_organisation(self._principal)
        membership = await self._memberships.by_id_locked(self._principal, id)
        if membership is None:
            raise NotFound("membership", id, path=("input", "id"))
        return membership

    def _may_read(self, row: Membership) -> bool:
        return may_read_membership(self._principal, row.organization_id, row.user_id)
