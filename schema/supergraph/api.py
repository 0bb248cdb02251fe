"""The schema that clients see: the supergraph without its internals and without what is inaccessible."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from graphql import GraphQLError, GraphQLSchema, validate_schema

from schema.document.executable import executable_schema
from schema.document.model import (
    Directive,
    DirectiveDefinition,
    Element,
    EnumType,
    EnumValue,
    Field,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    Schema,
    Type,
    UnionType,
)
from schema.errors import Place
from schema.supergraph.features import Features, read_features
from schema.supergraph.model import NotASupergraph, Supergraph

Part = TypeVar("Part", Field, InputValue, EnumValue)

SHOWN_DIRECTIVES = frozenset({"deprecated", "specifiedBy", "oneOf"})
"""Applied directives that mean something to clients; all others are dropped."""

TOLERATED = "so implementation field"
"""How graphql-core complains of a field that is deprecated in a type and not in its interface.

The two may come from different subgraphs, and nobody who asks for either has a disadvantage.
"""

EXECUTABLE_LOCATIONS = frozenset(
    {
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    }
)


def api_document(supergraph: Supergraph) -> Schema:
    """The client schema as a document: no join, no link, nothing inaccessible."""
    features = read_features(supergraph.document)
    hidden = frozenset(name for name, known in supergraph.types.items() if known.is_inaccessible)
    return _Stripper(features, hidden).stripped(supergraph.document)


def api_schema(supergraph: Supergraph) -> GraphQLSchema:
    """The client schema, ready to validate operations; raises NotASupergraph if it would not be valid."""
    try:
        schema = executable_schema(api_document(supergraph))
        problems = validate_schema(schema)
    except (GraphQLError, TypeError) as error:
        raise NotASupergraph(f"its client schema cannot be built: {error}") from error
    serious = [problem for problem in problems if TOLERATED not in problem.message]
    if serious:
        raise NotASupergraph(f"its client schema is not valid: {serious[0].message}")
    return _assumed_valid(schema) if problems else schema


def _assumed_valid(schema: GraphQLSchema) -> GraphQLSchema:
    kwargs: dict[str, Any] = {**schema.to_kwargs(), "assume_valid": True}
    return GraphQLSchema(**kwargs)


class _Stripper:
    """Leaves internals out of one document."""

    def __init__(self, features: Features, hidden: frozenset[str]) -> None:
        self._features = features
        self._hidden = hidden
        self._inaccessible = features.directive("inaccessible", "inaccessible")

    def stripped(self, schema: Schema) -> Schema:
        """What clients see of the document."""
        return replace(
            schema,
            types={type_.name: type_ for type_ in self._types(schema.types.values())},
            directives={
                definition.name: replace(definition, arguments=self._inputs(definition.arguments))
                for definition in schema.directives.values()
                if self._is_for_clients(definition)
            },
            roots={kind: name for kind, name in schema.roots.items() if name not in self._hidden},
            schema_directives=(),
        )

    def _types(self, types: Iterable[Type]) -> Iterator[Type]:
        for type_ in types:
            if type_.name in self._hidden or self._features.owns_type(type_.name):
                continue
            directives = _shown(type_.directives)
            match type_:
                case ObjectType() | InterfaceType():
                    interfaces = self._references(type_.interfaces)
                    fields = {field.name: self._field(field) for field in self._visible(type_.fields)}
                    yield replace(type_, directives=directives, interfaces=interfaces, fields=fields)
                case UnionType():
                    yield replace(type_, directives=directives, members=self._references(type_.members))
                case EnumType():
                    values = {value.name: _bare(value) for value in self._visible(type_.values)}
                    yield replace(type_, directives=directives, values=values)
                case InputType():
                    yield replace(type_, directives=directives, fields=self._inputs(type_.fields))
                case _:
                    yield replace(type_, directives=directives)

    def _field(self, field: Field) -> Field:
        if not field.arguments:
            return _bare(field)
        return replace(field, directives=_shown(field.directives), arguments=self._inputs(field.arguments))

    def _inputs(self, inputs: Mapping[str, InputValue]) -> Mapping[str, InputValue]:
        return {entry.name: _bare(entry) for entry in self._visible(inputs)}

    def _visible(self, parts: Mapping[str, Part]) -> Iterator[Part]:
        return (part for part in parts.values() if not self._is_inaccessible(part))

    def _references(self, names: Mapping[str, Place | None]) -> Mapping[str, Place | None]:
        return {name: place for name, place in names.items() if name not in self._hidden}

    def _is_for_clients(self, definition: DirectiveDefinition) -> bool:
        name = definition.name
        if name in SHOWN_DIRECTIVES or self._features.owns_directive(name):
            return False
        return any(location in EXECUTABLE_LOCATIONS for location in definition.locations)

    def _is_inaccessible(self, element: Element) -> bool:
        return any(use.name == self._inaccessible for use in element.directives)


def _bare(part: Part) -> Part:
    return replace(part, directives=_shown(part.directives)) if part.directives else part


def _shown(directives: tuple[Directive, ...]) -> tuple[Directive, ...]:
    return tuple(use for use in directives if use.name in SHOWN_DIRECTIVES)
