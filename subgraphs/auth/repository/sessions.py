"""Sessions and the refresh tokens that carry them on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, any_, delete, false, or_, select, text, update

from common.access.principal import Principal, PrincipalKind
from common.db.pages import CursorCodec, Descending, Order, Page, PageRequest, pages_by_key
from common.db.repository import Repository
from subgraphs.auth.models import RefreshToken, Session

_BY_NEWEST = Order("newest", Descending(Session.created_at), Descending(Session.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A refresh token with its session, both as they stand now; the session is held."""

    session: Session
    token: RefreshToken


class SessionRepository(Repository):
    """Rows of `auth.sessions` and `auth.refresh_tokens`."""

    async def by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, Session]:
        """Those of the sessions that the caller's person or organisation owns, by id."""
        query = select(Session).where(Session.id.in_(ids), _visible_to(principal))
        return {row.id: row for row in await self.session.scalars(query)}

    async def by_id_locked(self, principal: Principal, id: UUID) -> Session | None:
        """One session, held until the unit of work ends."""
        query = select(Session).where(Session.id == id, _visible_to(principal)).with_for_update()
        return (await self.session.scalars(query)).one_or_none()

    async def live_of_user_locked(self, user_id: UUID, now: datetime) -> tuple[Session, ...]:
        """A person's live sessions, held until the unit of work ends."""
        query = select(Session).where(Session.user_id == user_id, _live(now)).order_by(Session.id)
        return tuple(await self.session.scalars(query.with_for_update()))

    async def live_in_organisation_for_system(
        self, user_id: UUID, organisation_id: UUID, now: datetime
    ) -> tuple[Session, ...]:
        """A person's live sessions that have acted in one organisation, held."""
        acted_here = any_(Session.organization_ids) == organisation_id
        query = select(Session).where(Session.user_id == user_id, acted_here, _live(now))
        return tuple(await self.session.scalars(query.order_by(Session.id).with_for_update()))

    async def pages_of_users(
        self,
        principal: Principal,
        user_ids: Sequence[UUID],
        request: PageRequest,
        cursors: CursorCodec,
        now: datetime,
    ) -> dict[UUID, Page[Session]]:
        """One page of live sessions for each person, newest first, in one statement."""
        query = select(Session).where(_visible_to(principal), _live(now))
        return await pages_by_key(
            self.session, query, Session.user_id, user_ids, _BY_NEWEST, request, cursors
        )

    async def owner_of_refresh_token(self, token_hash: bytes) -> UUID | None:
        """Whose refresh token it is, whatever its state."""
        query = text("select user_id from auth.refresh_token_owner(:token_hash)")
        owner: UUID | None = (
            await self.session.execute(query, {"token_hash": token_hash})
        ).scalar_one_or_none()
        return owner

    async def link_locked(self, user_id: UUID, token_hash: bytes) -> Link | None:
        """The token and its session. Holding the session makes parallel refreshes take turns."""
        of_token = select(RefreshToken.session_id).where(
            RefreshToken.token_hash == token_hash, RefreshToken.user_id == user_id
        )
        session_query = select(Session).where(Session.id.in_(of_token)).with_for_update()
        session = (await self.session.scalars(session_query)).one_or_none()
        if session is None:
            return None
        # A statement of its own: it must see what the turn before this one has written.
        token_query = select(RefreshToken).where(RefreshToken.token_hash == token_hash)
        return Link(session=session, token=(await self.session.scalars(token_query)).one())

    async def refresh_token(self, id: UUID) -> RefreshToken | None:
        """A refresh token by its id."""
        return await self.session.get(RefreshToken, id)

    async def add_token(self, token: RefreshToken) -> None:
        """Write a token; what was changed before is written first, so that one family has one live token."""
        await self.session.flush()
        self.session.add(token)
        await self.session.flush()

    async def end(self, sessions: Sequence[Session], reason: str, now: datetime) -> None:
        """Revoke the sessions and their families."""
        ids = [session.id for session in sessions]
        for session in sessions:
            session.revoked_at, session.revoke_reason = now, reason
        open_tokens = RefreshToken.session_id.in_(ids) & RefreshToken.revoked_at.is_(None)
        await self.session.execute(update(RefreshToken).where(open_tokens).values(revoked_at=now))

    async def delete_ended_for_system(self, ended_before: datetime) -> int:
        """Forget sessions that ended before then, with their tokens."""
        ended = or_(
            Session.revoked_at < ended_before,
            Session.idle_expires_at < ended_before,
            Session.absolute_expires_at < ended_before,
        )
        return len((await self.session.execute(delete(Session).where(ended).returning(Session.id))).all())

    async def delete_tokens_for_system(self, ended_before: datetime) -> int:
        """Forget refresh tokens that expired before then."""
        statement = delete(RefreshToken).where(RefreshToken.expires_at < ended_before)
        return len((await self.session.execute(statement.returning(RefreshToken.id))).all())


def _visible_to(principal: Principal) -> ColumnElement[bool]:
    own = Session.user_id == principal.id if principal.kind is PrincipalKind.USER else false()
    if principal.organisation_id is None:
        return own
    return or_(own, any_(Session.organization_ids) == principal.organisation_id)


def _live(now: datetime) -> ColumnElement[bool]:
    return (
        Session.revoked_at.is_(None) & (Session.idle_expires_at > now) & (Session.absolute_expires_at > now)
    )
