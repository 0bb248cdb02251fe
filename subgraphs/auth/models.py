"""The tables of auth. People, organisations and applications are ids of other domains."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from common.db.base import DomainTables, Identified, domain_metadata


class TransactionId(UserDefinedType[str]):
    """PostgreSQL's `xid8`: never used again, unlike the older `xid`."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Its name in SQL."""
        return "xid8"


class Base(DomainTables, DeclarativeBase):
    """Every table of the domain."""

    metadata = domain_metadata("auth")


class PasswordCredential(Base):
    """A person's password as an argon2id PHC string."""

    __tablename__ = "password_credentials"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    phc: Mapped[str]
    changed_at: Mapped[datetime]


class Session(Base, Identified):
    """One sign-in on one device.

    `organization_id` is where it acts now, `organization_ids` everywhere it ever acted: those are the
    organisations whose administrators may see it.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        Index(
            "ix_sessions_live_of_user",
            "user_id",
            text("created_at desc"),
            text("id desc"),
            postgresql_where=text("revoked_at is null"),
        ),
    )

    user_id: Mapped[UUID]
    organization_id: Mapped[UUID | None]
    organization_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    idle_expires_at: Mapped[datetime]
    absolute_expires_at: Mapped[datetime]
    ip_address: Mapped[str | None]
    user_agent: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str | None]

    @property
    def expires_at(self) -> datetime:
        """When it ends if nobody uses it."""
        return min(self.idle_expires_at, self.absolute_expires_at)

    def is_live(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and now < self.expires_at


class RefreshToken(Base, Identified):
    """One link in a family's chain; at most one per family is neither consumed nor revoked."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("uq_refresh_tokens_token_hash", "token_hash", unique=True),
        Index(
            "uq_refresh_tokens_live_of_family",
            "family_id",
            unique=True,
            postgresql_where=text("consumed_at is null and revoked_at is null"),
        ),
        Index("ix_refresh_tokens_session_id", "session_id"),
        Index("ix_refresh_tokens_expires_at", "expires_at"),
    )

    family_id: Mapped[UUID]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("auth.sessions.id", ondelete="CASCADE"))
    user_id: Mapped[UUID]
    parent_id: Mapped[UUID | None]
    token_hash: Mapped[bytes]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    consumed_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    successor_id: Mapped[UUID | None]
    grace_until: Mapped[datetime | None]


class OneTimeToken(Base, Identified):
    """A link that works once."""

    __tablename__ = "one_time_tokens"
    __table_args__ = (
        Index("uq_one_time_tokens_token_hash", "token_hash", unique=True),
        Index(
            "ix_one_time_tokens_of_user", "user_id", "purpose", postgresql_where=text("consumed_at is null")
        ),
    )

    purpose: Mapped[str]
    user_id: Mapped[UUID]
    token_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    consumed_at: Mapped[datetime | None]


class ApiKey(Base, Identified):
    """A key of an application: its hash, and what people may see of it."""

    __tablename__ = "api_keys"
    __table_args__ = (
        Index("uq_api_keys_prefix", "prefix", unique=True),
        Index("uq_api_keys_hash", "hash", unique=True),
        Index(
            "ix_api_keys_of_application",
            "organization_id",
            "application_id",
            text("created_at desc"),
            text("id desc"),
        ),
        Index("ix_api_keys_live_of_creator", "created_by_id", postgresql_where=text("revoked_at is null")),
    )

    organization_id: Mapped[UUID]
    application_id: Mapped[UUID]
    created_by_id: Mapped[UUID | None]
    name: Mapped[str]
    prefix: Mapped[str]
    last4: Mapped[str]
    hash: Mapped[bytes]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    superseded_by_id: Mapped[UUID | None]
    grace_until: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str | None]

    def is_live(self, now: datetime) -> bool:
        """Whether it opens anything at this time."""
        ends = (self.expires_at, self.grace_until)
        return self.revoked_at is None and all(end is None or now < end for end in ends)


class SigningKey(Base):
    """A key pair that signs access tokens; the private half is sealed."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        CheckConstraint("status in ('next', 'active', 'retired')", name="status_known"),
        Index("uq_signing_keys_one_next", "status", unique=True, postgresql_where=text("status = 'next'")),
        Index(
            "uq_signing_keys_one_active", "status", unique=True, postgresql_where=text("status = 'active'")
        ),
    )

    kid: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    public_jwk: Mapped[dict[str, str]] = mapped_column(JSONB)
    private_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    not_after: Mapped[datetime | None]


class SignInThrottle(Base):
    """How often passwords were tried for one target from one place, in the window that runs."""

    __tablename__ = "sign_in_throttle"
    __table_args__ = (Index("ix_sign_in_throttle_window_ends_at", "window_ends_at"),)

    bucket: Mapped[bytes] = mapped_column(primary_key=True)
    attempts: Mapped[int]
    window_ends_at: Mapped[datetime]


class Revocation(Base, Identified):
    """A session or key that died lately: what the front door reads to forget it at once."""

    __tablename__ = "revocations"
    __table_args__ = (
        CheckConstraint("kind in ('session', 'api_key')", name="kind_known"),
        Index("ix_revocations_written_by", "written_by"),
    )

    kind: Mapped[str]
    subject_id: Mapped[UUID]
    recorded_at: Mapped[datetime]
    written_by: Mapped[str] = mapped_column(TransactionId, server_default=text("pg_current_xact_id()"))
