"""Relay pages by keyset: opaque signed cursors, stable under writes, one statement a page.

The columns of an order must not be null, and its last one must be unique (the id).
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, true, tuple_
from sqlalchemy import column as sql_column
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.types import TypeDecorator, TypeEngine

from common.errors import DomainError, Kind

DEFAULT_SIZE = 50
LARGEST_SIZE = 100
_LONGEST_CURSOR = 1024

RowT = TypeVar("RowT")
OtherT = TypeVar("OtherT")
KeyT = TypeVar("KeyT")


class InvalidPage(DomainError):
    """The paging arguments contradict each other or are out of range."""

    code = "INVALID_PAGE"
    kind: ClassVar[Kind] = Kind.INVALID


class InvalidCursor(DomainError):
    """The cursor is not one of this list's."""

    code = "INVALID_CURSOR"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self) -> None:
        super().__init__("This cursor does not belong to this list.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which page: `first`/`after` forwards or `last`/`before` backwards; `total` asks for the count too."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    total: bool = False

    def __post_init__(self) -> None:
        if self.first is not None and self.last is not None:
            raise InvalidPage("Give either first or last.")
        if (self.after is not None and self.is_backward) or (
            self.before is not None and self.first is not None
        ):
            raise InvalidPage("Give first with after, or last with before.")
        if not 1 <= self.size <= LARGEST_SIZE:
            raise InvalidPage(f"A page has 1 to {LARGEST_SIZE} items.")

    @property
    def is_backward(self) -> bool:
        """The page ends where `before` points."""
        return self.last is not None or self.before is not None

    @property
    def size(self) -> int:
        """How many items at most."""
        if self.first is not None:
            return self.first
        return DEFAULT_SIZE if self.last is None else self.last

    @property
    def cursor(self) -> str | None:
        """Where the page begins (or ends)."""
        return self.before if self.is_backward else self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[RowT]):
    """Some items of a list, each with its cursor. `total` is None unless it was asked for."""

    items: tuple[RowT, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool
    total: int | None = None

    def map(self, change: Callable[[RowT], OtherT]) -> "Page[OtherT]":
        """The same page of other things."""
        return Page(
            items=tuple(change(item) for item in self.items),
            cursors=self.cursors,
            has_next=self.has_next,
            has_previous=self.has_previous,
            total=self.total,
        )


@dataclass(frozen=True, slots=True)
class Ascending:
    """Smallest first."""

    column: Any


@dataclass(frozen=True, slots=True)
class Descending:
    """Largest first."""

    column: Any


class Order:
    """A named order of a list; the name binds cursors to it.

    `Order("newest", Descending(Note.created_at), Descending(Note.id))`
    """

    def __init__(self, name: str, *parts: Ascending | Descending) -> None:
        self.name = name
        self.parts = parts

    @cached_property
    def columns(self) -> tuple[ColumnElement[Any], ...]:
        """The columns, most significant first."""
        return tuple(_element(part.column) for part in self.parts)

    def clauses(self, *, is_backward: bool) -> list[ColumnElement[Any]]:
        """What stands behind ORDER BY."""
        return self.clauses_over(self.columns, is_backward=is_backward)

    def clauses_over(
        self, columns: Sequence[ColumnElement[Any]], *, is_backward: bool
    ) -> list[ColumnElement[Any]]:
        """The same order over columns that stand for ours."""
        return [
            column.desc() if isinstance(part, Descending) != is_backward else column.asc()
            for part, column in zip(self.parts, columns, strict=True)
        ]

    def beyond(self, values: Sequence[Any], *, is_backward: bool) -> ColumnElement[bool]:
        """The rows behind a position (in front of it, if backward)."""
        falls = [isinstance(part, Descending) != is_backward for part in self.parts]
        bound = [literal(value, column.type) for value, column in zip(values, self.columns, strict=True)]
        if len(set(falls)) == 1:
            left, right = tuple_(*self.columns), tuple_(*bound)
            return left < right if falls[0] else left > right
        alternatives = []
        for index, column in enumerate(self.columns):
            same = [self.columns[earlier] == bound[earlier] for earlier in range(index)]
            here = column < bound[index] if falls[index] else column > bound[index]
            alternatives.append(and_(*same, here))
        return or_(*alternatives)


class CursorCodec:
    """Makes cursors and reads back only its own."""

    def __init__(self, secret: SecretStr | str) -> None:
        plain = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
        self._key = hashlib.sha256(b"atrium cursor\0" + plain.encode()).digest()

    def encode(self, order: Order, values: Sequence[Any]) -> str:
        """The cursor of a row with these order values."""
        payload = json.dumps([_to_json(value) for value in values], separators=(",", ":")).encode()
        raw = self._mark(order, payload) + payload
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def decode(self, order: Order, cursor: str) -> tuple[Any, ...]:
        """The order values in a cursor; raises InvalidCursor."""
        if len(cursor) > _LONGEST_CURSOR:
            raise InvalidCursor
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidCursor from error
        mark, payload = raw[:12], raw[12:]
        if not hmac.compare_digest(mark, self._mark(order, payload)):
            raise InvalidCursor
        values = json.loads(payload)
        return tuple(
            _from_json(value, column.type) for value, column in zip(values, order.columns, strict=True)
        )

    def _mark(self, order: Order, payload: bytes) -> bytes:
        return hmac.digest(self._key, order.name.encode() + b"\0" + payload, "sha256")[:12]


async def page_of(
    session: AsyncSession,
    statement: Select[RowT],
    order: Order,
    request: PageRequest,
    cursors: CursorCodec,
) -> Page[RowT]:
    """One page of what a select of one thing finds."""
    backward = request.is_backward
    limited = statement.add_columns(*order.columns).order_by(None)
    if request.cursor is not None:
        limited = limited.where(order.beyond(cursors.decode(order, request.cursor), is_backward=backward))
    limited = limited.order_by(*order.clauses(is_backward=backward)).limit(request.size + 1)
    rows = [(row[0], row[1:]) for row in (await session.execute(limited)).all()]
    total = await _count(session, statement) if request.total else None
    return _page(rows, order, request, cursors, total)


async def pages_by_key(
    session: AsyncSession,
    statement: Select[RowT],
    key: InstrumentedAttribute[KeyT],
    keys: Sequence[KeyT],
    order: Order,
    request: PageRequest,
    cursors: CursorCodec,
) -> dict[KeyT, Page[RowT]]:
    """One page per key, in one statement (two, if totals are asked for). Every key gets a page.

    `statement` selects one mapped class.
    """
    backward = request.is_backward
    wanted_keys = func.unnest(literal(list(keys), ARRAY(key.type))).table_valued(sql_column("key", key.type))
    wanted_keys = wanted_keys.render_derived(name="wanted")
    positions = [column.label(f"page_order_{index}") for index, column in enumerate(order.columns)]
    one = statement.add_columns(*positions).where(key == wanted_keys.c.key).order_by(None)
    if request.cursor is not None:
        one = one.where(order.beyond(cursors.decode(order, request.cursor), is_backward=backward))
    # Each key reads its own page from the index and stops; a window function would read all its rows.
    source = one.order_by(*order.clauses(is_backward=backward)).limit(request.size + 1).lateral("page")
    thing = aliased(statement.column_descriptions[0]["entity"], source)
    found_positions = [source.c[position.name] for position in positions]
    outer = (
        select(thing, wanted_keys.c.key, *found_positions)
        .select_from(wanted_keys.join(source, true()))
        .order_by(wanted_keys.c.key, *order.clauses_over(found_positions, is_backward=backward))
    )
    found: dict[KeyT, list[tuple[RowT, Sequence[Any]]]] = {wanted: [] for wanted in keys}
    for row in (await session.execute(outer)).all():
        found[row[1]].append((row[0], row[2:]))
    totals = await _counts(session, statement, key, keys) if request.total else None
    return {
        wanted: _page(rows, order, request, cursors, None if totals is None else totals.get(wanted, 0))
        for wanted, rows in found.items()
    }


def _page(
    rows: Sequence[tuple[RowT, Sequence[Any]]],
    order: Order,
    request: PageRequest,
    cursors: CursorCodec,
    total: int | None,
) -> Page[RowT]:
    has_more = len(rows) > request.size
    shown = list(rows[: request.size])
    if request.is_backward:
        shown.reverse()
    return Page(
        items=tuple(item for item, _ in shown),
        cursors=tuple(cursors.encode(order, values) for _, values in shown),
        has_next=request.before is not None if request.is_backward else has_more,
        has_previous=has_more if request.is_backward else request.after is not None,
        total=total,
    )


async def _count(session: AsyncSession, statement: Select[RowT]) -> int:
    inner = statement.order_by(None).subquery("counted")
    return int((await session.execute(select(func.count()).select_from(inner))).scalar_one())


async def _counts(
    session: AsyncSession,
    statement: Select[RowT],
    key: InstrumentedAttribute[KeyT],
    keys: Sequence[KeyT],
) -> Mapping[KeyT, int]:
    counted = statement.order_by(None).where(key.in_(keys)).with_only_columns(key, func.count()).group_by(key)
    return {wanted: int(count) for wanted, count in (await session.execute(counted)).all()}


def _element(column: Any) -> ColumnElement[Any]:
    element = column.__clause_element__() if hasattr(column, "__clause_element__") else column
    assert isinstance(element, ColumnElement)
    return element


def _to_json(value: Any) -> str | int | bool:
    match value:
        case bool() | int() | str():
            return value
        case UUID():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case _:
            raise TypeError(f"a {type(value).__name__} cannot stand in a cursor")


def _from_json(value: Any, type_: TypeEngine[Any]) -> Any:
    kind = (type_.impl_instance if isinstance(type_, TypeDecorator) else type_).python_type
    if kind is UUID:
        return UUID(value)
    if issubclass(kind, datetime | date):
        return kind.fromisoformat(value)
    return value
