"""The facts auth publishes, and the facts of other domains it acts on.

The second group is auth's own reading of them: a topic and the fields it needs, nothing shared.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from common.events.envelope import Event


class RevokeReason(StrEnum):
    """Why a session ended or a key died."""

    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    REFRESH_REUSED = "refresh_reused"
    USER_SUSPENDED = "user_suspended"
    USER_DEACTIVATED = "user_deactivated"
    MEMBERSHIP_REVOKED = "membership_revoked"
    ROLE_CHANGED = "role_changed"
    APPLICATION_ARCHIVED = "application_archived"
    ROTATED = "rotated"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted(Event):
    """A person signed in."""

    topic: ClassVar[str] = "auth.session.started"
    organisation_id: UUID | None
    session_id: UUID
    user_id: UUID
    ip_address: str | None
    user_agent: str | None

    @property
    def key(self) -> str:
        """Ordered per person."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRevoked(Event):
    """A session ended before its time; its access tokens must no longer be taken."""

    topic: ClassVar[str] = "auth.session.revoked"
    organisation_id: UUID | None
    session_id: UUID
    user_id: UUID
    reason: RevokeReason

    @property
    def key(self) -> str:
        """Ordered per person."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTokenReused(Event):
    """A refresh token came back after its successor was in use: one of the two holders is a thief."""

    topic: ClassVar[str] = "auth.refresh_token.reused"
    organisation_id: UUID | None
    session_id: UUID
    user_id: UUID
    ip_address: str | None
    user_agent: str | None

    @property
    def key(self) -> str:
        """Ordered per person."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    """A person has a new password."""

    topic: ClassVar[str] = "auth.password.changed"
    organisation_id: UUID | None
    user_id: UUID
    change_id: UUID
    by_link: bool

    @property
    def key(self) -> str:
        """Ordered per person."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyCreated(Event):
    """An application got a key."""

    topic: ClassVar[str] = "auth.api_key.created"
    organisation_id: UUID
    api_key_id: UUID
    application_id: UUID
    prefix: str
    scopes: tuple[str, ...]
    expires_at: datetime | None

    @property
    def key(self) -> str:
        """Ordered per application."""
        return str(self.application_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRevoked(Event):
    """A key opens nothing any more, from `revoked_at` on (a rotated key may have some time left)."""

    topic: ClassVar[str] = "auth.api_key.revoked"
    organisation_id: UUID
    api_key_id: UUID
    application_id: UUID
    reason: RevokeReason
    revoked_at: datetime

    @property
    def key(self) -> str:
        """Ordered per application."""
        return str(self.application_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreated(Event):
    """users: somebody joined and needs a password."""

    topic: ClassVar[str] = "users.user.created"
    organisation_id: UUID | None
    user_id: UUID

    @property
    def key(self) -> str:
        """Ordered per person."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSuspended(Event):
    """users: somebody may not come in for the time being."""

    topic: ClassVar[str] = "users.user.suspended"
    organisation_id: UUID | None
    user_id: UUID

    @property
    def key(self) -> str:
        """Ordered per person."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeactivated(Event):
    """users: somebody may not come in any more, anywhere."""

    topic: ClassVar[str] = "users.user.deactivated"
    organisation_id: UUID | None
    user_id: UUID

    @property
    def key(self) -> str:
        """Ordered per person."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipRevoked(Event):
    """users: somebody is no longer a member of one organisation."""

    topic: ClassVar[str] = "users.membership.revoked"
    organisation_id: UUID
    user_id: UUID

    @property
    def key(self) -> str:
        """Ordered per person."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChanged(Event):
    """users: a member has another role, and perhaps less power in one organisation."""

    topic: ClassVar[str] = "users.membership.changed"
    organisation_id: UUID
    user_id: UUID

    @property
    def key(self) -> str:
        """Ordered per person."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChanged(Event):
    """users: a role of an organisation was made or changed, and its holders perhaps have less power."""

    topic: ClassVar[str] = "users.role.changed"
    organisation_id: UUID

    @property
    def key(self) -> str:
        """Ordered per organisation."""
        return str(self.organisation_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationArchived(Event):
    """applications: an application is no longer in use."""

    topic: ClassVar[str] = "applications.application.archived"
    organisation_id: UUID
    application_id: UUID

    @property
    def key(self) -> str:
        """Ordered per application."""
        return str(self.application_id)
