"""The small pieces that the repositories of all domains are made of."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from common.db.errors import constraint_of
from common.errors import DomainError

RowT = TypeVar("RowT")
KeyT = TypeVar("KeyT")


class Repository:
    """Every SQL statement of a domain lives in subclasses of this."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def by_keys(
        self, statement: Select[RowT], column: InstrumentedAttribute[KeyT], keys: Sequence[KeyT]
    ) -> dict[KeyT, RowT]:
        """The one row of each key that has one; one statement."""
        found = await self.session.execute(statement.add_columns(column).where(column.in_(keys)))
        return {row[1]: row[0] for row in found.all()}

    async def grouped(
        self,
        statement: Select[RowT],
        column: InstrumentedAttribute[KeyT],
        keys: Sequence[KeyT],
    ) -> dict[KeyT, tuple[RowT, ...]]:
        """All rows of each key, in the statement's order; one statement. Bounded lists only: else pages."""
        groups: defaultdict[KeyT, list[RowT]] = defaultdict(list)
        for row in (await self.session.execute(statement.add_columns(column).where(column.in_(keys)))).all():
            groups[row[1]].append(row[0])
        return {key: tuple(rows) for key, rows in groups.items()}

    async def one_or_none(self, statement: Select[RowT], *, lock: bool = False) -> RowT | None:
        """The row, locked until the end of the unit of work if asked."""
        found = await self.session.execute(statement.with_for_update() if lock else statement)
        return found.scalar_one_or_none()

    async def insert(
        self, row: object, *, taken: Mapping[str, Callable[[], DomainError]] | None = None
    ) -> None:
        """Write the row now. `taken` says which refusal a broken constraint stands for, by its name.

        The savepoint keeps the unit of work usable after a refusal.
        """
        try:
            async with self.session.begin_nested():
                self.session.add(row)
                await self.session.flush()
        except IntegrityError as error:
            refuse_if_taken(error, taken or {})
            raise

    async def flush(self, *, taken: Mapping[str, Callable[[], DomainError]] | None = None) -> None:
        """Write what has changed so far; `taken` as for `insert`."""
        try:
            await self.session.flush()
        except IntegrityError as error:
            refuse_if_taken(error, taken or {})
            raise


def refuse_if_taken(error: IntegrityError, taken: Mapping[str, Callable[[], Any]]) -> None:
    """Raise the refusal that stands for the broken constraint, if there is one."""
    refusal = taken.get(constraint_of(error) or "")
    if refusal is not None:
        raise refusal() from error
