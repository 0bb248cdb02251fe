"""Tables of a domain: one declarative base per schema, the columns most tables share."""

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, Dialect, MetaData, Text, TypeDecorator, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from common.events.inbox import inbox_table
from common.events.outbox import outbox_table
from common.ids import uuid7

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: `timestamptz` in the database, aware and in UTC in Python, never naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Whatever zone the server speaks, we speak UTC."""
        return None if value is None else value.astimezone(UTC)


def domain_metadata(domain: str) -> MetaData:
    """The metadata of one domain's schema; it also holds the domain's outbox and inbox."""
    metadata = MetaData(schema=domain, naming_convention=NAMING)
    outbox_table(metadata)
    inbox_table(metadata)
    return metadata


class DomainTables:
    """What the declarative base of every domain has.

    `class Base(DomainTables, DeclarativeBase): metadata = domain_metadata("users")`
    """

    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime, str: Text, UUID: Uuid}
    __mapper_args__: ClassVar[dict[str, Any]] = {"eager_defaults": True}  # nothing is loaded by surprise


class Identified:
    """A row with an id of its own, made in Python and sorted by time."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)


class Timestamped:
    """When the row was made and last changed, by the database's clock unless given."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
