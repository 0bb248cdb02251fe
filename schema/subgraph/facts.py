"""What the directives of a subgraph say about its fields: keys, external, provided, shareable, used."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from schema.document.model import Directive, Field, InputValue, InterfaceType, ObjectType, Schema, Type
from schema.document.selection import FieldSelection, NotAFieldSet, Selections, parse_field_set
from schema.document.values import base_name
from schema.subgraph.context import parse_context_value

Coordinate = tuple[str, str]
"""A field: the name of its type and its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One @key of a type."""

    text: str
    selections: Selections
    is_resolvable: bool
    on_extension: bool
    use: Directive


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedField:
    """A field that a field set selects, with the type on which it does."""

    parent: Type
    field: Field
    selection: FieldSelection


def field_set(use: Directive, argument: str = "fields") -> Selections:
    """The field set of a directive; empty when it cannot be read (validation says why)."""
    text = use.arguments.get(argument)
    return read_selections(text) if isinstance(text, str) else ()


def read_selections(text: str) -> Selections:
    """The selections of a text; none when it cannot be read (validation says why)."""
    try:
        return parse_field_set(text)
    except NotAFieldSet:
        return ()


def selected_fields(schema: Schema, parent: str, selections: Selections) -> tuple[SelectedField, ...]:
    """The fields that a field set selects, at every depth, up to the first one that does not exist."""
    found: list[SelectedField] = []
    _collect(schema, parent, selections, found)
    return tuple(found)


def _collect(schema: Schema, parent: str, selections: Selections, found: list[SelectedField]) -> bool:
    """Add the fields to what was found; false when one does not exist."""
    type_ = schema.types.get(parent)
    for item in selections:
        below = parent
        if not isinstance(item, FieldSelection):
            below = item.on if item.on in schema.types else parent
        elif item.name == "__typename":
            continue
        elif isinstance(type_, ObjectType | InterfaceType) and (field := type_.fields.get(item.name)):
            found.append(SelectedField(parent=type_, field=field, selection=item))
            below = base_name(field.type)
        else:
            return False
        if not _collect(schema, below, item.selections, found):
            return False
    return True


def is_complete(schema: Schema, parent: str, selections: Selections) -> bool:
    """Whether all that a field set selects exists."""
    return _collect(schema, parent, selections, [])


def own_uses(element: Type | Field | InputValue, known_as: str) -> tuple[Directive, ...]:
    """The applications of a federation directive on a type, field or argument."""
    return tuple(use for use in element.directives if use.known_as == known_as)


class Facts:
    """Answers about the fields of one subgraph's schema, each worked out once, when first asked for."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    @cached_property
    def keys(self) -> Mapping[str, tuple[Key, ...]]:
        """The keys of each type that has some."""
        found: dict[str, tuple[Key, ...]] = {}
        for name, type_ in self._schema.types.items():
            if applied := own_uses(type_, "key"):
                extends = bool(own_uses(type_, "extends"))
                found[name] = tuple(_key(use, extends) for use in applied)
        return found

    @cached_property
    def fields(self) -> Sequence[tuple[ObjectType | InterfaceType, Field]]:
        """All fields of object and interface types with their types."""
        return tuple(
            (type_, field)
            for type_ in self._schema.types.values()
            if isinstance(type_, ObjectType | InterfaceType)
            for field in type_.fields.values()
        )

    @cached_property
    def implementations(self) -> Mapping[str, tuple[ObjectType | InterfaceType, ...]]:
        """The types that implement each interface."""
        found: defaultdict[str, list[ObjectType | InterfaceType]] = defaultdict(list)
        for type_ in self._schema.types.values():
            if isinstance(type_, ObjectType | InterfaceType):
                for name in type_.interfaces:
                    found[name].append(type_)
        return {name: tuple(types) for name, types in found.items()}

    @cached_property
    def key_fields(self) -> frozenset[Coordinate]:
        """The fields that are part of some key."""
        return frozenset(
            coordinate
            for name, keys in self.keys.items()
            for key in keys
            for coordinate in self._targets(name, key.selections)
        )

    @cached_property
    def fake_external(self) -> frozenset[Coordinate]:
        """Key fields that an extension marks @external though it resolves them: a habit from Federation 1."""
        return frozenset(
            coordinate
            for name, keys in self.keys.items()
            for key in keys
            if key.on_extension
            for coordinate in self._targets(name, key.selections)
            if coordinate in self._marked_external
        )

    @cached_property
    def external(self) -> frozenset[Coordinate]:
        """The fields that the subgraph names but leaves to others."""
        return self._marked_external - self.fake_external

    @cached_property
    def _marked_external(self) -> frozenset[Coordinate]:
        return frozenset(
            (type_.name, field.name)
            for type_, field in self.fields
            if own_uses(field, "external") or (isinstance(type_, ObjectType) and own_uses(type_, "external"))
        )

    @cached_property
    def provided(self) -> frozenset[Coordinate]:
        """The fields that some @provides selects."""
        return frozenset(
            coordinate
            for _, field in self.fields
            for use in own_uses(field, "provides")
            for coordinate in self._targets(base_name(field.type), field_set(use), implementations=True)
        )

    @cached_property
    def shareable(self) -> frozenset[Coordinate]:
        """The fields that other subgraphs may resolve as well."""
        marked = {
            (type_.name, field.name)
            for type_, field in self.fields
            if own_uses(field, "shareable")
            or any(use.declaration == field.declaration for use in own_uses(type_, "shareable"))
        }
        return frozenset(marked) | self.key_fields | self.provided

    @cached_property
    def used(self) -> frozenset[Coordinate]:
        """The fields that a key, @requires, @provides, @fromContext or an interface needs."""
        found: set[Coordinate] = set()
        for name, keys in self.keys.items():
            for key in keys:
                found.update(self._targets(name, key.selections, implementations=True))
        for type_, field in self.fields:
            for use in own_uses(field, "requires"):
                found.update(self._targets(type_.name, field_set(use), implementations=True))
            for use in own_uses(field, "provides"):
                found.update(self._targets(base_name(field.type), field_set(use), implementations=True))
            for argument in field.arguments.values():
                found.update(self._from_context(argument))
        for name, implementations in self.implementations.items():
            interface = self._schema.types.get(name)
            if isinstance(interface, InterfaceType):
                found.update((type_.name, field) for type_ in implementations for field in interface.fields)
        return frozenset(found)

    @cached_property
    def contexts(self) -> Mapping[str, tuple[str, ...]]:
        """The types on which each context is set."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for type_ in self._schema.types.values():
            for use in own_uses(type_, "context"):
                found[str(use.arguments.get("name"))].append(type_.name)
        return {name: tuple(types) for name, types in found.items()}

    def _from_context(self, argument: InputValue) -> Iterator[Coordinate]:
        """The fields that @fromContext takes an argument from."""
        for use in own_uses(argument, "fromContext"):
            text = use.arguments.get("field")
            value = parse_context_value(text) if isinstance(text, str) else None
            if value is not None:
                selections = read_selections(value.selection)
                for name in self.contexts.get(value.context, ()):
                    yield from self._targets(name, selections, implementations=True)

    def is_external(self, type_name: str, field_name: str) -> bool:
        """True when the subgraph leaves the field to others, except where it provides it."""
        return (type_name, field_name) in self.external

    def is_fully_external(self, type_name: str, field_name: str) -> bool:
        """True when the subgraph never resolves the field, on no path."""
        coordinate = (type_name, field_name)
        return coordinate in self.external and coordinate not in self.provided

    def _targets(
        self, parent: str, selections: Selections, *, implementations: bool = False
    ) -> Iterator[Coordinate]:
        for selected in selected_fields(self._schema, parent, selections):
            yield selected.parent.name, selected.field.name
            if implementations and isinstance(selected.parent, InterfaceType):
                for type_ in self.implementations.get(selected.parent.name, ()):
                    if selected.field.name in type_.fields:
                        yield type_.name, selected.field.name


def _key(use: Directive, extends: bool) -> Key:
    text = use.arguments.get("fields")
    return Key(
        text=text if isinstance(text, str) else "",
        selections=field_set(use),
        is_resolvable=use.arguments.get("resolvable") is not False,
        on_extension=extends or use.declaration > 0,
        use=use,
    )
