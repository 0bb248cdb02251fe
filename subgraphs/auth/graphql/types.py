"""Object types of auth: sessions, API keys, what signing in gives, and what people and applications gain."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Self
from uuid import UUID

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from common.access.principal import PrincipalKind
from common.access.scopes import require_known, require_scope
from common.errors import require
from common.graphql.connections import Connection, connection_of, page_request
from common.graphql.entities import Node, global_id, local_id
from subgraphs.auth import models
from subgraphs.auth.graphql.info import Info
from subgraphs.auth.graphql.loaders import (
    ApiKeyPagesByApplicationId,
    ApiKeysById,
    PageOf,
    SessionPagesByUserId,
    SessionsById,
)
from subgraphs.auth.policies import KEYS_READ, SESSIONS_READ, may_list_sessions_of
from subgraphs.auth.service.grants import Grant


@strawberry.enum
class SessionState(Enum):
    """Whether a session can still be used."""

    ACTIVE = strawberry.enum_value("active", description="It can be used and carried on.")
    EXPIRED = strawberry.enum_value("expired", description="It came to its end by itself.")
    REVOKED = strawberry.enum_value("revoked", description="It was ended before its time.")


@strawberry.enum
class ApiKeyState(Enum):
    """Whether an API key opens anything."""

    ACTIVE = strawberry.enum_value("active", description="It works.")
    ROTATING = strawberry.enum_value(
        "rotating", description="It was replaced and still works until its grace ends."
    )
    EXPIRED = strawberry.enum_value(
        "expired", description="Its time, or the grace after its rotation, is over."
    )
    REVOKED = strawberry.enum_value("revoked", description="It was revoked.")


_ID = "Opaque, and the same in every service."


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)], description="A company that runs AI applications."
)
class Organization:
    """users' entity, named by its id."""

    id: strawberry.ID = strawberry.field(description=_ID)


@strawberry.federation.type(keys=["id"], description="A person who uses the platform.")
class User:
    """users' entity, with the sessions auth keeps for it."""

    id: strawberry.ID = strawberry.field(description=_ID)

    @strawberry.field
    async def sessions(
        self, info: Info, first: int | None = None, after: str | None = None
    ) -> Connection["Session"] | None:
        """Live sessions, newest first: one's own, or with `sessions:read` those that acted in the current
        organization."""
        user_id = local_id(self.id, "User")
        principal = info.context.principal
        require_known(principal)
        require(may_list_sessions_of(principal, user_id), f"This needs the permission {SESSIONS_READ!r}.")
        request = page_request(info, first=first, after=after)
        page = await info.context.load(SessionPagesByUserId, PageOf(owner_id=user_id, request=request))
        return connection_of(page, Session.from_row) if page else None

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Self:
        """Whether there is such a person, users knows."""
        return cls(id=id)


@strawberry.federation.type(keys=["id"], description="An AI application that an organization runs.")
class Application:
    """applications' entity, with the keys auth keeps for it."""

    id: strawberry.ID = strawberry.field(description=_ID)

    @strawberry.field
    async def api_keys(
        self, info: Info, first: int | None = None, after: str | None = None
    ) -> Connection["ApiKey"] | None:
        """Keys of the application, newest first, revoked ones included; needs `keys:read`."""
        application_id = local_id(self.id, "Application")
        require_scope(info.context.principal, KEYS_READ)
        request = page_request(info, first=first, after=after)
        page = await info.context.load(
            ApiKeyPagesByApplicationId, PageOf(owner_id=application_id, request=request)
        )
        return connection_of(page, ApiKey.from_row) if page else None

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Self:
        """Whether there is such an application, applications knows."""
        return cls(id=id)


@strawberry.federation.type(keys=["id"], description="One sign-in of a person on one device.")
class Session(Node):
    """A session, as the caller may see it."""

    row: strawberry.Private[models.Session]

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("Session", self.row.id)

    @strawberry.field
    def user(self) -> User | None:
        """Who signed in."""
        return User(id=global_id("User", self.row.user_id))

    @strawberry.field
    def organization(self, info: Info) -> Organization | None:
        """Where the session acts at present; shown to its owner and within that organization."""
        here = self.row.organization_id
        principal = info.context.principal
        if here is None or not (principal.organisation_id == here or self._is_own(info)):
            return None
        return Organization(id=global_id("Organization", here))

    @strawberry.field
    def state(self, info: Info) -> SessionState:
        """Whether it can still be used."""
        if self.row.revoked_at is not None:
            return SessionState.REVOKED
        is_live = self.row.is_live(info.context.clock.now())
        return SessionState.ACTIVE if is_live else SessionState.EXPIRED

    @strawberry.field
    def is_current(self, info: Info) -> bool:
        """It is the session this request was made with."""
        return self.row.id == info.context.principal.session_id

    @strawberry.field
    def created_at(self) -> datetime:
        """When the person signed in."""
        return self.row.created_at

    @strawberry.field
    def last_seen_at(self) -> datetime:
        """When it was last carried on, to within the life of an access token."""
        return self.row.last_seen_at

    @strawberry.field
    def expires_at(self) -> datetime:
        """When it ends if nobody uses it."""
        return self.row.expires_at

    @strawberry.field
    def revoked_at(self) -> datetime | None:
        """When it was ended before its time."""
        return self.row.revoked_at

    @strawberry.field
    def ip_address(self) -> str | None:
        """Where the person signed in from."""
        return self.row.ip_address

    @strawberry.field
    def user_agent(self) -> str | None:
        """What the browser or program called itself."""
        return self.row.user_agent

    @classmethod
    def from_row(cls, row: models.Session) -> Self:
        """The session in a row."""
        return cls(row=row)

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:
        """The session, if the caller may see it."""
        row = await info.context.load(SessionsById, local_id(id, "Session"))
        return cls(row=row) if row else None

    def _is_own(self, info: Info) -> bool:
        principal = info.context.principal
        return principal.kind is PrincipalKind.USER and principal.id == self.row.user_id


