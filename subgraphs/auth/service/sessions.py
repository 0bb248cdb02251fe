"""Seeing and ending sessions."""

from uuid import UUID

from common.access.scopes import require_user
from common.clock import Clock
from common.db.session import UnitOfWork
from subgraphs.auth.errors import SessionNotFound
from subgraphs.auth.events import RevokeReason
from subgraphs.auth.models import Session
from subgraphs.auth.policies import may_end_session
from subgraphs.auth.repository.sessions import SessionRepository
from subgraphs.auth.service.endings import end_sessions


class SessionService:
    """Works on behalf of the unit of work's principal."""

    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._work = work
        self._sessions = SessionRepository(work.session)
        self._clock = clock
        self._principal = work.principal

    async def revoke(self, id: UUID, reason: RevokeReason = RevokeReason.REVOKED) -> Session:
        """End a session; one that has ended stays as it is. Raises SessionNotFound."""
        session = await self._sessions.by_id_locked(self._principal, id)
        if session is None or not may_end_session(self._principal, session):
            raise SessionNotFound
        now = self._clock.now()
        if session.is_live(now):
            await end_sessions(self._work, [session], reason, now)
        return session

    async def revoke_all(
        self, *, keep: UUID | None, reason: RevokeReason = RevokeReason.REVOKED
    ) -> tuple[Session, ...]:
        """End all sessions of the person who asks, except the one to keep."""
        now = self._clock.now()
        live = await self._sessions.live_of_user_locked(require_user(self._principal), now)
        ended = tuple(session for session in live if session.id != keep)
        await end_sessions(self._work, ended, reason, now)
        return ended
