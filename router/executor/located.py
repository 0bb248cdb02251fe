"""Errors on the way to the data, put where the client looks for them.

An error about one entity is told for every place of the response where that entity stands; a fetch that
failed as a whole is told for every field that it should have filled.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from router.executor.entities import PreparedCall
from router.executor.rewrites import names_behind
from router.plan.nodes import Fetch
from router.plan.result import FetchError
from router.plan.selections import Selections, selections_in

Json = Any
Place = tuple[str | int, ...]

MAX_PLACES = 100
"""How many places one failure is told for; then one sentence says how many more there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What went wrong, without its place."""

    message: str
    extensions: Mapping[str, Json]

    def at(self, path: Place | None) -> FetchError:
        """The error at one place of the response."""
        return FetchError(message=self.message, path=path, extensions=dict(self.extensions))

    def at_all(self, places: Iterable[Place]) -> Iterator[FetchError]:
        """One error a place; beyond MAX_PLACES the rest is only counted."""
        left_out = 0
        for number, place in enumerate(places):
            if number < MAX_PLACES:
                yield self.at(place)
            else:
                left_out += 1
        if left_out:
            yield FetchError(
                message=f"{self.message} The same happened at {left_out} more places.",
                extensions={**self.extensions, "places": left_out},
            )


class Outline:
    """What a fetch's document asks for at its top, read only when something failed."""

    def __init__(self, fetch: Fetch) -> None:
        self._document = fetch.document
        self._asked_keys: dict[str, frozenset[str]] = {}
        self._names = dict(names_behind(fetch.rewrites))
        for call in fetch.calls:
            self._names.update(names_behind(call.rewrites))

    @cached_property
    def _selections(self) -> Selections:
        return selections_in(self._document)

    def root_keys(self) -> tuple[str, ...]:
        """Response keys that a root fetch fills."""
        return tuple(key for key, _ in self._keys_at_root() if key != "__typename")

    def _keys_at_root(self) -> Sequence[tuple[str, str | None]]:
        return [(self.shown(key), on) for key, on in _keys(self._selections)]

    def entity_keys(self, alias: str) -> Sequence[tuple[str, str | None]]:
        """Response keys that an entity call fills, each with the type it stands under."""
        for selected in self._selections:
            if selected.key == alias:
                assert selected.below is not None
                return [(self.shown(key), on) for key, on in _keys(selected.below)]
        return ()

    def asked_at_root(self) -> frozenset[str]:
        """Keys of the response that an answer to a root fetch may fill."""
        return self._asked("")

    def asked_of(self, alias: str) -> frozenset[str]:
        """Keys of the response that the entities of a call may fill."""
        return self._asked(alias)

    def _asked(self, alias: str) -> frozenset[str]:
        known = self._asked_keys.get(alias)
        if known is None:
            keys = self.entity_keys(alias) if alias else self._keys_at_root()
            known = self._asked_keys[alias] = frozenset(key for key, _ in keys)
        return known

    def shown(self, key: str) -> str:
        """A key as the response has it."""
        return self._names.get(key, key)

    def shown_path(self, path: Sequence[str | int]) -> Place:
        """A path of the subgraph's answer as the response has it."""
        return tuple(self.shown(step) if isinstance(step, str) else step for step in path)


def entity_places(
    call: PreparedCall,
    objects: Iterable[dict[str, Json]],
    located: Mapping[int, Place],
    outline: Outline,
) -> Iterator[Place]:
    """Every field that the call should have filled in these objects and that is empty."""
    keys = outline.entity_keys(call.alias)
    all_keys = frozenset(key for key, _ in keys)
    of_type = {name: frozenset(key for key, on in keys if on in (None, name)) for _, name in keys}
    for found in objects:
        place = located.get(id(found))
        if place is None:
            continue
        typename = found.get("__typename")
        asked = of_type.get(typename, all_keys) if isinstance(typename, str) else all_keys
        missing = [key for key, _ in keys if key in asked and found.get(key) is None]
        if not missing:
            yield place
        for key in dict.fromkeys(missing):
            yield (*place, key)


def _keys(selections: Selections, on: str | None = None) -> Iterator[tuple[str, str | None]]:
    for selected in selections:
        if selected.key is not None:
            yield selected.key, on
        else:
            assert selected.below is not None
            yield from _keys(selected.below, selected.on or on)
