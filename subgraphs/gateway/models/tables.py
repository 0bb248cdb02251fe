"""What every table of the gateway domain shares: where it lies, and who wrote a row and why."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.db.base import DomainTables, domain_metadata


class Base(DomainTables, DeclarativeBase):
    """Every table of the domain."""

    metadata = domain_metadata("gateway")


class AuthorKind(StrEnum):
    """What sort of caller changed something."""

    USER = "user"
    APPLICATION = "application"
    SYSTEM = "system"


class Authored:
    """Who did it and why. `author_label` says more where there is no id: the command line, the platform."""

    author_kind: Mapped[str]
    author_id: Mapped[UUID | None]
    author_label: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
