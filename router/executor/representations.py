"""From an object of the tree to its representation, and to what makes it equal to others.

Compiled once a plan. Most representations are one or two plain strings; those have functions of their own,
since they run for every object at the paths of an entity call.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final

from common.json_text import json_text
from router.plan.nodes import RequiredField

Json = Any
ABSENT: Final = object()
"""Instead of a value: the object lacks something that is required."""

MAX_LEVELS = 50
"""So deep a value is compared level by level; below, as a text. No type has lists in so many lists."""

_PLAIN = frozenset({str, int, float, bool, type(None)})

Identify = Callable[[dict[str, Json]], Any]
"""What the representation consists of, hashable; ABSENT if something is missing."""
Represent = Callable[[dict[str, Json]], dict[str, Json]]
"""The fields of the representation of an object that Identify accepted."""


def is_one_of(value: Json, names: frozenset[str]) -> bool:
    """Whether it is an object that says it is of one of these types."""
    if type(value) is not dict:
        return False
    typename = value.get("__typename")
    return isinstance(typename, str) and typename in names


def identifier_of(fields: Sequence[RequiredField]) -> Identify:
    """The function that tells equal representations from different ones."""
    if any(each.on_types is not None or each.selections for each in fields):
        return _identify_any(fields)
    if len(fields) == 1:
        return _identify_one(fields[0].key)
    return _identify_leaves(tuple(each.key for each in fields))


def representer_of(fields: Sequence[RequiredField]) -> Represent:
    """The function that cuts the required fields out of an object."""
    cuts = tuple((each.key, each.name, each.on_types, _cut_of(each)) for each in fields)

    def represent(found: dict[str, Json]) -> dict[str, Json]:
        return {
            name: cut(found[key])
            for key, name, on_types, cut in cuts
            if on_types is None or is_one_of(found, on_types)
        }

    return represent


def _cut_of(required: RequiredField) -> Callable[[Json], Json]:
    if not required.selections:
        return _whole
    represent = representer_of(required.selections)

    def cut(value: Json) -> Json:
        if isinstance(value, list | tuple):
            return [cut(item) for item in value]
        return None if value is None else represent(value)

    return cut


def _whole(value: Json) -> Json:
    return value


def _identify_one(key: str) -> Identify:
    def identify(found: dict[str, Json]) -> Any:
        value = found.get(key, ABSENT)
        return value if type(value) is str or value is ABSENT else hashable(value)

    return identify


def _identify_leaves(keys: tuple[str, ...]) -> Identify:
    values_of = itemgetter(*keys)

    def identify(found: dict[str, Json]) -> Any:
        try:
            values = values_of(found)
        except KeyError:
            return ABSENT
        types = tuple(map(type, values))
        if _PLAIN.issuperset(types):
            return values, types
        return tuple(map(hashable, values))

    return identify


def _identify_any(fields: Sequence[RequiredField]) -> Identify:
    readers = tuple((each.key, each.on_types, _identify_value(each)) for each in fields)

    def identify(found: dict[str, Json]) -> Any:
        parts = []
        for key, on_types, identify_value in readers:
            if on_types is not None and not is_one_of(found, on_types):
                parts.append(ABSENT)  # not asked of this type: part of what it is
                continue
            part = identify_value(found.get(key, ABSENT))
            if part is ABSENT:
                return ABSENT
            parts.append(part)
        return tuple(parts)

    return identify


def _identify_value(required: RequiredField) -> Callable[[Json], Any]:
    if not required.selections:
        return hashable
    identify = _identify_any(required.selections)

    def identify_value(value: Json, lists: int = MAX_LEVELS) -> Any:
        if value is None:
            return None
        if isinstance(value, list | tuple):
            if not lists:
                return ABSENT
            parts = tuple(identify_value(item, lists - 1) for item in value)
            return ABSENT if any(part is ABSENT for part in parts) else (list, parts)
        return identify(value) if type(value) is dict else ABSENT

    return identify_value


def hashable(value: Json, levels: int = MAX_LEVELS) -> Any:
    """A copy that compares equal only to equal JSON: 1, 1.0 and true are three values."""
    if value is None or value is ABSENT or isinstance(value, str):
        return value
    if isinstance(value, dict | list | tuple) and not levels:
        return json_text, json_text(value, sort_keys=True)
    if isinstance(value, dict):
        return dict, tuple(sorted((key, hashable(each, levels - 1)) for key, each in value.items()))
    if isinstance(value, list | tuple):
        return list, tuple(hashable(each, levels - 1) for each in value)
    return type(value), value