@strawberry.federation.type(keys=["id"], description="A key with which an application proves who it is.")
class ApiKey(Node):
    """A key, as people may see it: never its text."""

    row: strawberry.Private[models.ApiKey]

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("ApiKey", self.row.id)

    @strawberry.field
    def application(self) -> Application | None:
        """The application it stands for."""
        return Application(id=global_id("Application", self.row.application_id))

    @strawberry.field
    def created_by(self) -> User | None:
        """Who made it; null if another key did."""
        creator = self.row.created_by_id
        return User(id=global_id("User", creator)) if creator else None

    @strawberry.field
    def name(self) -> str:
        """What people call it."""
        return self.row.name

    @strawberry.field
    def prefix(self) -> str:
        """The beginning of its text, up to the second underscore: enough to recognise it."""
        return self.row.prefix

    @strawberry.field
    def last4(self) -> str:
        """The last four characters of its text."""
        return self.row.last4

    @strawberry.field
    def scopes(self) -> list[str]:
        """What it permits."""
        return list(self.row.scopes)

    @strawberry.field
    def state(self, info: Info) -> ApiKeyState:
        """Whether it opens anything."""
        if self.row.revoked_at is not None:
            return ApiKeyState.REVOKED
        if not self.row.is_live(info.context.clock.now()):
            return ApiKeyState.EXPIRED
        return ApiKeyState.ROTATING if self.row.superseded_by_id else ApiKeyState.ACTIVE

    @strawberry.field
    def created_at(self) -> datetime:
        """When it was made."""
        return self.row.created_at

    @strawberry.field
    def expires_at(self) -> datetime | None:
        """When it stops working by itself: its own end or that of its grace, whichever comes first."""
        ends = [end for end in (self.row.expires_at, self.row.grace_until) if end is not None]
        return min(ends, default=None)

    @strawberry.field
    def last_used_at(self) -> datetime | None:
        """When it was last checked, to within some seconds."""
        return self.row.last_used_at

    @strawberry.field
    def revoked_at(self) -> datetime | None:
        """When it was revoked."""
        return self.row.revoked_at

    @classmethod
    def from_row(cls, row: models.ApiKey) -> Self:
        """The key in a row."""
        return cls(row=row)

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:
        """The key, if the caller may see it."""
        row = await info.context.load(ApiKeysById, local_id(id, "ApiKey"))
        return cls(row=row) if row else None


@strawberry.type(description="Somebody is signed in: what the client needs to act and to carry on.")
class SignedIn:
    """A grant, without what the cookie holds."""

    access_token: str = strawberry.field(
        description="Send it as `Authorization: Bearer ...`. It acts in one organization."
    )
    expires_at: datetime = strawberry.field(
        description="When the access token ends; call `tokenRefresh` before."
    )
    refresh_token: str | None = strawberry.field(
        description="Works once, with `tokenRefresh`. Null when it travels in a cookie."
    )
    session: Session = strawberry.field(description="The session that was started or carried on.")

    @strawberry.field
    def user(self) -> User | None:
        """Who is signed in. More than the id takes a request that carries the access token."""
        return User(id=global_id("User", self.session.row.user_id))

    @strawberry.field
    def organization(self) -> Organization | None:
        """The organization the access token acts in; null for somebody who belongs to none. More than the id
        takes a request that carries the access token."""
        here: UUID | None = self.session.row.organization_id
        return Organization(id=global_id("Organization", here)) if here else None

    @classmethod
    def from_grant(cls, grant: Grant, *, shows_refresh_token: bool) -> Self:
        """What the client gets of a grant."""
        return cls(
            access_token=grant.access_token.text,
            expires_at=grant.access_token.expires_at,
            refresh_token=grant.refresh_token if shows_refresh_token else None,
            session=Session(row=grant.session),
        )


@strawberry.enum
class SignInRejection(Enum):
    """Why nobody was signed in; never says whether the account exists."""

    INVALID_CREDENTIALS = strawberry.enum_value(
        "invalid_credentials", description="E-mail address and password do not open an account."
    )
    TOO_MANY_ATTEMPTS = strawberry.enum_value(
        "too_many_attempts", description="There were too many attempts from this network; it opens by itself."
    )


@strawberry.type(description="Nobody was signed in.")
class SignInRejected:
    """The one refusal for unknown, wrong and suspended."""

    message: str = strawberry.field(description="A sentence for people.")
    reason: SignInRejection = strawberry.field(description="Stable, for programs.")
    retry_after_seconds: int | None = strawberry.field(
        description="How long to wait after too many attempts."
    )


SignInResult = Annotated[
    SignedIn | SignInRejected,
    strawberry.union("SignInResult", description="What became of an attempt to sign in."),
]
