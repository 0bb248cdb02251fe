"""Pages without a database: what may be asked, cursors, the SQL of an order."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import column
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import Integer, Text, Uuid

from common.db.base import UtcDateTime
from common.db.pages import (
    Ascending,
    CursorCodec,
    Descending,
    InvalidCursor,
    InvalidPage,
    Order,
    Page,
    PageRequest,
)
from common.ids import uuid7

NAME, AGE, BORN, ID = (
    column("name", Text),
    column("age", Integer),
    column("born", UtcDateTime),
    column("id", Uuid),
)
NEWEST = Order("newest", Descending(BORN), Descending(ID))
MIXED = Order("mixed", Ascending(NAME), Descending(AGE), Ascending(ID))
CODEC = CursorCodec(SecretStr("a secret"))


def sql(element: Any) -> str:
    """The condition as PostgreSQL reads it."""
    dialect: Any = postgresql.dialect
    compiled = element.compile(dialect=dialect())
    return " ".join(str(compiled).split())


def test_fifty_items_if_nothing_is_said() -> None:
    request = PageRequest()

    assert (request.size, request.is_backward, request.cursor) == (50, False, None)


@pytest.mark.parametrize(
    ("arguments", "size", "is_backward", "cursor"),
    [
        ({"first": 1, "after": "a"}, 1, False, "a"),
        ({"last": 100, "before": "b"}, 100, True, "b"),
        ({"before": "b"}, 50, True, "b"),
        ({"after": "a"}, 50, False, "a"),
    ],
)
def test_both_directions(arguments: dict[str, Any], size: int, is_backward: bool, cursor: str) -> None:
    request = PageRequest(**arguments)

    assert (request.size, request.is_backward, request.cursor) == (size, is_backward, cursor)


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": 0},
        {"first": -1},
        {"first": 101},
        {"last": 0},
        {"last": 101},
        {"first": 1, "last": 1},
        {"first": 1, "before": "b"},
        {"last": 1, "after": "a"},
        {"after": "a", "before": "b"},
    ],
)
def test_contradictions_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidPage):
        PageRequest(**arguments)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50), st.integers(), st.uuids())
def test_a_cursor_leads_back_to_its_values(name: str, age: int, id: Any) -> None:
    assert CODEC.decode(MIXED, CODEC.encode(MIXED, [name, age, id])) == (name, age, id)


def test_moments_keep_their_microseconds_and_zone() -> None:
    values = (datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), uuid7())

    assert CODEC.decode(NEWEST, CODEC.encode(NEWEST, values)) == values


@given(st.text(max_size=100))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        CODEC.decode(NEWEST, text)


def test_cursors_of_other_lists_and_other_secrets_are_refused() -> None:
    values = (datetime(2030, 1, 1, tzinfo=UTC), uuid7())
    same_columns = Order("oldest", *NEWEST.parts)
    strangers = [CODEC.encode(same_columns, values), CursorCodec("another secret").encode(NEWEST, values)]

    for stranger in strangers:
        with pytest.raises(InvalidCursor):
            CODEC.decode(NEWEST, stranger)


def test_one_direction_is_one_comparison_that_an_index_serves() -> None:
    values = (datetime(2030, 1, 1, tzinfo=UTC), uuid7())

    assert sql(NEWEST.beyond(values, is_backward=False)).startswith("(born, id) < (")
    assert sql(NEWEST.beyond(values, is_backward=True)).startswith("(born, id) > (")


def test_mixed_directions_are_spelled_out() -> None:
    condition = sql(MIXED.beyond(("a", 1, uuid7()), is_backward=False))

    assert [part in condition for part in ("name > ", "age < ", "id > ")] == [True] * 3
    assert condition.count(" OR ") == 2


def test_a_page_of_rows_becomes_a_page_of_other_things() -> None:
    page = Page(items=(1, 2), cursors=("a", "b"), has_next=True, has_previous=False, total=7)

    assert page.map(str) == Page(
        items=("1", "2"), cursors=("a", "b"), has_next=True, has_previous=False, total=7
    )
