"""Operation to PartsShape: how to print a response whose deferred fields come later.

The same compiled trees as in shape.py, but an object whose fields come at different times leaves a *spot*: a
note of what is still to be printed there. What is delivered together is told by the deferrals that wait for
it (the specification's deferred grouped field sets): a field that is also asked for around a deferral, or by
somebody who does not defer, belongs there.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    is_abstract_type,
    is_interface_type,
    is_object_type,
)

from router.operation.deferral import deferrals_in, is_active, mark, undeferred_field
from router.operation.model import Deferral, Field, Operation, SelectionSet, Stream
from router.plan.result import FetchError
from router.projection.collect import Truth, collect, condition_variables
from router.projection.complete import (
    NULLED,
    SCALARS,
    Complete,
    Entry,
    Findings,
    Json,
    Link,
    Path,
    any_scalar,
    enum_of,
    list_of,
    object_of,
    path_of,
)
from router.projection.complete import abstract_of as of_runtime_type
from router.projection.introspect import Introspection
from router.projection.shape import INTROSPECTION, depends_on_type

Deferrals = frozenset[int]
_Around = tuple[SelectionSet, Deferrals]
"""Selections, and the active deferrals around them."""
_Asked = tuple[Field, Deferrals]
_AT_ONCE: Deferrals = frozenset()
_MAX_VARIANTS = 64


@dataclass(frozen=True, slots=True)
class Later:
    """Fields of one object that are delivered together, when one of `deferrals` is.

    `introspected` are those of them that come from the schema.
    """

    deferrals: Deferrals
    complete: Complete
    introspected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """An object that was answered and some of whose fields come later."""

    link: Link
    later: tuple[Later, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """A list whose items from `start` on come later, each printed by `item`.

    `later`: deferrals, here or around, that may wait for something in the items.
    """

    link: Link
    start: int
    label: str | None
    item: Complete
    coordinate: str
    has_non_null_items: bool
    later: Deferrals


class Recording(Findings):
    """Findings with the spots that were passed, and the lists that were cut.

    To the lists at the places in `growing` items are still added.
    """

    __slots__ = ("cuts", "growing", "spots")

    def __init__(self, fetch_errors: Sequence[FetchError], growing: Set[Path] = frozenset()) -> None:
        super().__init__(fetch_errors)
        self.growing = growing
        self.spots: list[Spot] = []
        self.cuts: list[Cut] = []


@dataclass(slots=True, kw_only=True)
class PartsShape:
    """How the parts of responses to one operation look. Fills itself; may be shared between requests."""

    operation: Operation
    schema: GraphQLSchema
    introspection: Introspection | None
    condition_names: tuple[str, ...]
    stream_names: tuple[str, ...]
    _variants: dict[tuple[Any, ...], Later] = field(default_factory=dict)

    def first(self, variables: Mapping[str, Any]) -> Later:
        """What the first part is printed by, which leaves spots for the rest."""
        names = (*self.condition_names, *(each.condition for each in self.operation.deferrals))
        counts = {name: variables.get(name) for name in self.stream_names}
        outcome = (*(name is None or variables.get(name) is True for name in names), *counts.values())
        variant = self._variants.get(outcome)
        if variant is None:
            compiler = _Compiler(
                self.schema, self.truth(variables), frozenset(self.active(variables)), counts
            )
            variant = compiler.root(self.operation)
            if len(self._variants) >= _MAX_VARIANTS:
                self._variants.clear()
            self._variants[outcome] = variant
        return variant

    def truth(self, variables: Mapping[str, Any]) -> Truth:
        """What the variables of conditions say in this request; marks exclude nothing."""
        truth = {name: variables.get(name) is True for name in self.condition_names}
        return {**truth, **{mark(each.id).variable: True for each in self.operation.deferrals}}

    def active(self, variables: Mapping[str, Any]) -> dict[int, Deferral]:
        """The deferrals that the variables do not call off, by id."""
        return {each.id: each for each in self.operation.deferrals if is_active(each, variables)}


def parts_shape_of(operation: Operation, schema: GraphQLSchema) -> PartsShape:
    """The shape of an operation's responses in parts. Introspection is never deferred within."""
    introspected = tuple(
        undeferred_field(item)
        for item in operation.selections
        if isinstance(item, Field) and item.name in INTROSPECTION
    )
    names = condition_variables(operation.selections) - {
        mark(each.id).variable for each in operation.deferrals
    }
    return PartsShape(
        operation=operation,
        schema=schema,
        introspection=Introspection(operation, introspected, schema) if introspected else None,
        condition_names=tuple(sorted(names)),
        stream_names=tuple(sorted(_stream_variables(operation.selections))),
    )


