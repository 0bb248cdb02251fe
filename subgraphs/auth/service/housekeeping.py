"""What auth forgets after a while."""

from dataclasses import dataclass
from datetime import timedelta

from common.clock import Clock
from common.db.session import UnitOfWork
from subgraphs.auth.repository.passwords import PasswordRepository
from subgraphs.auth.repository.revocations import RevocationRepository
from subgraphs.auth.repository.sessions import SessionRepository
from subgraphs.auth.repository.throttle import ThrottleRepository

ENDED_SESSIONS_KEPT = timedelta(days=30)
ENDED_TOKENS_KEPT = timedelta(days=1)
REVOCATIONS_KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How many rows went."""

    sessions: int
    refresh_tokens: int
    one_time_tokens: int


async def forget_expired(work: UnitOfWork, clock: Clock) -> Forgotten:
    """Delete sessions that ended a month ago, and tokens and links that expired yesterday."""
    now = clock.now()
    sessions = SessionRepository(work.session)
    return Forgotten(
        sessions=await sessions.delete_ended_for_system(now - ENDED_SESSIONS_KEPT),
        refresh_tokens=await sessions.delete_tokens_for_system(now - ENDED_TOKENS_KEPT),
        one_time_tokens=await PasswordRepository(work.session).delete_tokens_for_system(
            now - ENDED_TOKENS_KEPT
        ),
    )


async def forget_attempts(work: UnitOfWork, clock: Clock) -> int:
    """Delete throttle windows that are over and revocations that no cache can contradict any more."""
    now = clock.now()
    windows = await ThrottleRepository(work.session).delete_ended_for_system(now)
    return windows + await RevocationRepository(work.session).delete_old_for_system(now - REVOCATIONS_KEPT)
