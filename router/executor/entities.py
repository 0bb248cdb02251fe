"""Collect, de-duplicate and scatter: from objects in the tree to `_entities` and back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.executor.asked import Limit, within
from router.executor.contexts import Variables, contexts_of
from router.executor.merge import Places, merge_into, merge_into_all
from router.executor.objects import objects_below
from router.executor.representations import (
    ABSENT,
    Identify,
    Represent,
    identifier_of,
    is_one_of,
    representer_of,
)
from router.executor.rewrites import rewritten
from router.plan.nodes import EntityCall, OutputRewrite, Representation
from router.plan.paths import Each, Key, OnTypes, Path

Json = Any
Target = tuple[dict[str, Json], Places]
"""An object of the tree that waits for an entity, and where below it later fetches write."""

Groups = Iterable[tuple[Iterable[dict[str, Json]], Places]]
"""Objects of the tree, and where below them later fetches write."""


@dataclass(slots=True)
class Collected:
    """Distinct representations of one call; `targets[i]` are the objects that representation i stands for."""

    representations: list[dict[str, Json]] = field(default_factory=list)
    targets: list[list[Target]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Maker:
    """How objects of one type (None: of any) become representations."""

    type: str | None
    sent: str | None
    identify: Identify
    represent: Represent


@dataclass(frozen=True, slots=True)
class _Way:
    """One path of a call; `rest` leads on from the objects of an earlier way, or from the root."""

    path: Path
    places: Places
    base: int | None
    rest: Path


class PreparedCall:
    """One EntityCall with its paths and representations compiled."""

    __slots__ = ("_by_type", "_contexts", "_is_leafy", "_makers", "_ways", "alias", "rewrites", "variable")

    def __init__(self, call: EntityCall, places: Places) -> None:
        self.alias = call.alias
        self.variable = call.variable
        self.rewrites: tuple[OutputRewrite, ...] = call.rewrites
        self._ways = _ways(call.paths, places)
        self._is_leafy = not any(way.places.keys for way in self._ways)
        self._contexts = contexts_of(call)
        self._makers = tuple(map(_maker, call.representations))
        self._by_type = {
            name: tuple(each for each in self._makers if each.type == name)
            for name in {each.type for each in self._makers}
        }

    def parts(self, data: dict[str, Json]) -> Sequence[tuple[Variables, Collected]]:
        """What was collected, apart for each different set of context variables; mostly there is one part."""
        if self._contexts is None:
            return [({}, self.collect(data))]
        (way,) = self._ways
        return [
            (variables, self._collect([(found, way.places)])) for variables, found in self._contexts(data)
        ]

    def collect(self, data: dict[str, Json]) -> Collected:
        """Every object at the paths that can be represented, equal ones once."""
        reached: list[list[dict[str, Json]]] = []
        for way in self._ways:
            start = [data] if way.base is None else reached[way.base]
            reached.append(objects_below(start, way.rest))
        return self._collect([(found, way.places) for found, way in zip(reached, self._ways, strict=True)])

    def _collect(self, groups: Groups) -> Collected:
        if len(self._makers) == 1 and self._makers[0].sent is not None:
            return self._collect_one_kind(groups, self._makers[0], self._makers[0].sent)
        collected = Collected()
        index_of: dict[object, int] = {}
        untyped = self._by_type.get(None, ())
        for objects, places in groups:
            for found in objects:
                typename = found.get("__typename")
                typename = typename if isinstance(typename, str) else None
                for maker in self._by_type.get(typename, untyped):
                    sent, identity = maker.sent or typename, maker.identify(found)
                    if sent is None or identity is ABSENT:
                        continue
                    index = index_of.setdefault((sent, identity), len(collected.targets))
                    if index == len(collected.targets):
                        collected.representations.append({"__typename": sent, **maker.represent(found)})
                        collected.targets.append([])
                    collected.targets[index].append((found, places))
                    break
        return collected

    def _collect_one_kind(self, groups: Groups, maker: _Maker, sent: str) -> Collected:
        """The same for nearly every call there is: one type of entity, under a name that is known."""
        representations: list[dict[str, Json]] = []
        targets: list[list[Target]] = []
        index_of: dict[Any, int] = {}
        wanted, identify, represent = maker.type, maker.identify, maker.represent
        for objects, places in groups:
            for found in objects:
                if wanted is not None and found.get("__typename") != wanted:
                    continue
                identity = identify(found)
                if identity is ABSENT:
                    continue
                index = index_of.get(identity)
                if index is None:
                    index_of[identity] = len(targets)
                    representations.append({"__typename": sent, **represent(found)})
                    targets.append([(found, places)])
                else:
                    targets[index].append((found, places))
        return Collected(representations, targets)

    def scatter(
        self, entity: dict[str, Json], targets: Sequence[Target], limit: Limit | None, *, is_ours: bool
    ) -> None:
        """Merge what was asked of one entity into every object that asked for it."""
        if limit is not None:
            entity = within(entity, limit)
        if self.rewrites:
            entity = rewritten(entity, self.rewrites)
        if not self._is_leafy:
            merge_into_all(targets, entity, is_ours=is_ours)
            return
        for target, _ in targets:  # nothing below is written to: the answer can go in as it is
            if target.keys().isdisjoint(entity):
                target.update(entity)
            else:
                merge_into(target, entity, None)

    def locate(self, data: dict[str, Json]) -> Mapping[int, tuple[str | int, ...]]:
        """Identity of every object at the paths to its place in the response; only for errors."""
        return {id(found): place for way in self._ways for found, place in located_objects_at(data, way.path)}


def _ways(paths: Sequence[Path], places: Places) -> tuple[_Way, ...]:
    """The paths, each from the longest earlier one that it goes through: shared parts are walked once."""
    ways: list[_Way] = []
    known: dict[Path, int] = {}
    for path in paths:
        ends = (end for end in range(len(path), -1, -1) if path[:end] in known)
        end = next(ends, 0)
        ways.append(_Way(path, places.at(path), known.get(path[:end]), path[end:]))
        known.setdefault(path, len(ways) - 1)
    return tuple(ways)


def _maker(representation: Representation) -> _Maker:
    return _Maker(
        representation.type,
        representation.typename,
        identifier_of(representation.fields),
        representer_of(representation.fields),
    )


def located_objects_at(
    data: dict[str, Json], path: Path
) -> Iterator[tuple[dict[str, Json], tuple[str | int, ...]]]:
    """The objects at a path with their places in the response."""
    found: list[tuple[Json, tuple[str | int, ...]]] = [(data, ())]
    for step in path:
        match step:
            case Key(name):
                found = [(each.get(name), (*place, name)) for each, place in found if type(each) is dict]
            case Each():
                found = [
                    (item, (*place, index))
                    for each, place in found
                    if type(each) is list
                    for index, item in enumerate(each)
                ]
            case OnTypes(names):
                found = [pair for pair in found if is_one_of(pair[0], names)]
    return ((each, place) for each, place in found if type(each) is dict)
