"""What generated code calls where a value is not the plain thing that nearly every value is."""

from typing import Any

Json = Any


MIN_INT, MAX_INT = -(2**31), 2**31 - 1


class Surprise(Exception):
    """An answer is not as the fast path expects it: the reference executor decides what becomes of it."""


SURPRISES = (Surprise, KeyError, TypeError, ValueError)
"""What generated code raises on such answers: it looks things up without asking whether they are there."""


def as_integer(value: Json) -> Json:
    """An Int that is no plain one: a float without fraction."""
    if isinstance(value, float) and value.is_integer() and MIN_INT <= value <= MAX_INT:
        return int(value)
    raise Surprise


def as_float(value: Json) -> Json:
    """A Float that is no finite float: an integer."""
    if type(value) is int:
        return value
    raise Surprise


def as_string(value: Json) -> Json:
    """A String of a class of its own."""
    if isinstance(value, str):
        return str(value)
    raise Surprise


def refuse(value: Json) -> Json:
    """Nothing else will do."""
    raise Surprise


def as_id(value: Json) -> Json:
    """An ID that its subgraph writes as a number."""
    if isinstance(value, str) or type(value) is int:
        return str(value)
    raise Surprise


def same(first: Json, *others: Json) -> Json:
    """The value on which several subgraphs agree."""
    for other in others:
        if type(first) is not type(other) or first != other:
            raise Surprise
    return first


def keys_of(*found: list[Json]) -> dict[Json, None]:
    """The distinct keys in order: all texts, or all integers."""
    everything = found[0] if len(found) == 1 else [key for each in found for key in each]
    keys = dict.fromkeys(everything)
    if not _TEXTS.issuperset(map(type, keys)) and not _NUMBERS.issuperset(map(type, everything)):
        raise Surprise
    return keys


_TEXTS, _NUMBERS = frozenset({str}), frozenset({int})
