"""Absent is not null: an absent part of an input stays as it is, null is refused where a value is needed."""

from typing import TypeVar

import strawberry

from common.errors import InvalidInput

ValueT = TypeVar("ValueT")


def given(value: ValueT | None, field: str) -> ValueT | None:
    """The value, None if it was absent (UNSET); raises InvalidInput if it was null."""
    if value is strawberry.UNSET:
        return None
    if value is None:
        raise InvalidInput(f"{field} cannot be null: leave it out to keep it.", path=("input", field))
    return value
