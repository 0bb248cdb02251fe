"""Supergraph SDL → Snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from graphql import GraphQLSchema

from router.nodes.owners import NodeOwners, node_owners
from router.operation.directives import with_parts
from router.operation.guards import Guards, guards_of
from schema.query_graph.build import build_query_graph
from schema.query_graph.model import QueryGraph
from schema.spec.nodes import URL as ROUTER_NODES
from schema.supergraph.api import api_schema
from schema.supergraph.model import NotASupergraph, Supergraph
from schema.supergraph.parse import parse_supergraph


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """What one supergraph means for the router. Caches are keyed by `id`, the hash of its text.

    `nodes` is there when the supergraph leaves `Query.node` to the router, which then has no address.
    `guards` are its rules of access, if it has any.
    """

    id: str
    sdl: str
    supergraph: Supergraph
    schema: GraphQLSchema
    query_graph: QueryGraph
    addresses: Mapping[str, str]
    nodes: NodeOwners | None
    guards: Guards | None


def build_snapshot(sdl: str) -> Snapshot:
    """Everything the router derives from a supergraph; raises NotASupergraph."""
    try:
        return _built(sdl)
    except NotASupergraph:
        raise
    except Exception as cause:  # a text at odds with itself: whatever it breaks, it is the text's fault
        reason = f"{type(cause).__name__}: {cause}"
        raise NotASupergraph(f"it is at odds with itself ({reason}).") from cause


def _built(sdl: str) -> Snapshot:
    supergraph = parse_supergraph(sdl)
    return Snapshot(
        id=sha256(sdl.encode()).hexdigest(),
        sdl=sdl,
        supergraph=supergraph,
        schema=with_parts(api_schema(supergraph)),
        query_graph=build_query_graph(supergraph),
        addresses={
            subgraph.name: subgraph.url
            for subgraph in supergraph.subgraphs.values()
            if subgraph.url != ROUTER_NODES
        },
        nodes=node_owners(supergraph),
        guards=guards_of(supergraph),
    )
