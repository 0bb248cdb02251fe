"""Subgraph data into the response tree.

A subgraph's answer may be shared with other requests; then nothing in it is ever changed. Copying all of it
would cost more than merging, and is not needed: the plan says where later fetches write (`Places`). Only the
containers on the way there are copied; everything else goes into the tree as it is. An answer that is ours
alone is not copied at all.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from router.plan.paths import Each, Key, OnTypes, Path

Json = Any


class Places:
    """Where in the response tree fetches write: a tree of keys and list steps."""

    __slots__ = ("each", "keys")

    def __init__(self) -> None:
        self.keys: dict[str, Places] = {}
        self.each: Places | None = None

    def at(self, path: Path) -> "Places":
        """The part below `path`; it grows if nothing is known there yet."""
        place = self
        for step in path:
            match step:
                case Key(name):
                    place = place.keys.setdefault(name, Places())
                case Each():
                    if place.each is None:
                        place.each = Places()
                    place = place.each
                case OnTypes():
                    pass
        return place


def places_of(paths: Iterable[Path]) -> Places:
    """The places that these paths lead to."""
    places = Places()
    for path in paths:
        places.at(path)
    return places


def merge_into_all(
    targets: Sequence[tuple[dict[str, Json], Places]], source: dict[str, Json], *, is_ours: bool
) -> None:
    """Add an answer to every object that stands for one thing; if it is ours, one of them keeps it."""
    for target, places in targets[1:]:
        merge_into(target, source, places)
    if targets:
        target, places = targets[0]
        merge_into(target, source, places, is_ours=is_ours)


def merge_into(
    target: dict[str, Json], source: dict[str, Json], places: Places | None, *, is_ours: bool = False
) -> None:
    """Add an answer to an object of ours: nulls add nothing, objects and lists merge, scalars replace."""
    inner = places.keys if places is not None else None
    if (is_ours or not inner) and target.keys().isdisjoint(source):
        target.update(source)
        return
    for key, value in source.items():
        below = inner.get(key) if inner else None
        existing = target.get(key)
        if existing is None:
            target[key] = value if below is None or is_ours else owned(value, below)
        elif value is not None:
            target[key] = _merged(existing, value, below, is_ours)


def merged(existing: Json, value: Json) -> Json:
    """Two answers to one field as one; neither is changed."""
    if existing is None or value is None:
        return value if existing is None else existing
    return _merged(existing, value, None, False)


def owned(value: Json, places: Places) -> Json:
    """The value with every container on the way to `places` copied, so that it may be written to."""
    if isinstance(value, dict):
        copy = dict(value)
        for key, below in places.keys.items():
            inner = copy.get(key)
            if inner is not None:
                copy[key] = owned(inner, below)
        return copy
    if isinstance(value, list | tuple) and places.each is not None:
        below = places.each
        return [owned(item, below) for item in value]
    return value


def _merged(existing: Json, value: Json, places: Places | None, is_ours: bool) -> Json:
    """Two answers to one field. `places` given: `existing` is ours and stays the same object."""
    if isinstance(existing, dict):
        if not isinstance(value, dict):
            return existing
        target = existing if places is not None else dict(existing)
        merge_into(target, value, places, is_ours=is_ours)
        return target
    if isinstance(existing, list | tuple):
        if not isinstance(value, list | tuple) or len(existing) != len(value):
            return existing  # the subgraphs disagree, and what others hold of the first answer must stand
        return _merged_items(existing, value, places.each if places is not None else None, is_ours)
    return value if places is None or is_ours else owned(value, places)


def _merged_items(existing: Any, value: Any, places: Places | None, is_ours: bool) -> list[Json]:
    items = existing if places is not None else list(existing)
    for index, item in enumerate(value):
        if item is None:
            continue
        if items[index] is None:
            items[index] = item if places is None or is_ours else owned(item, places)
        else:
            items[index] = _merged(items[index], item, places, is_ours)
    return items
