"""What happens here when somebody or something leaves or may do less: sessions end and keys die.

A key belongs to an application, but whoever made it has seen its text: who is locked out or leaves keeps no
way in. An application that needs to go on gets a key from somebody who stays.
"""

from datetime import datetime
from uuid import UUID

from common.clock import Clock
from common.db.session import UnitOfWork
from subgraphs.auth.events import RevokeReason
from subgraphs.auth.repository.api_keys import ApiKeyRepository
from subgraphs.auth.repository.passwords import PasswordRepository
from subgraphs.auth.repository.sessions import SessionRepository
from subgraphs.auth.service.endings import announce_revoked_keys, end_sessions
from subgraphs.auth.service.grants import scopes_held
from subgraphs.auth.service.parts import AuthParts


async def lock_out(work: UnitOfWork, clock: Clock, user_id: UUID, reason: RevokeReason) -> None:
    """Somebody may not come in any more: sessions and links end, keys they made die, everywhere."""
    now = clock.now()
    await PasswordRepository(work.session).void_tokens(user_id, now)
    live = await SessionRepository(work.session).live_of_user_locked(user_id, now)
    await end_sessions(work, live, reason, now)
    await _kill_keys(work, user_id, None, reason, now)


async def leave_organisation(work: UnitOfWork, clock: Clock, user_id: UUID, organisation_id: UUID) -> None:
    """Somebody left one organisation: sessions that acted there end, keys they made there die."""
    now, reason = clock.now(), RevokeReason.MEMBERSHIP_REVOKED
    sessions = SessionRepository(work.session)
    acted_there = await sessions.live_in_organisation_for_system(user_id, organisation_id, now)
    await end_sessions(work, acted_there, reason, now)
    await _kill_keys(work, user_id, organisation_id, reason, now)


async def take_back_keys(work: UnitOfWork, parts: AuthParts, user_id: UUID, organisation_id: UUID) -> None:
    """Somebody's role in one organisation changed: keys they made there that may do more than they die.

    What they hold is asked, not read from the event: it may be old news by now.
    """
    now, reason = parts.clock.now(), RevokeReason.ROLE_CHANGED
    held = await scopes_held(parts, user_id, organisation_id)
    killed = await ApiKeyRepository(work.session).revoke_beyond_for_system(
        user_id, organisation_id, held, reason, now
    )
    await announce_revoked_keys(work, killed, reason, revoked_at=now, now=now)


async def take_back_keys_of_all(work: UnitOfWork, parts: AuthParts, organisation_id: UUID) -> None:
    """A role of the organisation changed: the same for everybody who made a key that lives."""
    for user_id in await ApiKeyRepository(work.session).makers_for_system(organisation_id):
        await take_back_keys(work, parts, user_id, organisation_id)


async def retire_application(
    work: UnitOfWork, clock: Clock, organisation_id: UUID, application_id: UUID
) -> None:
    """An application is no longer in use: its keys die."""
    now, reason = clock.now(), RevokeReason.APPLICATION_ARCHIVED
    killed = await ApiKeyRepository(work.session).revoke_of_application_for_system(
        organisation_id, application_id, reason, now
    )
    await announce_revoked_keys(work, killed, reason, revoked_at=now, now=now)


async def _kill_keys(
    work: UnitOfWork, user_id: UUID, organisation_id: UUID | None, reason: RevokeReason, now: datetime
) -> None:
    killed = await ApiKeyRepository(work.session).revoke_of_creator_for_system(
        user_id, organisation_id, reason, now
    )
    await announce_revoked_keys(work, killed, reason, revoked_at=now, now=now)
