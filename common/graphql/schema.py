"""The schema of one subgraph: Strawberry's federation schema with our scalars, limits and `_entities`."""

import copy
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import strawberry
from graphql import GraphQLNamedType, GraphQLSchema, lexicographic_sort_schema
from strawberry.federation.schema import FederationAny
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import StrawberryObjectDefinition

from common.graphql.descriptions import describe
from common.graphql.entities import (
    MOST_REPRESENTATIONS,
    InvalidRepresentation,
    Reference,
    missing_fields,
    resolve_representation,
)
from common.graphql.list_sizes import say_list_sizes
from common.graphql.scalars import SCALARS

FEDERATION_VERSION: Final = "2.11"


class SubgraphSchema(strawberry.federation.Schema):
    """A federation schema whose `_entities` trusts no representation and changes none."""

    def __init__(
        self,
        *,
        query: type | None,
        mutation: type | None = None,
        subscription: type | None = None,
        types: Iterable[type] = (),
        streams: bool = False,
    ) -> None:
        super().__init__(
            query=query,
            mutation=mutation,
            subscription=subscription,
            types=types,
            config=StrawberryConfig(scalar_map=SCALARS, enable_experimental_incremental_execution=streams),
            federation_version=FEDERATION_VERSION,
        )
        describe(self._schema, self.schema_converter)
        self._references = self._find_references()
        self.streams = streams

    def _collect_schema_directives(
        self, explicit_directive_types: Iterable[type], graphql_types: Iterable[GraphQLNamedType | None]
    ) -> list[type]:
        """Strawberry imports what is in use by now."""
        roots = list(graphql_types)
        say_list_sizes(roots)
        return super()._collect_schema_directives(explicit_directive_types, roots)

    @property
    def core(self) -> GraphQLSchema:
        """The graphql-core schema."""
        return self._schema

    def sdl(self) -> str:
        """The subgraph's SDL, as composition reads it; sorted and stable.

        Only a copy is sorted: sorting makes new types, and Strawberry would not know them in a union.
        """
        in_order = copy.copy(self)
        in_order._schema = lexicographic_sort_schema(self._schema)
        return f"{print_schema(in_order).strip()}\n"

    def entities_resolver(
        self, info: strawberry.Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """One entity (or an error, or nothing) per representation, in order."""
        if len(representations) > MOST_REPRESENTATIONS:
            raise InvalidRepresentation(f"At most {MOST_REPRESENTATIONS} representations at once.")
        return [
            resolve_representation(self._references, info, representation)
            for representation in representations
        ]

    def _find_references(self) -> Mapping[str, Reference]:
        references: dict[str, Reference] = {}
        for name, entry in self.schema_converter.type_map.items():
            definition = entry.definition
            if not isinstance(definition, StrawberryObjectDefinition):
                continue
            resolve = getattr(definition.origin, "resolve_reference", None)
            if resolve is not None:
                references[name] = _reference(name, resolve)
        return references


def build_schema(
    *,
    query: type | None,
    mutation: type | None = None,
    subscription: type | None = None,
    types: Iterable[type] = (),
    streams: bool = False,
) -> SubgraphSchema:
    """A subgraph's schema. `types` are those that no root field reaches: stubs of other domains' entities.

    One that `streams` can be asked with `@stream`, for lists of `strawberry.Streamable` items above all.
    """
    return SubgraphSchema(
        query=query, mutation=mutation, subscription=subscription, types=types, streams=streams
    )


def _reference(type_name: str, resolve: Callable[..., Any]) -> Reference:
    """Calls a `resolve_reference` with the fields it names (in snake or camel case) and no others."""
    parameters = inspect.signature(resolve).parameters
    wanted = {name: _camel(name) for name in parameters if name != "info"}
    needed = {name for name in wanted if parameters[name].default is inspect.Parameter.empty}
    takes_info = "info" in parameters

    def call(info: Any, given: Mapping[str, Any]) -> Any:
        values = {
            name: given[name if name in given else camel]
            for name, camel in wanted.items()
            if name in given or camel in given
        }
        if needed - values.keys():
            return missing_fields(type_name)
        if takes_info:
            values["info"] = info
        try:
            return resolve(**values)
        except Exception as error:  # one bad representation must not spoil the others
            return error

    return call


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
