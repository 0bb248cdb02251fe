"""What a supergraph says of its subgraphs: who knows a type, by which keys, and who answers a field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from schema.checks.side import Side
from schema.document.model import Directive, EnumType, Field, InterfaceType, ObjectType, Type, UnionType
from schema.document.values import EnumLiteral, Value, print_value
from schema.supergraph.field_set import (
    FieldPart,
    FieldSet,
    FieldSetMalformed,
    FragmentPart,
    parse_field_set,
    show_field_set,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeSource:
    """What one subgraph says of a type; `keys` tells which of them it can be found by."""

    keys: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    is_interface_object: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSource:
    """What one subgraph says of a field, each thing as text."""

    requires: str = ""
    provides: str = ""
    override: str = ""
    context: str = ""
    type: str = ""
    answers: bool = True


class Sources:
    """Reads the join directives of one supergraph, only of what it is asked for."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._type = side.features.directive("join", "type")
        self._field = side.features.directive("join", "field")
        self._owner = side.features.directive("join", "owner")
        self._implements = side.features.directive("join", "implements")
        self._member = side.features.directive("join", "unionMember")
        self._value = side.features.directive("join", "enumValue")
        self._graph = side.features.directive("join", "graph")

    @cached_property
    def urls(self) -> Mapping[str, str]:
        """The address of each subgraph by name."""
        return dict(self._graphs.values())

    @cached_property
    def _graphs(self) -> Mapping[str, tuple[str, str]]:
        join = self._side.features.by_name["join"]
        graphs = self._side.everything.types.get(f"{join.namespace}__Graph")
        found: dict[str, tuple[str, str]] = {}
        for value in graphs.values.values() if isinstance(graphs, EnumType) else ():
            for use in value.directives:
                if use.name == self._graph:
                    found[value.name] = (_text(use, "name"), _text(use, "url"))
        return found

    def of_type(self, type_: Type) -> Mapping[str, TypeSource]:
        """Who knows the type, by the subgraph's name."""
        keys: dict[str, dict[str, bool]] = {}
        interface_objects: set[str] = set()
        for graph, use in self._uses(type_.directives, self._type):
            known = keys.setdefault(graph, {})
            if key := canonical(_text(use, "key")):
                known[key] = known.get(key, False) or use.arguments.get("resolvable") is not False
            if use.arguments.get("isInterfaceObject") is True:
                interface_objects.add(graph)
        return {
            graph: TypeSource(keys=known, is_interface_object=graph in interface_objects)
            for graph, known in keys.items()
        }

    def of_field(self, type_: ObjectType | InterfaceType, part: Field) -> Mapping[str, FieldSource]:
        """Who says something of the field; all that know the type if nobody says anything."""
        found: dict[str, FieldSource] = {}
        is_said = False
        for use in part.directives:
            is_said = is_said or use.name == self._field
        if not is_said:
            owners = [graph for graph, _ in self._uses(type_.directives, self._owner)]
            return {graph: FieldSource() for graph in owners or self.of_type(type_)}
        for graph, use in self._uses(part.directives, self._field):
            found[graph] = _field_source(use)
        return found

    def of_members(self, type_: Type) -> Mapping[tuple[str, str], frozenset[str]]:
        """Who knows a union's member, an enum's value or a type's interface, by (container, member)."""
        found: dict[tuple[str, str], set[str]] = {}
        match type_:
            case ObjectType() | InterfaceType():
                for graph, use in self._uses(type_.directives, self._implements):
                    found.setdefault((_text(use, "interface"), type_.name), set()).add(graph)
            case UnionType():
                for graph, use in self._uses(type_.directives, self._member):
                    found.setdefault((type_.name, _text(use, "member")), set()).add(graph)
            case EnumType():
                for value in type_.values.values():
                    for graph, _ in self._uses(value.directives, self._value):
                        found.setdefault((type_.name, value.name), set()).add(graph)
            case _:
                pass
        return {pair: frozenset(graphs) for pair, graphs in found.items()}

    def at(self, coordinate: str) -> frozenset[str]:
        """The subgraphs that answer what stands at a coordinate, or know it."""
        name, _, rest = coordinate.partition(".")
        type_ = self._side.types.get(name)
        if type_ is None:
            return frozenset()
        if isinstance(type_, ObjectType | InterfaceType) and rest:
            part = type_.fields.get(rest.partition("(")[0])
            said = self.of_field(type_, part) if part else {}
            return frozenset(graph for graph, own in said.items() if own.answers)
        return frozenset(self.of_type(type_))

    def _uses(self, directives: tuple[Directive, ...], name: str) -> Iterator[tuple[str, Directive]]:
        for use in directives:
            graph = use.arguments.get("graph") if use.name == name else None
            if isinstance(graph, EnumLiteral) and graph.name in self._graphs:
                yield self._graphs[graph.name][0], use


def _field_source(use: Directive) -> FieldSource:
    override, label = _text(use, "override"), _text(use, "overrideLabel")
    is_gone = use.arguments.get("usedOverridden") is True and not label
    context = use.arguments.get("contextArguments")
    return FieldSource(
        requires=canonical(_text(use, "requires")),
        provides=canonical(_text(use, "provides")),
        type=_text(use, "type"),
        override=f"from {override}{f' for {label}' if label else ''}" if override else "",
        context=", ".join(_context_argument(one) for one in context) if isinstance(context, tuple) else "",
        answers=use.arguments.get("external") is not True and not is_gone,
    )


def _context_argument(value: Value) -> str:
    if not isinstance(value, Mapping):
        return print_value(value)
    parts = {name: part if isinstance(part, str) else "" for name, part in value.items()}
    selection = " ".join(parts.get("selection", "").split())
    return f"{parts.get('name')} from ${parts.get('context')} {selection}"


def _text(use: Directive, argument: str) -> str:
    value = use.arguments.get(argument)
    return value if isinstance(value, str) else ""


def canonical(text: str) -> str:
    """A field set as text that does not depend on the order in which it is written."""
    if not text:
        return ""
    try:
        return show_field_set(_sorted(parse_field_set(text)))
    except FieldSetMalformed:
        return text


def _sorted(fields: FieldSet) -> FieldSet:
    deep = (
        FragmentPart(part.type_condition, _sorted(part.selections))
        if isinstance(part, FragmentPart)
        else FieldPart(part.name, part.arguments, _sorted(part.selections))
        for part in fields
    )
    return tuple(sorted(deep, key=lambda part: show_field_set((part,))))
