"""Which file stands where in an operation: the two first fields of the multipart request specification."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from router.errors import BadRequest

Json = Any
_LONGEST_PATH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a file stands: it is shown as its client wrote it."""

    shown: str
    steps: tuple[str, ...]


Places = Mapping[str, tuple[Place, ...]]
"""The places of each file, by the name of its field."""


def operations_of(text: bytes) -> Json:
    """The operation, or a list of some; raises BadRequest."""
    operations = _json(text, "operations")
    if isinstance(operations, dict) or (
        isinstance(operations, list) and all(isinstance(each, dict) for each in operations)
    ):
        return operations
    raise BadRequest('The field "operations" has to be an operation, or a list of some.')


def places_of(text: bytes, operations: Json, *, max_files: int, max_places: int) -> Places:
    """Where the files stand; raises BadRequest if a place is not there, or not null."""
    given = _json(text, "map")
    if not isinstance(given, dict):
        raise BadRequest('The field "map" has to be an object: names of files with lists of places.')
    if len(given) > max_files:
        raise BadRequest(f'The field "map" has {len(given)} files; the limit is {max_files}.')
    found = {name: tuple(_places(name, listed)) for name, listed in given.items()}
    every = [place for places in found.values() for place in places]
    if len(every) > max_places:
        raise BadRequest(f'The field "map" has {len(every)} places; the limit is {max_places}.')
    if len({place.steps for place in every}) != len(every):
        raise BadRequest('The field "map" has two files for one place.')
    for place in every:
        _check(operations, place)
    return found


def put(operations: Json, places: Iterable[Place], value: str) -> None:
    """Put the value where the nulls are."""
    for place in places:
        holder = _holder(operations, place)
        if isinstance(holder, list):
            holder[int(place.steps[-1])] = value
        else:
            holder[place.steps[-1]] = value


def _json(text: bytes, name: str) -> Json:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        raise BadRequest(f'The field "{name}" of the multipart form is not JSON.') from problem


def _places(name: str, listed: Json) -> Iterable[Place]:
    if not isinstance(listed, list) or not listed or not all(isinstance(each, str) for each in listed):
        raise BadRequest(f'The field "map" has no list of places for the file "{name[:40]}".')
    for each in listed:
        steps = tuple(each.split("."))
        if len(steps) > _LONGEST_PATH:
            raise BadRequest('The field "map" has a place that is nested too deeply.')
        yield Place(shown=each[:200], steps=steps)


def _check(operations: Json, place: Place) -> None:
    holder, last = _holder(operations, place), place.steps[-1]
    is_there = (
        _index(holder, last) if isinstance(holder, list) else isinstance(holder, dict) and last in holder
    )
    if not is_there or "variables" not in place.steps[:2]:
        raise BadRequest(f'The place "{place.shown}" of the field "map" is no variable of the operation.')
    if (holder[int(last)] if isinstance(holder, list) else holder[last]) is not None:
        raise BadRequest(f'At the place "{place.shown}" of the field "map" null has to stand for the file.')


def _holder(operations: Json, place: Place) -> Json:
    value = operations
    for step in place.steps[:-1]:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and _index(value, step):
            value = value[int(step)]
        else:
            return None
    return value


def _index(value: list[Json], step: str) -> bool:
    return step.isascii() and step.isdecimal() and len(step) < 9 and int(step) < len(value)
