"""Tables of the users domain. Other domains know these rows by id only."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.db.base import DomainTables, Identified, Timestamped, domain_metadata


class Base(DomainTables, DeclarativeBase):
    """Every table of the domain."""

    metadata = domain_metadata("users")


class UserStatus(StrEnum):
    """Whether a person may use the platform."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"


class OrganizationStatus(StrEnum):
    """Whether an organisation may use the platform."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class InvitationStatus(StrEnum):
    """Where an invitation stands; expired is pending past its time."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


class User(Base, Identified, Timestamped):
    """A person. `email_norm` is the folded address: two spellings of one address are one person."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_email_norm", "email_norm", unique=True, postgresql_where=text("deleted_at is null")),
        Index("ix_users_created_at", text("created_at desc"), text("id desc")),
    )

    email: Mapped[str]
    email_norm: Mapped[str]
    email_verified_at: Mapped[datetime | None]
    name: Mapped[str]
    locale: Mapped[str]
    timezone: Mapped[str]
    status: Mapped[str] = mapped_column(default=UserStatus.ACTIVE.value)
    version: Mapped[int] = mapped_column(default=1)
    deleted_at: Mapped[datetime | None]


class Organization(Base, Identified, Timestamped):
    """A company. Its slug is unique among those not deleted."""

    __tablename__ = "organizations"
    __table_args__ = (
        Index("uq_organizations_slug", "slug", unique=True, postgresql_where=text("deleted_at is null")),
    )

    slug: Mapped[str]
    name: Mapped[str]
    status: Mapped[str] = mapped_column(default=OrganizationStatus.ACTIVE.value)
    version: Mapped[int] = mapped_column(default=1)
    deleted_at: Mapped[datetime | None]


class Role(Base, Identified, Timestamped):
    """A named set of permissions. Without an organisation it is a system role, which nobody changes."""

    __tablename__ = "roles"
    __table_args__ = (
        Index("uq_roles_organization_id_key", "organization_id", "key", unique=True),
        Index("uq_roles_system_key", "key", unique=True, postgresql_where=text("organization_id is null")),
    )

    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.organizations.id"))
    key: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)


class RolePermission(Base):
    """One permission of one role; names come from the registry in `policies`."""

    __tablename__ = "role_permissions"

    role_id: Mapped[UUID] = mapped_column(ForeignKey("users.roles.id", ondelete="CASCADE"), primary_key=True)
    permission: Mapped[str] = mapped_column(primary_key=True)


class Membership(Base, Identified, Timestamped):
    """A person in an organisation, in one role. Leaving deletes the row: the event log remembers."""

    __tablename__ = "memberships"
    __table_args__ = (
        Index("uq_memberships_organization_id_user_id", "organization_id", "user_id", unique=True),
        Index("ix_memberships_user_id", "user_id"),
        Index("ix_memberships_role_id", "role_id"),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("users.organizations.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.users.id"))
    role_id: Mapped[UUID] = mapped_column(ForeignKey("users.roles.id"))
    version: Mapped[int] = mapped_column(default=1)


class Invitation(Base, Identified, Timestamped):
    """A place kept for an address until `expires_at`. Of the token only its hash is here.

    One is pending per address and organisation; a unique index says so, too.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        Index(
            "uq_invitations_pending",
            "organization_id",
            "email_norm",
            unique=True,
            postgresql_where=text("accepted_at is null and revoked_at is null"),
        ),
        Index("uq_invitations_token_hash", "token_hash", unique=True),
        Index("ix_invitations_role_id", "role_id"),
        Index(
            "ix_invitations_organization_id_created_at",
            "organization_id",
            text("created_at desc"),
            text("id desc"),
        ),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("users.organizations.id"))
    email: Mapped[str]
    email_norm: Mapped[str]
    role_id: Mapped[UUID] = mapped_column(ForeignKey("users.roles.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    invited_by: Mapped[UUID]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]

    def status_at(self, now: datetime) -> InvitationStatus:
        """Where the invitation stands at a moment."""
        if self.accepted_at is not None:
            return InvitationStatus.ACCEPTED
        if self.revoked_at is not None:
            return InvitationStatus.REVOKED
        return InvitationStatus.PENDING if now < self.expires_at else InvitationStatus.EXPIRED
