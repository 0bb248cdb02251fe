"""Ending sessions and keys so that everybody hears of it: rows, revocation feed, events."""

from collections.abc import Sequence
from datetime import datetime

from common.db.session import UnitOfWork
from subgraphs.auth.events import ApiKeyRevoked, RevokeReason, SessionRevoked
from subgraphs.auth.models import ApiKey, Session
from subgraphs.auth.repository.revocations import API_KEY, SESSION, RevocationRepository
from subgraphs.auth.repository.sessions import SessionRepository


async def end_sessions(
    work: UnitOfWork, sessions: Sequence[Session], reason: RevokeReason, now: datetime
) -> None:
    """Revoke live sessions with their refresh families; their access tokens die with them."""
    if not sessions:
        return
    await SessionRepository(work.session).end(sessions, reason, now)
    await RevocationRepository(work.session).record(SESSION, [session.id for session in sessions], now)
    for session in sessions:
        work.outbox.add(
            SessionRevoked(
                organisation_id=session.organization_id,
                session_id=session.id,
                user_id=session.user_id,
                reason=reason,
            )
        )


async def announce_revoked_keys(
    work: UnitOfWork, keys: Sequence[ApiKey], reason: RevokeReason, *, revoked_at: datetime, now: datetime
) -> None:
    """Tell that keys open nothing from `revoked_at` on."""
    await RevocationRepository(work.session).record(API_KEY, [key.id for key in keys], now)
    for key in keys:
        work.outbox.add(
            ApiKeyRevoked(
                organisation_id=key.organization_id,
                api_key_id=key.id,
                application_id=key.application_id,
                reason=reason,
                revoked_at=revoked_at,
            )
        )
