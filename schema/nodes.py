"""`Query.node` and `Query.nodes`: a subgraph that has no server, since the router answers for it.

It knows every entity that implements `Node` by its `id`, and nothing else of it; the rest is the business of
the subgraphs that own the type (Global Object Identification, relay.dev/graphql/objectidentification.htm).
"""

from collections.abc import Container, Iterator, Sequence

from graphql.language.print_string import print_string

from schema.document.model import InterfaceType, ObjectType
from schema.document.selection import FieldSelection
from schema.expand import expand
from schema.findings import Findings
from schema.spec.join import graph_names
from schema.spec.nodes import INTERFACE, NAME, URL
from schema.subgraph.facts import Key
from schema.subgraph.model import Expanded, Subgraph, has, uses

_HEAD = """
extend schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: [%(imports)s])

type Query {
  "The thing with this id, if there is one that the caller may see."
  node(id: ID!): Node%(tags)s
  "The things with these ids, in the same order; null where there is none that the caller may see."
  nodes(ids: [ID!]!): [Node]!%(tags)s
}

interface Node {
  id: ID!
}
"""
_ROOTS = frozenset({"Query", "Mutation", "Subscription"})


def with_nodes(subgraphs: Sequence[Subgraph]) -> Sequence[Subgraph]:
    """The subgraphs, and the one that looks up nodes if there are types for it and nobody else does.

    What composes without it composes with it: where `Node` means something else, nothing is added.
    """
    graphs = graph_names(subgraph.name for subgraph in subgraphs)
    read = (expand(subgraph, graphs[subgraph.name], Findings()) for subgraph in subgraphs)
    expanded = [subgraph for subgraph in read if subgraph is not None]
    interfaces = [node for subgraph in expanded if (node := subgraph.schema.types.get(INTERFACE))]
    if any(_has_own(subgraph) for subgraph in expanded) or not all(map(_is_usual, interfaces)):
        return subgraphs
    others = {name for subgraph in expanded for name in _no_objects(subgraph)}
    types = sorted({name for subgraph in expanded for name in _node_types(subgraph)} - others - _ROOTS)
    if not types:
        return subgraphs
    # Who hides `Node` from a contract by its tags hides what leads to it as well.
    tags = {use.arguments.get("name") for node in interfaces for use in uses(node, "tag")}
    sdl = _sdl(types, sorted(tag for tag in tags if isinstance(tag, str)))
    return [*subgraphs, Subgraph(name=_free_name(graphs), url=URL, sdl=sdl)]


def _is_usual(node: object) -> bool:
    """It is an interface with an id that everybody may see."""
    if not isinstance(node, InterfaceType) or has(node, "inaccessible"):
        return False
    id = node.fields.get("id")
    return id is not None and not has(id, "inaccessible") and str(id.type).removesuffix("!") == "ID"


def _no_objects(subgraph: Expanded) -> Iterator[str]:
    """What is an interface, or stands for one, and so has its implementations looked up instead."""
    for name, type_ in subgraph.schema.types.items():
        if not isinstance(type_, ObjectType) or has(type_, "interfaceObject"):
            yield name


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


def _free_name(taken: Container[str]) -> str:
    name = NAME
    while name in taken:
        name += "-of-router"
    return name


def _sdl(types: Sequence[str], tags: Sequence[str]) -> str:
    head = _HEAD % {
        "imports": '"@key", "@tag"' if tags else '"@key"',
        "tags": "".join(f" @tag(name: {print_string(tag)})" for tag in tags),
    }
    stubs = (
        f'\ntype {name} implements Node @key(fields: "id", resolvable: false) {{\n  id: ID!\n}}\n'
        for name in types
    )
    return head + "".join(stubs)
