"""Which subgraphs have to know a node of each type, read from the supergraph."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from graphql import GraphQLSchema, build_schema

from schema.spec.nodes import INTERFACE, URL
from schema.supergraph.field_set import FieldPart
from schema.supergraph.model import Key, ObjectType, Supergraph

_HEAD = "type Query { node(id: ID!): Node nodes(ids: [ID!]!): [Node]! } interface Node { id: ID! }"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NodeOwners:
    """`by_type`: every subgraph in which the type is a node that can be found by its id.

    `subgraph` is what the supergraph calls the router's own part, `schema` what that part can be asked.
    """

    subgraph: str
    by_type: Mapping[str, tuple[str, ...]]
    schema: GraphQLSchema = field(repr=False)


def node_owners(supergraph: Supergraph) -> NodeOwners | None:
    """The owners; None when the supergraph does not leave nodes to the router."""
    ours = next((graph.name for graph in supergraph.subgraphs.values() if graph.url == URL), None)
    if ours is None:
        return None
    by_type = {
        type_.name: owners
        for type_ in supergraph.types.values()
        if isinstance(type_, ObjectType) and ours in type_.sources and (owners := _owners(type_))
    }
    stubs = (f"type {name} implements Node {{ id: ID! }}" for name in by_type)
    return NodeOwners(
        subgraph=ours,
        by_type=MappingProxyType(by_type),
        schema=build_schema("\n".join((_HEAD, *stubs))),
    )


def _owners(type_: ObjectType) -> tuple[str, ...]:
    return tuple(
        sorted(
            source.subgraph
            for source in type_.sources.values()
            if INTERFACE in source.interfaces and any(_finds_by_id(key) for key in source.keys)
        )
    )


def _finds_by_id(key: Key) -> bool:
    return key.is_resolvable and key.fields == (FieldPart("id"),)
