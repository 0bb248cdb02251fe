"""Collect, de-duplicate and scatter representations: from objects in the tree to `_entities` and back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from router.executor.merge import Places, merge_into
from router.executor.rewrites import rewritten
from router.plan.nodes import EntityCall, OutputRewrite, Representation, RequiredField
from router.plan.paths import Each, Key, OnTypes, Path

Json = Any
_ABSENT: Final = object()
_Read = Callable[[dict[str, Json]], tuple[Json, object]]
"""An object to its part of a representation and a hashable copy of it; (_ABSENT, None) if it lacks one."""


@dataclass(frozen=True, slots=True)
class Target:
    """An object of the tree that waits for an entity, and where below it later fetches write."""

    object: dict[str, Json]
    places: Places


@dataclass(slots=True)
class Collected:
    """Distinct representations of one call; `targets[i]` are the objects that representation i stands for."""

    representations: list[dict[str, Json]] = field(default_factory=list)
    targets: list[list[Target]] = field(default_factory=list)


class PreparedCall:
    """One EntityCall with its paths and representations compiled."""

    __slots__ = ("_by_type", "_paths", "_untyped", "alias", "rewrites", "variable")

    def __init__(self, call: EntityCall, places: Places) -> None:
        self.alias = call.alias
        self.variable = call.variable
        self.rewrites: tuple[OutputRewrite, ...] = call.rewrites
        self._paths = tuple((path, places.at(path)) for path in call.paths)
        readers = [(each, _object_reader(each.fields)) for each in call.representations]
        self._untyped = tuple(pair for pair in readers if pair[0].type is None)
        self._by_type: dict[str, list[tuple[Representation, _Read]]] = {}
        for each, read in readers:
            if each.type is not None:
                self._by_type.setdefault(each.type, []).append((each, read))

    def collect(self, data: dict[str, Json]) -> Collected:
        """Every object at the paths that can be represented, equal ones once."""
        collected = Collected()
        index_of: dict[object, int] = {}
        for path, places in self._paths:
            for found in objects_at(data, path):
                self._add(found, places, collected, index_of)
        return collected

    def _add(
        self, found: dict[str, Json], places: Places, collected: Collected, index_of: dict[object, int]
    ) -> None:
        typename = found.get("__typename")
        if not isinstance(typename, str):
            typename = None
        for representation, read in self._by_type.get(typename or "", self._untyped):
            sent = representation.typename or typename
            fields, identity = read(found)
            if fields is _ABSENT or sent is None:
                continue
            identity = (sent, identity)
            index = index_of.get(identity)
            if index is None:
                index_of[identity] = len(collected.representations)
                collected.representations.append({"__typename": sent, **fields})
                collected.targets.append([Target(found, places)])
            else:
                collected.targets[index].append(Target(found, places))
            return

    def scatter(self, entity: dict[str, Json], targets: Sequence[Target]) -> None:
        """Merge one entity into every object that asked for it."""
        if self.rewrites:
            entity = rewritten(entity, self.rewrites)
        for target in targets:
            merge_into(target.object, entity, target.places)

    def locate(self, data: dict[str, Json]) -> Mapping[int, tuple[str | int, ...]]:
        """Identity of every object at the paths to its place in the response; only for errors."""
        return {
            id(found): place for path, _ in self._paths for found, place in _located_objects_at(data, path)
        }


def objects_at(data: dict[str, Json], path: Path) -> list[dict[str, Json]]:
    """The objects at a path, in order; nulls and values of another form are passed over."""
    found: list[Json] = [data]
    for step in path:
        match step:
            case Key(name):
                found = [
                    below for each in found if type(each) is dict and (below := each.get(name)) is not None
                ]
            case Each():
                found = [item for each in found if type(each) is list for item in each if item is not None]
            case OnTypes(names):
                found = [each for each in found if _is_one_of(each, names)]
    return [each for each in found if type(each) is dict]


def _located_objects_at(
    data: dict[str, Json], path: Path
) -> Iterator[tuple[dict[str, Json], tuple[str | int, ...]]]:
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
                found = [pair for pair in found if _is_one_of(pair[0], names)]
    return ((each, place) for each, place in found if type(each) is dict)


def _is_one_of(value: Json, names: frozenset[str]) -> bool:
    if type(value) is not dict:
        return False
    typename = value.get("__typename")
    return isinstance(typename, str) and typename in names


def _object_reader(fields: Sequence[RequiredField]) -> _Read:
    readers = tuple((each.key, each.name, each.on_types, _value_reader(each)) for each in fields)

    def read_object(found: dict[str, Json]) -> tuple[Json, object]:
        answer: dict[str, Json] = {}
        identity: list[object] = []
        for key, name, on_types, read in readers:
            if on_types is not None and not _is_one_of(found, on_types):
                continue
            value = found.get(key, _ABSENT)
            if value is _ABSENT:
                return _ABSENT, None
            if type(value) is str and read is _leaf:
                answer[name] = value
                identity.append(value)
                continue
            value, part = read(value)
            if value is _ABSENT:
                return _ABSENT, None
            answer[name] = value
            identity.append(part)
        return answer, tuple(identity)

    return read_object


def _value_reader(required: RequiredField) -> Callable[[Json], tuple[Json, object]]:
    if not required.selections:
        return _leaf
    read_object = _object_reader(required.selections)

    def read_value(value: Json) -> tuple[Json, object]:
        if value is None:
            return None, None
        if isinstance(value, list | tuple):
            pairs = [read_value(item) for item in value]
            if any(item is _ABSENT for item, _ in pairs):
                return _ABSENT, None
            return [item for item, _ in pairs], tuple(part for _, part in pairs)
        if not isinstance(value, dict):
            return _ABSENT, None
        return read_object(value)

    return read_value


def _leaf(value: Json) -> tuple[Json, object]:
    return value, _hashable(value)


def _hashable(value: Json) -> object:
    """A copy that compares equal only to equal JSON: 1, 1.0 and true are three values."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return dict, tuple(sorted((key, _hashable(each)) for key, each in value.items()))
    if isinstance(value, list | tuple):
        return list, tuple(_hashable(each) for each in value)
    return type(value), value
