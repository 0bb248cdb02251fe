"""Invitations of the organisation the caller acts in, and the one door for a token's bearer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, false, func, or_, select, text

from common.access.principal import Principal
from common.db.pages import CursorCodec, Descending, Order, Page, PageRequest, page_of
from common.db.repository import Repository
from subgraphs.users.errors import InvitationPending
from subgraphs.users.models import Invitation, InvitationStatus

_BY_NEWEST = Order("newest", Descending(Invitation.created_at), Descending(Invitation.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationDoor:
    """Where a token leads: enough to act in the right organisation as the right person, no more."""

    invitation_id: UUID
    organisation_id: UUID
    user_id: UUID | None


class InvitationRepository(Repository):
    """Rows of `users.invitations`."""

    async def by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, Invitation]:
        """Those of the ids that belong to the organisation the caller acts in, by id."""
        query = select(Invitation).where(Invitation.id.in_(ids), _here(principal))
        return {row.id: row for row in await self.session.scalars(query)}

    async def by_id_locked(self, principal: Principal, id: UUID) -> Invitation | None:
        """One invitation of this organisation, held until the unit of work ends."""
        query = select(Invitation).where(Invitation.id == id, _here(principal)).with_for_update()
        return (await self.session.scalars(query)).one_or_none()

    async def open_for_locked(self, principal: Principal, email_norm: str) -> Invitation | None:
        """The invitation that is neither accepted nor revoked for a folded address, perhaps expired."""
        query = (
            select(Invitation)
            .where(
                Invitation.email_norm == email_norm,
                Invitation.accepted_at.is_(None),
                Invitation.revoked_at.is_(None),
                _here(principal),
            )
            .with_for_update()
        )
        return (await self.session.scalars(query)).one_or_none()

    async def page(
        self,
        principal: Principal,
        statuses: Sequence[InvitationStatus] | None,
        now: datetime,
        request: PageRequest,
        cursors: CursorCodec,
    ) -> Page[Invitation]:
        """Invitations of this organisation, newest first."""
        query = select(Invitation).where(_here(principal))
        if statuses is not None:
            query = query.where(or_(false(), *(_has_status(status, now) for status in statuses)))
        return await page_of(self.session, query, _BY_NEWEST, request, cursors)

    async def count_since(self, principal: Principal, moment: datetime) -> int:
        """How many invitations this organisation has made since then."""
        made = select(func.count()).where(Invitation.created_at >= moment, _here(principal))
        return (await self.session.execute(made)).scalar_one()

    async def insert_here(self, invitation: Invitation) -> None:
        """Add an invitation to this organisation; raises InvitationPending."""
        await self.insert(invitation, taken={"uq_invitations_pending": InvitationPending})

    async def door_for_system(self, token_hash: bytes) -> InvitationDoor | None:
        """Where a token leads, before it is known who brings it."""
        query = text("select id, organization_id, user_id from users.invitation_for_token(:hash)")
        row = (await self.session.execute(query, {"hash": token_hash})).one_or_none()
        if row is None:
            return None
        return InvitationDoor(invitation_id=row.id, organisation_id=row.organization_id, user_id=row.user_id)

    async def forget_ended_for_system(self, before: datetime) -> int:
        """Delete what was accepted, was revoked or ran out before a moment; how many these were."""
        ended = func.coalesce(Invitation.accepted_at, Invitation.revoked_at, Invitation.expires_at)
        gone = await self.session.execute(delete(Invitation).where(ended < before).returning(Invitation.id))
        return len(gone.all())

    async def by_id_for_system(self, id: UUID) -> Invitation | None:
        """One invitation, whoever asks: for jobs."""
        return await self.session.get(Invitation, id)


def _here(principal: Principal) -> ColumnElement[bool]:
    if principal.organisation_id is None:
        return false()
    return Invitation.organization_id == principal.organisation_id


def _has_status(status: InvitationStatus, now: datetime) -> ColumnElement[bool]:
    still_open = and_(Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
    match status:
        case InvitationStatus.ACCEPTED:
            return Invitation.accepted_at.is_not(None)
        case InvitationStatus.REVOKED:
            return Invitation.revoked_at.is_not(None)
        case InvitationStatus.PENDING:
            return and_(still_open, Invitation.expires_at > now)
        case InvitationStatus.EXPIRED:
            return and_(still_open, Invitation.expires_at <= now)
