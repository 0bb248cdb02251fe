"""What a person gets who has proved to be who they are: a session, its refresh token, an access token."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.db.session import UnitOfWork
from common.ids import uuid7
from subgraphs.auth.events import SessionStarted
from subgraphs.auth.keys.signing import signed_token
from subgraphs.auth.keys.tokens import new_token, token_hash
from subgraphs.auth.models import RefreshToken, Session
from subgraphs.auth.providers.protocol import Membership
from subgraphs.auth.repository.sessions import SessionRepository
from subgraphs.auth.service.parts import AuthParts

_LONGEST_USER_AGENT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request came from, as the front door saw it."""

    ip_address: str | None
    user_agent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A signed access token and when it ends."""

    text: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Everything a client needs to act and to carry on. `refresh_token` exists nowhere else."""

    session: Session
    access_token: AccessToken
    refresh_token: str
    refresh_expires_at: datetime


async def start_session(
    parts: AuthParts, work: UnitOfWork, user_id: UUID, place: Membership | None, origin: Origin
) -> tuple[Session, str]:
    """A new session with the first refresh token of its family."""
    now, settings = parts.clock.now(), parts.settings
    session = Session(
        id=uuid7(),
        user_id=user_id,
        organization_id=place.organisation_id if place else None,
        organization_ids=[place.organisation_id] if place else [],
        created_at=now,
        last_seen_at=now,
        idle_expires_at=now + settings.session_idle_lifetime,
        absolute_expires_at=now + settings.session_lifetime,
        ip_address=origin.ip_address,
        user_agent=_readable(origin.user_agent),
    )
    work.session.add(session)
    text = new_token()
    first = RefreshToken(
        id=uuid7(),
        family_id=session.id,
        session_id=session.id,
        user_id=user_id,
        token_hash=token_hash(text),
        issued_at=now,
        expires_at=session.expires_at,
    )
    await SessionRepository(work.session).add_token(first)
    work.outbox.add(
        SessionStarted(
            organisation_id=session.organization_id,
            session_id=session.id,
            user_id=user_id,
            ip_address=session.ip_address,
            user_agent=session.user_agent,
        )
    )
    return session, text


async def access_token(
    parts: AuthParts, *, user_id: UUID, session_id: UUID, place: Membership | None
) -> AccessToken:
    """A token for one organisation, or for none when the person belongs to none."""
    now, settings = parts.clock.now(), parts.settings
    expires_at = now + settings.access_token_lifetime
    claims: dict[str, object] = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "sub": str(user_id),
        "sid": str(session_id),
        "scope": " ".join(sorted(place.scopes)) if place else "",
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
        "jti": str(uuid7()),
    }
    if place is not None:
        claims["org"] = str(place.organisation_id)
    return AccessToken(text=signed_token(claims, await parts.signing.signer()), expires_at=expires_at)


def _readable(user_agent: str | None) -> str | None:
    """What a client calls itself, without what no screen and no database should be given."""
    return "".join(filter(str.isprintable, user_agent))[:_LONGEST_USER_AGENT] if user_agent else None


def place_in(memberships: Sequence[Membership], wanted: UUID | None) -> Membership | None:
    """The membership of the organisation wanted, else the person's oldest one."""
    here = next((m for m in memberships if m.organisation_id == wanted), None)
    return here or next(iter(memberships), None)


async def scopes_held(parts: AuthParts, user_id: UUID, organisation_id: UUID | None) -> frozenset[str]:
    """What somebody may do in an organisation now, as users answers; raises DirectoryUnavailable."""
    memberships = await parts.people.memberships_of(user_id)
    return next(
        (place.scopes for place in memberships if place.organisation_id == organisation_id), frozenset()
    )
