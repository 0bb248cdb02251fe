"""Each consumer handles each event once in effect: the claim lies in the transaction of the effect."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Column, CursorResult, DateTime, Index, MetaData, Table, Text, Uuid, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession


def inbox_table(metadata: MetaData) -> Table:
    """The inbox of one domain, in the schema of its metadata."""
    return Table(
        "inbox",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        Column("claimed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("failure", Text),
        Index("ix_inbox_claimed_at", "claimed_at"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """What the consumers of one domain have handled."""

    table: Table
    session: AsyncSession

    async def claim(self, consumer: str, event_id: UUID, *, failure: str | None = None) -> bool:
        """Whether this transaction is the one to handle the event; False if another did or does.

        While another transaction holds the claim this waits for its end. `failure` notes that the
        consumer has given the event up.
        """
        statement = insert(self.table).values(consumer=consumer, event_id=event_id, failure=failure)
        result = await self.session.execute(statement.on_conflict_do_nothing())
        assert isinstance(result, CursorResult)
        return result.rowcount == 1
