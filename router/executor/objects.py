"""The objects of the response tree at a path."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from router.executor.representations import is_one_of
from router.plan.paths import Each, Key, OnTypes, Path

Json = Any
Place = tuple[str | int, ...]


def objects_at(data: dict[str, Json], path: Path) -> list[dict[str, Json]]:
    """The objects at a path, in order; nulls and values of another form are passed over."""
    return objects_below([data], path)


def objects_below(start: Sequence[Json], path: Path) -> list[dict[str, Json]]:
    """The objects at a path that begins at each of these values."""
    found = list(start)
    for step in path:
        match step:
            case Key(name):
                found = [
                    below for each in found if type(each) is dict and (below := each.get(name)) is not None
                ]
            case Each():
                found = [item for each in found if type(each) is list for item in each if item is not None]
            case OnTypes(names):
                found = [each for each in found if is_one_of(each, names)]
    return [each for each in found if type(each) is dict]


def lists_at(objects: Iterable[tuple[Json, Place]], path: Place) -> Iterator[tuple[Place, list[Json]]]:
    """The lists that a path leads to from each of these objects, with their places."""
    for found, place in objects:
        for step in path:
            match found, step:
                case dict(), str():
                    found = found.get(step)
                case list(), int() if 0 <= step < len(found):
                    found = found[step]
                case _:
                    found = None
        if type(found) is list:
            yield (*place, *path), found
