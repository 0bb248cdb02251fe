"""From the answers so far to the representations of an entity call: one walk for all its paths.

Where one key tells the entities apart, the walk gives the distinct keys, and what else a representation
holds comes from tables by the same key. Otherwise it gives key → representation.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from router.compiled.asked import Types, declared_type, possible_types
from router.compiled.branches import branch_on_type
from router.compiled.place import (
    Call,
    Cursor,
    Found,
    Place,
    Value,
    View,
    all_or_none,
    items_below,
    items_of,
    renamed,
    views_of,
)
from router.compiled.source import Constants, Lines, NotCompilable, Unanswered, each_of
from router.plan.nodes import Representation
from router.plan.paths import Each, Key, OnTypes, Path
from schema.supergraph.model import ObjectType, Supergraph, TypeRef

_Targets = Sequence[tuple[int, Path]]
"""Which path of the call, and what is left of it."""

_Elsewhere = dict[int, tuple[int, str]]
"""Field of a representation → the table and key it is taken from, once the identity is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """Where walks and projection begin: the answers to root fetches, and all calls."""

    root: str
    views: tuple[View, ...]
    calls: tuple[Call, ...]

    def place(self, lines: Lines, types: Types, allowed: frozenset[int] | None = None) -> Place:
        """The root of the response tree, as far as these fetches know it."""
        return Place(
            lines=lines,
            types=types,
            views=tuple(view for view in self.views if allowed is None or view.position in allowed),
            cursors=tuple(
                Cursor(path, call)
                for call in self.calls
                if allowed is None or call.position in allowed
                for path in call.call.paths
            ),
        )


@dataclass(frozen=True, slots=True)
class Walk:
    """Bodies of two functions: `keys(D)` and `represent(D, keys)`, without their heads."""

    keys: str
    represent: str


def write_walk(call: Call, grounds: Grounds, supergraph: Supergraph, constants: Constants) -> Walk:
    """The walk of one call; settles its identity."""
    by_key: tuple[tuple[int, ...], _Elsewhere] | None = ((0,), {})
    if not call.has_one_leaf:
        first = _Walker(call, grounds, supergraph, constants)
        first.write()
        by_key = first.by_key
    if by_key is not None:
        call.identity, elsewhere = by_key
        again = _Walker(call, grounds, supergraph, constants)
        again.write()
        return Walk(again.finish(), _represent_by_key(call, elsewhere))
    call.identity = tuple(range(max(len(each.fields) for each in call.call.representations)))
    again = _Walker(call, grounds, supergraph, constants)
    again.write()
    return Walk(again.finish(), " return list(keys.values())")


def _represent_by_key(call: Call, elsewhere: _Elsewhere) -> str:
    (representation,) = call.call.representations
    members = [f"'__typename': {representation.typename or representation.type!r}"]
    for number, required in enumerate(representation.fields):
        if number in elsewhere:
            slot, key = elsewhere[number]
            members.append(f"{required.name!r}: t{slot}[k][{key!r}]")
        else:
            members.append(f"{required.name!r}: k")
    return f" return [{{{', '.join(members)}}} for k in keys]"


