"""Tables of the applications domain. Organisations and people are ids here."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.db.base import DomainTables, Identified, Timestamped, domain_metadata


class Base(DomainTables, DeclarativeBase):
    """Every table of the domain."""

    metadata = domain_metadata("applications")


class ApplicationKind(StrEnum):
    """What sort of AI application it is."""

    CHAT = "chat"
    AGENT = "agent"
    WORKFLOW = "workflow"
    API = "api"
    BATCH = "batch"


class ApplicationStatus(StrEnum):
    """Where an application is in its life."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


class Application(Base, Identified, Timestamped):
    """Something an organisation runs. Its slug is unique there among those not deleted."""

    __tablename__ = "applications"
    __table_args__ = (
        Index(
            "uq_applications_slug",
            "organization_id",
            "slug",
            unique=True,
            postgresql_where=text("deleted_at is null"),
        ),
        Index(
            "ix_applications_organization_id_created_at",
            "organization_id",
            text("created_at desc"),
            text("id desc"),
        ),
        Index("ix_applications_created_by", "organization_id", "created_by"),
    )

    organization_id: Mapped[UUID]
    slug: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default=ApplicationStatus.DRAFT.value)
    created_by: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1)
    deleted_at: Mapped[datetime | None]


class Environment(Base, Identified, Timestamped):
    """A place an application runs in, such as staging. Its key is unique there among those not deleted."""

    __tablename__ = "environments"
    __table_args__ = (
        Index(
            "uq_environments_key",
            "application_id",
            "key",
            unique=True,
            postgresql_where=text("deleted_at is null"),
        ),
    )

    organization_id: Mapped[UUID]
    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.applications.id"))
    key: Mapped[str]
    name: Mapped[str]
    protected: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    deleted_at: Mapped[datetime | None]
