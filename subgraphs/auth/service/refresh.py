"""Carrying a session on: each refresh token works once, its successor takes over.

A client may lose the answer and ask again: for a short grace the token that was just replaced gives the
same successor once more, as long as that one has not been used. Any other second use means that two
parties hold the family, and ends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.db.session import UnitOfWork
from common.ids import uuid7
from subgraphs.auth.errors import OrganizationNotJoined, RefreshTokenRejected
from subgraphs.auth.events import RefreshTokenReused, RevokeReason
from subgraphs.auth.keys.tokens import is_token, successor_of, token_hash
from subgraphs.auth.models import RefreshToken
from subgraphs.auth.providers.protocol import Membership
from subgraphs.auth.repository.sessions import Link, SessionRepository
from subgraphs.auth.service.endings import end_sessions
from subgraphs.auth.service.grants import Grant, Origin, access_token, place_in
from subgraphs.auth.service.parts import AuthParts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Carried:
    link: Link
    place: Membership | None
    refresh_token: str


async def refresh(
    parts: AuthParts, token: str | None, *, organisation_id: UUID | None, origin: Origin
) -> Grant:
    """The session's next refresh token and an access token for the organisation asked for.

    Without one the session stays where it is. Raises RefreshTokenRejected and OrganizationNotJoined.
    """
    user_id = await _owner_of(parts, token)
    if token is None or user_id is None:
        raise RefreshTokenRejected
    person = await parts.people.person(user_id)
    is_welcome = person is not None and person.is_active
    memberships = await parts.people.memberships_of(user_id) if is_welcome else ()
    if organisation_id is not None and is_welcome and not _is_member(memberships, organisation_id):
        raise OrganizationNotJoined
    async with parts.work_as(user_id) as work:
        link = await SessionRepository(work.session).link_locked(user_id, token_hash(token))
        carried = None
        if link is not None and _is_open(link, parts.clock.now()):
            if is_welcome:
                carried = await _carry_on(parts, work, link, token, memberships, organisation_id, origin)
            else:
                await end_sessions(work, [link.session], RevokeReason.USER_DEACTIVATED, parts.clock.now())
    # Refused only now: what ended above has to stay ended.
    if carried is None:
        raise RefreshTokenRejected
    return Grant(
        session=carried.link.session,
        access_token=await access_token(
            parts, user_id=user_id, session_id=carried.link.session.id, place=carried.place
        ),
        refresh_token=carried.refresh_token,
        refresh_expires_at=carried.link.session.expires_at,
    )


async def session_of(parts: AuthParts, token: str | None) -> tuple[UUID, UUID] | None:
    """Whose session a refresh token carries, and which: (user, session); None if it is nobody's."""
    user_id = await _owner_of(parts, token)
    if token is None or user_id is None:
        return None
    async with parts.work_as(user_id) as work:
        link = await SessionRepository(work.session).link_locked(user_id, token_hash(token))
    return (user_id, link.session.id) if link else None


async def _owner_of(parts: AuthParts, token: str | None) -> UUID | None:
    if token is None or not is_token(token):
        return None
    async with parts.work() as work:
        return await SessionRepository(work.session).owner_of_refresh_token(token_hash(token))


async def _carry_on(
    parts: AuthParts,
    work: UnitOfWork,
    link: Link,
    token: str,
    memberships: Sequence[Membership],
    organisation_id: UUID | None,
    origin: Origin,
) -> _Carried | None:
    """The successor, new or again; None after the family was ended for being used twice."""
    now, session = parts.clock.now(), link.session
    text = (
        await _consume(parts, work, link, token, now)
        if link.token.consumed_at is None
        else await _again(parts, work, link.token, token, now)
    )
    if text is None:
        await _end_family(work, link, origin, now)
        return None
    place = place_in(memberships, organisation_id or session.organization_id)
    session.last_seen_at = now
    session.organization_id = place.organisation_id if place else None
    if place is not None and place.organisation_id not in session.organization_ids:
        session.organization_ids = [*session.organization_ids, place.organisation_id]
    return _Carried(link=link, place=place, refresh_token=text)


async def _consume(parts: AuthParts, work: UnitOfWork, link: Link, token: str, now: datetime) -> str:
    session, parent = link.session, link.token
    session.idle_expires_at = now + parts.settings.session_idle_lifetime
    text = successor_of(token, token_id=parent.id, keys=parts.keyring.current)
    successor = RefreshToken(
        id=uuid7(),
        family_id=parent.family_id,
        session_id=session.id,
        user_id=session.user_id,
        parent_id=parent.id,
        token_hash=token_hash(text),
        issued_at=now,
        expires_at=session.expires_at,
    )
    parent.consumed_at, parent.successor_id = now, successor.id
    parent.grace_until = now + parts.settings.refresh_grace
    await SessionRepository(work.session).add_token(successor)
    return text


async def _again(
    parts: AuthParts, work: UnitOfWork, parent: RefreshToken, token: str, now: datetime
) -> str | None:
    """The successor that was given before, if this may still be the client that did not get it."""
    if parent.grace_until is None or parent.successor_id is None or now >= parent.grace_until:
        return None
    successor = await SessionRepository(work.session).refresh_token(parent.successor_id)
    if successor is None or successor.consumed_at is not None:
        return None
    texts = [successor_of(token, token_id=parent.id, keys=keys) for keys in parts.keyring.all]
    return next((text for text in texts if token_hash(text) == successor.token_hash), None)


async def _end_family(work: UnitOfWork, link: Link, origin: Origin, now: datetime) -> None:
    session = link.session
    await end_sessions(work, [session], RevokeReason.REFRESH_REUSED, now)
    work.outbox.add(
        RefreshTokenReused(
            organisation_id=session.organization_id,
            session_id=session.id,
            user_id=session.user_id,
            ip_address=origin.ip_address,
            user_agent=origin.user_agent,
        )
    )


def _is_open(link: Link, now: datetime) -> bool:
    return link.session.is_live(now) and link.token.revoked_at is None and now < link.token.expires_at


def _is_member(memberships: Sequence[Membership], organisation_id: UUID) -> bool:
    return any(membership.organisation_id == organisation_id for membership in memberships)
