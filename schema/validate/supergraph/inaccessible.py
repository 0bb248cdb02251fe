"""@inaccessible hides parts of the supergraph; what remains must be whole (inaccessible v0.2)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from schema.document.model import (
    DirectiveDefinition,
    Element,
    EnumType,
    Field,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    ScalarType,
    Schema,
    Type,
    UnionType,
    kind_of,
)
from schema.document.values import EnumLiteral, ListOf, NonNull, TypeRef, Value, base_name
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded
from schema.supergraph.api import EXECUTABLE_LOCATIONS
from schema.validate.supergraph.places import places_of

Spot: TypeAlias = tuple[str, ...]
"""A type, or its name and that of a field or value, or these and that of an argument."""

Report: TypeAlias = Callable[[Code, str, Sequence[Spot]], None]


def check_inaccessible(supergraph: Schema, subgraphs: Sequence[Expanded], findings: Findings) -> None:
    """Note what the client schema would lack though something in it needs it."""
    hidden_by = {subgraph.directive_name("inaccessible").removeprefix("@") for subgraph in subgraphs} | {
        "inaccessible"
    }

    def report(code: Code, message: str, spots: Sequence[Spot]) -> None:
        findings.error(code, message, *(place for spot in spots for place in places_of(subgraphs, *spot)))

    check_what_is_left(supergraph, frozenset(hidden_by), report)


def check_what_is_left(supergraph: Schema, hidden_by: frozenset[str], report: Report) -> None:
    """Report what can be seen but needs something that one of the directives hides."""
    _Check(supergraph=supergraph, hidden_by=hidden_by, report=report).run()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    supergraph: Schema
    hidden_by: frozenset[str]
    report: Report

    def run(self) -> None:
        """Look at every type that clients see."""
        query = self.supergraph.types.get(self.supergraph.roots.get("query", "Query"))
        if query is not None and self._is_hidden(query):
            message = "The query type is @inaccessible, so clients could ask nothing: show it."
            self.report(Code.QUERY_ROOT_TYPE_INACCESSIBLE, message, [(query.name,)])
        for type_ in self.supergraph.types.values():
            if not self._is_hidden(type_):
                self._check_children(type_)
                self._check_type(type_)
        for definition in self.supergraph.directives.values():
            for argument in definition.arguments.values():
                if EXECUTABLE_LOCATIONS.isdisjoint(definition.locations):
                    self._check_unseen_argument(definition, argument)
                else:
                    self._check_directive_argument(definition, argument)

    def _check_directive_argument(self, definition: DirectiveDefinition, argument: InputValue) -> None:
        name = base_name(argument.type)
        if self._is_hidden(argument):
            if isinstance(argument.type, NonNull) and argument.default is None:
                self.report(
                    Code.REQUIRED_INACCESSIBLE,
                    f'"@{definition.name}({argument.name}:)" is @inaccessible but required, so nobody could '
                    f"give it: make it optional or visible.",
                    [(f"@{definition.name}", "", argument.name)],
                )
        elif self._is_hidden_type(name):
            self.report(
                Code.REFERENCED_INACCESSIBLE,
                f'"@{definition.name}({argument.name}:)" can be seen but is of type "{name}", which is '
                f"@inaccessible: show the type, or leave the directive out of a subgraph.",
                [(name,)],
            )

    def _check_unseen_argument(self, definition: DirectiveDefinition, argument: InputValue) -> None:
        if self._is_hidden(argument):
            self.report(
                Code.DISALLOWED_INACCESSIBLE,
                f'"@{definition.name}({argument.name}:)" cannot be @inaccessible: clients do not see a '
                f"directive for {' | '.join(definition.locations)} at all. Remove @inaccessible.",
                [(f"@{definition.name}", "", argument.name)],
            )

    def _is_hidden(self, element: Element) -> bool:
        return any(use.name in self.hidden_by for use in element.directives)

    def _check_children(self, type_: Type) -> None:
        match type_:
            case ObjectType(fields=parts) | InterfaceType(fields=parts) | InputType(fields=parts):
                hidden = [self._is_hidden(part) for part in parts.values()]
            case EnumType(values=values):
                hidden = [self._is_hidden(value) for value in values.values()]
            case UnionType(members=members):
                hidden = [self._is_hidden_type(member) for member in members]
            case ScalarType():
                return
        if hidden and all(hidden):
            self.report(
                Code.ONLY_INACCESSIBLE_CHILDREN,
                f'{kind_of(type_).capitalize()} "{type_.name}" can be seen but everything in it is '
                f"@inaccessible: hide the type as well, or show something of it.",
                [(type_.name,)],
            )

    def _is_hidden_type(self, name: str) -> bool:
        type_ = self.supergraph.types.get(name)
        return type_ is not None and self._is_hidden(type_)

    def _check_type(self, type_: Type) -> None:
        match type_:
            case ObjectType() | InterfaceType():
                for field in type_.fields.values():
                    if self._is_hidden(field):
                        self._check_hidden_field(type_, field)
                    else:
                        self._check_field(type_, field)
            case InputType():
                for entry in type_.fields.values():
                    self._check_input(type_.name, entry.name, "", entry)
            case _:
                pass

    def _check_field(self, parent: ObjectType | InterfaceType, field: Field) -> None:
        self._check_reference(field.type, parent.name, field.name)
        for argument in field.arguments.values():
            self._check_input(parent.name, field.name, argument.name, argument)
            if self._is_hidden(argument):
                self._check_hidden_argument(parent, field, argument)

    def _check_reference(self, ref: TypeRef, type_name: str, part: str, argument: str = "") -> None:
        name = base_name(ref)
        if self._is_hidden_type(name):
            at = f"{type_name}.{part}({argument}:)" if argument else f"{type_name}.{part}"
            self.report(
                Code.REFERENCED_INACCESSIBLE,
                f'"{at}" can be seen but is of type "{name}", which is @inaccessible: hide both or none.',
                [(type_name, part, argument), (name,)],
            )

    def _check_input(self, type_name: str, part: str, argument: str, value: InputValue) -> None:
        at = f"{type_name}.{part}({argument}:)" if argument else f"{type_name}.{part}"
        if self._is_hidden(value):
            if isinstance(value.type, NonNull) and value.default is None:
                self.report(
                    Code.REQUIRED_INACCESSIBLE,
                    f'"{at}" is @inaccessible but required, so nobody could give it: make it '
                    f"optional or visible.",
                    [(type_name, part, argument)],
                )
            return
        self._check_reference(value.type, type_name, part, argument)
        if value.default is not None and (hidden := self._hidden_in(value.default, value.type)):
            self.report(
                Code.DEFAULT_VALUE_USES_INACCESSIBLE,
                f'The default of "{at}" uses "{hidden}", which is @inaccessible: choose another default.',
                [(type_name, part, argument), tuple(hidden.split("."))],
            )

    def _hidden_in(self, value: Value, ref: TypeRef) -> str:
        """The first hidden enum value or input field that a constant uses."""
        match ref:
            case NonNull(of=inner):
                return self._hidden_in(value, inner)
            case ListOf(of=inner):
                items = value if isinstance(value, tuple) else (value,)
                return next((found for item in items if (found := self._hidden_in(item, inner))), "")
            case _:
                pass
        type_ = self.supergraph.types.get(base_name(ref))
        if isinstance(type_, EnumType) and isinstance(value, EnumLiteral):
            known = type_.values.get(value.name)
            return f"{type_.name}.{value.name}" if known is not None and self._is_hidden(known) else ""
        if isinstance(type_, InputType) and isinstance(value, Mapping):
            for name, item in value.items():
                entry = type_.fields.get(name)
                if entry is None:
                    continue
                if self._is_hidden(entry):
                    return f"{type_.name}.{name}"
                if found := self._hidden_in(item, entry.type):
                    return found
        return ""

    def _visible_interface_fields(
        self, parent: ObjectType | InterfaceType, name: str
    ) -> Iterator[tuple[str, Field]]:
        for interface_name in parent.interfaces:
            interface = self.supergraph.types.get(interface_name)
            if isinstance(interface, InterfaceType) and not self._is_hidden(interface):
                wanted = interface.fields.get(name)
                if wanted is not None and not self._is_hidden(wanted):
                    yield interface_name, wanted

    def _check_hidden_field(self, parent: ObjectType | InterfaceType, field: Field) -> None:
        for interface, _ in self._visible_interface_fields(parent, field.name):
            self.report(
                Code.IMPLEMENTED_BY_INACCESSIBLE,
                f'"{parent.name}.{field.name}" is @inaccessible but implements "{interface}.{field.name}", '
                f"which can be seen: hide both or none.",
                [(parent.name, field.name), (interface, field.name)],
            )

    def _check_hidden_argument(
        self, parent: ObjectType | InterfaceType, field: Field, argument: InputValue
    ) -> None:
        for interface, wanted in self._visible_interface_fields(parent, field.name):
            other = wanted.arguments.get(argument.name)
            if other is not None and not self._is_hidden(other):
                self.report(
                    Code.IMPLEMENTED_BY_INACCESSIBLE,
                    f'"{parent.name}.{field.name}({argument.name}:)" is @inaccessible but implements that of '
                    f'"{interface}.{field.name}", which can be seen: hide both or none.',
                    [(parent.name, field.name, argument.name)],
                )
