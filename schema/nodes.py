"""`Query.node` and `Query.nodes`: a subgraph that has no server, since the router answers for it.

It knows every entity that implements `Node` by its `id`, and nothing else of it; the rest is the business of
the subgraphs that own the type (Global Object Identification, relay.dev/graphql/objectidentification.htm).
"""

from collections.abc import Iterator, Sequence

from schema.document.model import ObjectType
from schema.document.selection import FieldSelection
from schema.expand import expand
from schema.findings import Findings
from schema.spec.join import graph_names
from schema.spec.nodes import INTERFACE, NAME, URL
from schema.subgraph.facts import Key
from schema.subgraph.model import Expanded, Subgraph

_HEAD = """
extend schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])

type Query {
  "The thing with this id, if there is one that the caller may see."
  node(id: ID!): Node
  "The things with these ids, in the same order; null where there is none that the caller may see."
  nodes(ids: [ID!]!): [Node]!
}

interface Node {
  id: ID!
}
"""


def with_nodes(subgraphs: Sequence[Subgraph]) -> Sequence[Subgraph]:
    """The subgraphs, and the one that looks up nodes if there are types for it and nobody else does."""
    graphs = graph_names(subgraph.name for subgraph in subgraphs)
    read = (expand(subgraph, graphs[subgraph.name], Findings()) for subgraph in subgraphs)
    expanded = [subgraph for subgraph in read if subgraph is not None]
    types = sorted({name for subgraph in expanded for name in _node_types(subgraph)})
    if not types or any(_has_own(subgraph) for subgraph in expanded):
        return subgraphs
    return [*subgraphs, Subgraph(name=NAME, url=URL, sdl=_sdl(types))]


def _node_types(subgraph: Expanded) -> Iterator[str]:
    """The types that the subgraph calls nodes and can find by their id."""
    for name, keys in subgraph.facts.keys.items():
        type_ = subgraph.schema.types[name]
        is_node = isinstance(type_, ObjectType) and INTERFACE in type_.interfaces
        if is_node and any(key.is_resolvable and _is_id(key) for key in keys):
            yield name


def _is_id(key: Key) -> bool:
    match key.selections:
        case (FieldSelection(name="id", selections=()),):
            return True
        case _:
            return False


def _has_own(subgraph: Expanded) -> bool:
    query = subgraph.schema.types.get("Query")
    return isinstance(query, ObjectType) and not {"node", "nodes"}.isdisjoint(query.fields)


def _sdl(types: Sequence[str]) -> str:
    stubs = (
        f'\ntype {name} implements Node @key(fields: "id", resolvable: false) {{\n  id: ID!\n}}\n'
        for name in types
    )
    return _HEAD + "".join(stubs)
