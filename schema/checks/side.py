"""One of the two schemas of a check: all of it, what clients see of it, and which subgraph says what."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

from graphql import GraphQLError, GraphQLSchema, build_schema, validate_schema

from schema.document.model import (
    Directive,
    DirectiveDefinition,
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
from schema.document.parse import parse_schema
from schema.spec.directives import built_in_directives
from schema.supergraph.api import EXECUTABLE_LOCATIONS, api_schema
from schema.supergraph.features import Features, read_features
from schema.supergraph.model import NotASupergraph
from schema.supergraph.parse import parse_supergraph

Part = TypeVar("Part", Field, InputValue, EnumValue)

_NO_FEATURES = Features(MappingProxyType({}))


class NotComparable(Exception):
    """The text is no schema that can be compared; says why, with the place."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One schema. Without `features` it is a plain client schema: all of it is for clients."""

    name: str
    sdl: str
    everything: Schema
    features: Features

    @property
    def is_supergraph(self) -> bool:
        """Whether it says which subgraph gives what."""
        return "join" in self.features.by_name

    @cached_property
    def types(self) -> Mapping[str, Type]:
        """All types but those of specifications, hidden ones too."""
        found = self.everything.types
        return {name: found[name] for name in found if not self.features.owns_type(name)}

    @cached_property
    def seen(self) -> Mapping[str, Type]:
        """The types as clients see them."""
        if self.inaccessible not in self.everything.directives:
            return self.types
        hidden = {name for name, type_ in self.types.items() if self._is_hidden(type_.directives)}
        return {name: self._shown(self.types[name], hidden) for name in self.types if name not in hidden}

    @cached_property
    def roots(self) -> Mapping[str, str]:
        """The kinds of operations that clients can send, with the types that they begin at."""
        return {kind: name for kind, name in self.everything.roots.items() if name in self.seen}

    @cached_property
    def directives(self) -> Mapping[str, DirectiveDefinition]:
        """The directives that clients may write."""
        return {
            name: self._shown_definition(definition)
            for name, definition in self.everything.directives.items()
            if name not in built_in_directives()
            and not self.features.owns_directive(name)
            and not EXECUTABLE_LOCATIONS.isdisjoint(definition.locations)
        }

    @cached_property
    def inaccessible(self) -> str:
        """What the schema calls `@inaccessible`."""
        return self.features.directive("inaccessible", "inaccessible")

    @cached_property
    def client_schema(self) -> GraphQLSchema:
        """What operations are held against; raises NotComparable if it would not be valid."""
        try:
            if self.is_supergraph:
                return api_schema(parse_supergraph(self.sdl))
            schema = build_schema(self.sdl)
            problems = validate_schema(schema)
        except (NotASupergraph, GraphQLError, TypeError) as error:
            raise NotComparable(f"{self.name}: {error}") from error
        if problems:
            raise NotComparable(f"{self.name}: {problems[0].message}")
        return schema

    def _is_hidden(self, directives: tuple[Directive, ...]) -> bool:
        return any(directive.name == self.inaccessible for directive in directives)

    def _visible(self, parts: Mapping[str, Part]) -> dict[str, Part]:
        return {name: part for name, part in parts.items() if not self._is_hidden(part.directives)}

    def _shown(self, type_: Type, hidden: set[str]) -> Type:
        match type_:
            case ObjectType() | InterfaceType():
                fields = {name: self._shown_field(part) for name, part in self._visible(type_.fields).items()}
                interfaces = {name: at for name, at in type_.interfaces.items() if name not in hidden}
                return replace(type_, fields=fields, interfaces=interfaces)
            case UnionType():
                return replace(type_, members={m: at for m, at in type_.members.items() if m not in hidden})
            case EnumType():
                return replace(type_, values=self._visible(type_.values))
            case InputType():
                return replace(type_, fields=self._visible(type_.fields))
            case _:
                return type_

    def _shown_field(self, field: Field) -> Field:
        if not field.arguments:
            return field
        return replace(field, arguments=self._visible(field.arguments))

    def _shown_definition(self, definition: DirectiveDefinition) -> DirectiveDefinition:
        locations = tuple(at for at in definition.locations if at in EXECUTABLE_LOCATIONS)
        return replace(definition, arguments=self._visible(definition.arguments), locations=locations)


def read_side(sdl: str, name: str) -> Side:
    """A supergraph or a plain client schema; raises NotComparable. The name is for messages."""
    with collector_resting():
        schema, errors = parse_schema(sdl, name, max_length=None)
    if errors or schema is None:
        raise NotComparable("\n".join(error.as_text() for error in errors))
    if "query" not in schema.roots:
        raise NotComparable(f"{name}: this schema has no query type, so nobody can ask it anything.")
    side = Side(name=name, sdl=sdl, everything=schema, features=_features(schema, name))
    if not side.is_supergraph:
        _refuse_subgraphs(schema, name)
    return side


def _features(schema: Schema, name: str) -> Features:
    """What a supergraph links; nothing for a client schema."""
    links = [use for use in schema.schema_directives if use.name in ("link", "core")]
    if not any("/join/" in str(value) for use in links for value in use.arguments.values()):
        return _NO_FEATURES
    try:
        return read_features(schema)
    except NotASupergraph as error:
        raise NotComparable(f"{name}: {error}") from error


_SUBGRAPH_SIGNS = frozenset({"key", "external", "shareable", "requires", "provides", "link"})


def _refuse_subgraphs(schema: Schema, name: str) -> None:
    """A subgraph alone says nothing of the API that clients see."""
    uses = [use.name for use in schema.schema_directives]
    uses += [use.name for type_ in schema.types.values() for use in type_.directives]
    signs = sorted({use for use in uses if use in _SUBGRAPH_SIGNS or use.startswith("federation__")})
    if signs and signs[0] not in schema.directives:
        raise NotComparable(
            f"{name}: this is the schema of one subgraph (@{signs[0]}); compose it and check the supergraph."
        )


@contextmanager
def collector_resting() -> Iterator[None]:
    """A syntax tree is a million small values that all stay; looking through them doubles the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
