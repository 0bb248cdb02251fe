"""Events leave in the transaction of the change: rows here, published by the relay."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    insert,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from common.clock import Clock
from common.events.envelope import Event, payload_of
from common.ids import uuid7

CHANNEL = "atrium_outbox"

# The locks make the order of rows of one key the order of their commits: the second writer of a key
# takes its sequence number after the first has committed. Keys come sorted, so nobody waits in a circle.
_ORDER = text(
    "select pg_advisory_xact_lock(hashtextextended(key, 0)), pg_notify(:channel, '')"
    " from unnest(cast(:keys as text[])) as key"
)


def outbox_table(metadata: MetaData) -> Table:
    """The outbox of one domain, in the schema of its metadata."""
    return Table(
        "outbox",
        metadata,
        Column("sequence", BigInteger, Identity(always=True), primary_key=True),
        Column("id", Uuid, nullable=False, unique=True),
        Column("topic", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("key", Text, nullable=False),
        Column("organization_id", Uuid),
        Column("actor_id", Uuid),
        Column("request_id", Text),
        Column("payload", JSONB, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("published_at", DateTime(timezone=True)),
        Index("ix_outbox_unpublished", "sequence", postgresql_where=text("published_at is null")),
        Index("ix_outbox_published_at", "published_at", postgresql_where=text("published_at is not null")),
    )


@dataclass(slots=True, kw_only=True)
class Outbox:
    """What one unit of work will tell the world, if it commits."""

    table: Table
    clock: Clock
    actor_id: UUID | None = None
    request_id: str | None = None
    _events: list[Event] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Publish the event with this unit of work."""
        self._events.append(event)

    @property
    def events(self) -> tuple[Event, ...]:
        """What has been added and not yet written."""
        return tuple(self._events)

    async def write(self, session: AsyncSession) -> None:
        """Write the rows; the unit of work calls it as its last statement before the commit."""
        if not self._events:
            return
        events, self._events = self._events, []
        keys = sorted({f"{event.topic.partition('.')[0]}/{event.key}" for event in events})
        await session.execute(_ORDER, {"keys": keys, "channel": CHANNEL})
        now = self.clock.now()
        rows = [
            {
                "id": uuid7(),
                "topic": event.topic,
                "version": event.version,
                "key": event.key,
                "organization_id": event.organisation_id,
                "actor_id": self.actor_id,
                "request_id": self.request_id,
                "payload": payload_of(event),
                "occurred_at": now,
            }
            for event in events
        ]
        await session.execute(insert(self.table).values(rows))
