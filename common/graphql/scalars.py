"""Scalars all domains share; they mean the same and look the same in every subgraph."""

import re
from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def write_moment(value: Any) -> str:
    """A moment in UTC as RFC 3339 with a Z: "2030-01-01T12:00:00.000001Z"."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise GraphQLError("A DateTime needs its time zone.")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def read_moment(value: Any) -> datetime:
    """The moment in an RFC 3339 text, in UTC."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise GraphQLError("A DateTime is written like 2030-01-01T12:00:00Z.")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise GraphQLError("There is no such moment.") from error


JSON = NewType("JSON", object)
"""Any JSON value; use sparingly."""

BigInt = NewType("BigInt", int)
"""A whole number that may be larger than GraphQL's Int."""

_WHOLE = re.compile(r"-?\d{1,19}")


def read_whole(value: Any) -> int:
    """The number in a text of digits."""
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise GraphQLError('A BigInt is written like "1234".')
    return int(value)


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC, as RFC 3339: 2030-01-01T12:00:00Z.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=write_moment,
        parse_value=read_moment,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of up to 19 digits, as text.",
        serialize=str,
        parse_value=read_whole,
    ),
    JSON: strawberry.scalar(
        name="JSON", description="Any JSON value.", serialize=lambda v: v, parse_value=lambda v: v
    ),
}