class _Walker:
    def __init__(self, call: Call, grounds: Grounds, supergraph: Supergraph, constants: Constants) -> None:
        self._call = call
        self._grounds = grounds
        self._supergraph = supergraph
        self._lines = Lines(constants)
        self._found: list[tuple[int, _Elsewhere] | None] = []

    @property
    def by_key(self) -> tuple[tuple[int, ...], _Elsewhere] | None:
        """The one field that tells entities apart, and whence the others come, if that is so everywhere."""
        if not self._found or not self._call.is_of_one_kind:
            return None
        first = self._found[0]
        if first is None or any(each != first for each in self._found):
            return None
        return (first[0],), first[1]

    def write(self) -> None:
        types = frozenset((self._grounds.root,))
        place = self._grounds.place(self._lines, types, self._call.ancestors)
        self._visit(place, list(enumerate(self._call.call.paths)))

    def finish(self) -> str:
        """The body of `keys`."""
        is_by_key = self._is_by_key
        names = [f"s{number}" for number in range(len(self._call.call.paths))]
        heads = [f" {name} = {'[]' if is_by_key else '{}'}" for name in names]
        end = f" return keys_of({', '.join(names)})" if is_by_key else f" return {' | '.join(names)}"
        return "\n".join([*heads, *self._lines.text, end])

    @property
    def _is_by_key(self) -> bool:
        return self._call.is_of_one_kind and self._call.identity is not None and len(self._call.identity) == 1

    def _by_key(self, place: Place, representation: Representation) -> tuple[int, _Elsewhere] | None:
        """Number of the field on which all others depend, and where those stand."""
        if any(each.selections for each in representation.fields):
            return None
        return _by_key([place.values(each.key, self._call.ancestors) for each in representation.fields])

    def _visit(self, place: Place, targets: _Targets) -> None:
        targets = list(_narrowed(targets, place.types))
        if not targets:
            return
        allowed = self._call.ancestors
        if len(place.types) > 1 and not place.is_told and place.has("__typename", allowed):
            typename = place.one("__typename", allowed)
            branch_on_type(
                place,
                typename,
                place.types,
                lambda below, _: self._visit_some(below, targets),
                lambda name: self._told_apart_by(place, name, targets),
            )
            return
        for number, steps in targets:
            if not steps:
                self._arrive(number, place)
        for key in dict.fromkeys(_next_key(steps) for _, steps in targets if steps):
            values = place.values(key, allowed)
            if not values:
                raise Unanswered("nobody answers a field on the way")
            below = [(number, steps[1:]) for number, steps in targets if steps and _next_key(steps) == key]
            declared = declared_type(self._supergraph, place.types, values[0].name)
            found = [(each.variable, each.below, each.view.position) for each in values]
            self._descend(place.lines, found, declared, declared.list_depth, place.cursors_below(key), below)

    def _told_apart_by(self, place: Place, name: str, targets: _Targets) -> Hashable:
        """Which paths go on below objects of a type, and of what types the fields on them are."""
        known = self._supergraph.types[name]
        assert isinstance(known, ObjectType)
        narrowed = tuple(_narrowed(targets, frozenset((name,))))
        keys = {steps[0].name for _, steps in narrowed if steps and isinstance(steps[0], Key)}
        declared = (known.fields.get(field) for field in sorted(place.names_behind(keys)))
        return narrowed, tuple(None if each is None else each.type.text for each in declared)

    def _visit_some(self, place: Place, targets: _Targets) -> None:
        """Objects of one type: those that have no such field are passed over."""
        lines = place.lines
        place.lines = lines.part()
        try:
            self._visit(place, targets)
        except Unanswered:
            return
        lines.take(place.lines)

    def _descend(
        self,
        lines: Lines,
        found: Found,
        declared: TypeRef,
        depth: int,
        cursors: tuple[Cursor, ...],
        targets: _Targets,
    ) -> None:
        variables = [variable for variable, _, _ in found]
        all_or_none(lines, variables)
        with lines.block(f"if {variables[0]} is not None:"):
            if not depth:
                types = possible_types(self._supergraph, declared.name)
                self._visit(Place(lines=lines, types=types, views=views_of(found), cursors=cursors), targets)
                return
            items = items_of(lines, variables)
            with lines.block(each_of(items, variables)):
                below = [(number, steps[1:]) for number, steps in targets if steps[:1] == (Each(),)]
                if len(below) != len(targets):
                    raise NotCompilable("a path that overlooks a list")
                inner = renamed(found, items)
                self._descend(lines, inner, declared, depth - 1, items_below(cursors), below)

    def _arrive(self, number: int, place: Place) -> None:
        representation = self._call.representation_of(place.types)
        if representation is None:
            return
        if not place.is_told and (representation.type is not None or representation.typename is None):
            typename = place.one("__typename", self._call.ancestors)
            wanted = representation.type or place.sent_as(representation)
            place.lines.line(f"if {typename} != {wanted!r}: raise Surprise")
        if self._is_by_key:
            key, _ = place.key_of(self._call, representation)
            place.lines.line(f"s{number}.append({key})")
            return
        self._found.append(self._by_key(place, representation))
        key, _ = place.key_of(self._call, representation)
        name = place.lines.fresh("k")
        place.lines.line(f"{name} = {key}")
        members = [f"'__typename': {place.sent_as(representation)!r}"]
        members += [f"{each.name!r}: {place.required(self._call, each)}" for each in representation.fields]
        place.lines.line(f"if {name} not in s{number}: s{number}[{name}] = {{{', '.join(members)}}}")


def _by_key(sources: Sequence[Sequence[Value]]) -> tuple[int, _Elsewhere] | None:
    if len(sources) == 1:
        return 0, {}
    plain = [each[0] if len(each) == 1 else None for each in sources]
    for number, chosen in enumerate(plain):
        if chosen is None:
            continue
        read = (chosen.view.variable, chosen.key)
        others = [(at, each) for at, each in enumerate(plain) if at != number]
        if all(each is not None and each.view.looked_up_by == read for _, each in others):
            return number, {at: (each.view.slot, each.key) for at, each in others if each is not None}
    return None


def _narrowed(targets: _Targets, types: Types) -> Iterable[tuple[int, Path]]:
    for number, steps in targets:
        rest = steps
        while rest and isinstance(rest[0], OnTypes) and types <= rest[0].names:
            rest = rest[1:]
        if rest and isinstance(rest[0], OnTypes) and types.isdisjoint(rest[0].names):
            continue
        yield number, rest


def _next_key(steps: Path) -> str:
    if not isinstance(steps[0], Key):
        raise NotCompilable("a path that depends on a type which is not known")
    return steps[0].name