def _stream_variables(selections: SelectionSet) -> set[str]:
    found: set[str] = set()
    for item in selections:
        if isinstance(item, Field) and item.stream is not None:
            found |= {n for n in (item.stream.condition, item.stream.initial_count) if isinstance(n, str)}
        if item.selections is not None:
            found |= _stream_variables(item.selections)
    return found


class _Compiler:
    """Compiles the trees for one outcome of the conditions; equal parts are compiled once."""

    def __init__(
        self, schema: GraphQLSchema, truth: Truth, active: Deferrals, counts: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._truth = truth
        self._active = active
        self._counts = counts
        self._objects: dict[tuple[str, tuple[tuple[int, Deferrals], ...], Deferrals], Complete] = {}

    def root(self, operation: Operation) -> Later:
        root = self._schema.type_map[operation.selections.parent_type]
        assert is_object_type(root)
        grouped = self._collect([(operation.selections, _AT_ONCE)], root.name)
        at_once = [key for key, fields in grouped.items() if self._delivered_with(fields) == _AT_ONCE]
        return Later(_AT_ONCE, self._object_from(root, grouped, _AT_ONCE), _introspected(grouped, at_once))

    def _object(
        self, named: GraphQLObjectType, selection_sets: Sequence[_Around], together: Deferrals
    ) -> Complete:
        """What objects of this type answer, as far as it is delivered together with those deferrals."""
        key = named.name, tuple((id(each), around) for each, around in selection_sets), together
        complete = self._objects.get(key)
        if complete is None:
            grouped = self._collect(selection_sets, named.name)
            complete = self._objects[key] = self._object_from(named, grouped, together)
        return complete

    def _object_from(
        self,
        named: GraphQLObjectType | GraphQLInterfaceType,
        grouped: Mapping[str, Sequence[_Asked]],
        together: Deferrals,
    ) -> Complete:
        keys: dict[Deferrals, list[str]] = {together: []}
        for key, fields in grouped.items():
            keys.setdefault(self._delivered_with(fields), []).append(key)
        complete = self._fields(named, grouped, keys.pop(together), together)
        if not keys:
            return complete
        later = tuple(
            Later(deferrals, self._fields(named, grouped, own, deferrals), _introspected(grouped, own))
            for deferrals, own in keys.items()
        )
        return _leaving_spots(complete, later)

    def _fields(
        self,
        named: GraphQLObjectType | GraphQLInterfaceType,
        grouped: Mapping[str, Sequence[_Asked]],
        keys: Sequence[str],
        together: Deferrals,
    ) -> Complete:
        template: dict[str, Any] = {}
        entries: list[Entry] = []
        for key in keys:
            fields = grouped[key]
            name = fields[0][0].name
            template[key] = named.name if name == "__typename" else None
            if name != "__typename" and name not in INTROSPECTION:
                entries.append(self._entry(named, key, fields, together))
        return object_of(template, entries)

    def _collect(self, selection_sets: Sequence[_Around], type_name: str) -> dict[str, list[_Asked]]:
        grouped: dict[str, list[_Asked]] = {}
        for selections, around in selection_sets:
            for key, fields in collect([selections], type_name, self._truth, self._schema).items():
                grouped.setdefault(key, []).extend(
                    (each, around | (deferrals_in(each.conditions) & self._active)) for each in fields
                )
        return grouped

    def _delivered_with(self, fields: Sequence[_Asked]) -> Deferrals:
        """The innermost deferral of each, without those inside of others; none: the field is for at once."""
        innermost: set[int] = set()
        for _, around in fields:
            if not around:
                return _AT_ONCE
            innermost.add(max(around))
        outer = {max(around): around - {max(around)} for _, around in fields}
        return frozenset(each for each in innermost if innermost.isdisjoint(outer[each]))

    def _entry(
        self,
        parent: GraphQLObjectType | GraphQLInterfaceType,
        key: str,
        fields: Sequence[_Asked],
        together: Deferrals,
    ) -> Entry:
        name = fields[0][0].name
        declared = parent.fields[name].type
        is_non_null = isinstance(declared, GraphQLNonNull)
        below = [(each.selections, around) for each, around in fields if each.selections is not None]
        complete = self._value(declared, below, f"{parent.name}.{name}", together)
        count = self._initial_count(fields)
        if count is not None:
            complete = self._cut(declared, complete, below, f"{parent.name}.{name}", together, fields, count)
        return Entry(
            key=key,
            coordinate=f"{parent.name}.{name}",
            is_non_null=is_non_null,
            plain=None,
            complete=complete,
        )

    def _initial_count(self, fields: Sequence[_Asked]) -> int | None:
        """How many items come at once, if the others come later: everybody who asks must want that."""
        streams = [each.stream for each, _ in fields]
        first = streams[0]
        if first is None or any(each is None or self._is_off(each) for each in streams):
            return None
        told = first.initial_count
        count = self._counts.get(told) if isinstance(told, str) else told
        return max(count, 0) if isinstance(count, int) else 0

    def _is_off(self, stream: Stream) -> bool:
        return stream.condition is not None and self._counts.get(stream.condition) is False

    def _cut(
        self,
        declared: GraphQLOutputType,
        whole: Complete,
        below: Sequence[_Around],
        coordinate: str,
        together: Deferrals,
        fields: Sequence[_Asked],
        count: int,
    ) -> Complete:
        """Lists of which only the first items are answered at once."""
        named = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
        assert isinstance(named, GraphQLList)
        item = self._value(named.of_type, below, coordinate, together)
        has_non_null_items = isinstance(named.of_type, GraphQLNonNull)
        stream = fields[0][0].stream
        label = stream.label if stream is not None else None
        later = _mentioned(below) & self._active
        if len(together) == 1:  # then everything that waits for it comes with the items themselves
            later -= together

        def complete_first(value: Json, link: Link, findings: Findings) -> Json:
            assert isinstance(findings, Recording)
            if not isinstance(value, list | tuple):
                return whole(value, link, findings)
            if len(value) <= count and not (findings.growing and path_of(link) in findings.growing):
                return whole(value, link, findings)
            start = min(count, len(value))
            answer = whole(value[:start], link, findings)
            if answer is not NULLED:
                findings.cuts.append(Cut(link, start, label, item, coordinate, has_non_null_items, later))
            return answer

        return complete_first

    def _value(
        self,
        declared: GraphQLOutputType,
        selection_sets: Sequence[_Around],
        coordinate: str,
        together: Deferrals,
    ) -> Complete:
        match declared:
            case GraphQLNonNull():
                return self._value(declared.of_type, selection_sets, coordinate, together)
            case GraphQLList():
                return list_of(
                    self._value(declared.of_type, selection_sets, coordinate, together),
                    has_non_null_items=isinstance(declared.of_type, GraphQLNonNull),
                    coordinate=coordinate,
                )
            case GraphQLScalarType():
                return SCALARS[declared.name][1] if declared.name in SCALARS else any_scalar
            case GraphQLEnumType():
                return enum_of(declared.name, frozenset(declared.values))
            case GraphQLObjectType():
                return self._object(declared, selection_sets, together)
            case _ if is_abstract_type(declared):
                return self._abstract(declared, selection_sets, coordinate, together)
            case _:
                raise AssertionError(declared)

    def _abstract(
        self,
        declared: GraphQLAbstractType,
        selection_sets: Sequence[_Around],
        coordinate: str,
        together: Deferrals,
    ) -> Complete:
        possible = {each.name: each for each in self._schema.get_possible_types(declared)}

        def shape_for(typename: str | None) -> Complete | None:
            if typename is not None:
                runtime = possible.get(typename)
                return None if runtime is None else self._object(runtime, selection_sets, together)
            if len(possible) == 1:
                return self._object(next(iter(possible.values())), selection_sets, together)
            if not is_interface_type(declared) or any(depends_on_type(each) for each, _ in selection_sets):
                return None
            return self._object_from(declared, self._collect(selection_sets, declared.name), together)

        return of_runtime_type(shape_for, coordinate)


def _introspected(grouped: Mapping[str, Sequence[_Asked]], keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(key for key in keys if grouped[key][0][0].name in INTROSPECTION)


def _mentioned(below: Sequence[_Around]) -> Deferrals:
    """Every deferral around or in the selections."""
    found: set[int] = set()
    for selections, around in below:
        found |= around
        for item in selections:
            found |= deferrals_in(item.conditions)
            if item.selections is not None:
                found |= _mentioned([(item.selections, _AT_ONCE)])
    return frozenset(found)


def _leaving_spots(complete: Complete, later: tuple[Later, ...]) -> Complete:
    def complete_with_spot(value: Json, link: Link, findings: Findings) -> Json:
        answer = complete(value, link, findings)
        if answer is not NULLED:
            assert isinstance(findings, Recording)
            findings.spots.append(Spot(link, later))
        return answer

    return complete_with_spot
