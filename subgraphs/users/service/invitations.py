"""Inviting people and taking invitations back."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from common.access.scopes import require_organisation, require_scope, require_user
from common.clock import Clock
from common.db.pages import CursorCodec, Page, PageRequest
from common.db.session import UnitOfWork
from common.errors import NotFound, require
from common.ids import uuid7
from subgraphs.users.errors import (
    AlreadyMember,
    InvitationAlreadyUsed,
    InvitationPending,
    TooManyInvitations,
)
from subgraphs.users.events import InvitationCreated, InvitationRevoked
from subgraphs.users.models import Invitation, InvitationStatus
from subgraphs.users.policies import may_set_role
from subgraphs.users.repository.invitations import InvitationRepository
from subgraphs.users.repository.organizations import MembershipRepository
from subgraphs.users.repository.roles import RoleRepository
from subgraphs.users.service.email_address import email_address
from subgraphs.users.service.parts import UsersParts

_HOUR = timedelta(hours=1)


class InvitationReading:
    """What may be asked of invitations from inside the organisation."""

    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._invitations = InvitationRepository(work.session)
        self._principal = work.principal
        self._clock = clock

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, Invitation]:
        """Those of the invitations that the caller may see."""
        require_scope(self._principal, "users:read")
        return await self._invitations.by_ids(self._principal, ids)

    async def page(
        self, statuses: Sequence[InvitationStatus] | None, request: PageRequest, cursors: CursorCodec
    ) -> Page[Invitation]:
        """Invitations of the organisation the caller acts in."""
        require_scope(self._principal, "users:read")
        require_organisation(self._principal)
        return await self._invitations.page(self._principal, statuses, self._clock.now(), request, cursors)


class InvitationService:
    """What may be done to invitations from inside the organisation."""

    def __init__(self, work: UnitOfWork, clock: Clock, parts: UsersParts) -> None:
        self._invitations = InvitationRepository(work.session)
        self._memberships = MembershipRepository(work.session)
        self._roles = RoleRepository(work.session)
        self._outbox = work.outbox
        self._principal = work.principal
        self._clock = clock
        self._tokens = parts.tokens
        self._settings = parts.settings

    async def invite(self, email: str, role_id: UUID) -> Invitation:
        """Keep a place for an address; the mail follows from the event."""
        here, inviter = require_organisation(self._principal), require_user(self._principal)
        role = await self._roles.usable(self._principal, role_id)
        if role is None:
            raise NotFound("role", role_id, path=("input", "roleId"))
        wanted = (await self._roles.permissions_of([role_id]))[role_id]
        require(
            may_set_role(self._principal, here, held=frozenset(), wanted=wanted),
            "This needs the permission 'members:write', and all permissions of the role.",
        )
        address = email_address(email)
        if await self._memberships.of_email_here(self._principal, address.folded) is not None:
            raise AlreadyMember
        await self._make_room(address.folded)
        await self._check_pace()
        id, now = uuid7(), self._clock.now()
        invitation = Invitation(
            id=id,
            organization_id=here,
            email=address.text,
            email_norm=address.folded,
            role_id=role_id,
            token_hash=self._tokens.hash_for(id),
            invited_by=inviter,
            expires_at=now + self._settings.invitation_lifetime,
            created_at=now,
        )
        await self._invitations.insert_here(invitation)
        self._outbox.add(InvitationCreated(organisation_id=here, invitation_id=id))
        return invitation

    async def revoke(self, id: UUID) -> Invitation:
        """Take an invitation back."""
        require_scope(self._principal, "members:write")
        here = require_organisation(self._principal)
        invitation = await self._invitations.by_id_locked(self._principal, id)
        if invitation is None:
            raise NotFound("invitation", id, path=("input", "id"))
        if invitation.accepted_at is not None:
            raise InvitationAlreadyUsed
        if invitation.revoked_at is None:
            self._close(invitation)
            self._outbox.add(InvitationRevoked(organisation_id=here, invitation_id=id))
        return invitation

    async def _make_room(self, email_norm: str) -> None:
        """An expired invitation gives way to a new one, a pending one does not."""
        standing = await self._invitations.open_for_locked(self._principal, email_norm)
        if standing is None:
            return
        if standing.status_at(self._clock.now()) is InvitationStatus.PENDING:
            raise InvitationPending
        self._close(standing)
        await self._invitations.flush()

    async def _check_pace(self) -> None:
        """Every invitation is a mail to somebody who did not ask for it: taking one back frees no place."""
        most = self._settings.invitations_per_hour
        if await self._invitations.count_since(self._principal, self._clock.now() - _HOUR) >= most:
            raise TooManyInvitations(most)

    def _close(self, invitation: Invitation) -> None:
        invitation.revoked_at = invitation.updated_at = self._clock.now()


async def forget_ended_invitations_for_system(work: UnitOfWork, clock: Clock, parts: UsersParts) -> int:
    """Delete invitations, and with them addresses, long after they ended; how many."""
    before = clock.now() - parts.settings.invitations_kept
    return await InvitationRepository(work.session).forget_ended_for_system(before)
