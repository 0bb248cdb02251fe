"""The query graph while it is built; lives no longer than `build_query_graph`."""

from collections import defaultdict
from itertools import count

from schema.query_graph.model import (
    AbstractMove,
    EntityMove,
    FieldMove,
    Node,
    NodeKind,
    QueryGraph,
    RootMove,
)
from schema.supergraph.field_set import FieldSet
from schema.supergraph.model import Supergraph


class Draft:
    """The graph while it is built."""

    def __init__(self, supergraph: Supergraph) -> None:
        self.supergraph = supergraph
        self.nodes: list[Node] = []
        self.ids: dict[tuple[str, str], int] = {}
        self.fields: list[dict[str, FieldMove]] = []
        self.entity_moves: list[list[EntityMove]] = []
        self.narrowings: list[dict[str, AbstractMove]] = []
        self.members: list[frozenset[str]] = []
        self.entries: dict[str, list[RootMove]] = {}
        self.reentries: dict[int, list[RootMove]] = {}
        self.provided: dict[tuple[int, str], FieldSet] = {}
        self._move_ids = count()

    def next_move(self) -> int:
        """A fresh id for a move."""
        return next(self._move_ids)

    def add_node(self, kind: NodeKind, type_name: str, subgraph: str, view: int = 0) -> Node:
        """A new node without moves."""
        node = Node(len(self.nodes), kind, type_name, subgraph, view)
        self.nodes.append(node)
        self.fields.append({})
        self.entity_moves.append([])
        self.narrowings.append({})
        self.members.append(frozenset())
        if view == 0:
            self.ids[type_name, subgraph] = node.id
        return node

    def node_id(self, type_name: str, subgraph: str) -> int:
        """The ordinary node of a type; one for a scalar that the subgraph uses undeclared."""
        found = self.ids.get((type_name, subgraph))
        return self.add_node(NodeKind.LEAF, type_name, subgraph).id if found is None else found

    def finished(self) -> QueryGraph:
        """The graph, not to be changed any more."""
        return QueryGraph(
            supergraph=self.supergraph,
            nodes=tuple(self.nodes),
            fields=tuple(self.fields),
            entity_moves=tuple(tuple(moves) for moves in self.entity_moves),
            narrowings=tuple(self.narrowings),
            entries=self.entries,
            reentries=self.reentries,
            resolvers=_resolvers(self),
            members=tuple(self.members),
            context_setters=_context_setters(self.supergraph),
            ids=self.ids,
            move_count=self.next_move(),
        )


def _resolvers(draft: Draft) -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for node in draft.nodes:
        for name in draft.fields[node.id]:
            found[node.type_name, name].add(node.subgraph)
            if node.kind is NodeKind.INTERFACE_OBJECT:
                for member in draft.supergraph.possible_types.get(node.type_name, ()):
                    found[member, name].add(node.subgraph)
    return {place: frozenset(graphs) for place, graphs in found.items()}


def _context_setters(supergraph: Supergraph) -> dict[str, frozenset[str]]:
    """A context set on an abstract type is set on its object types."""
    found: dict[str, set[str]] = defaultdict(set)
    for known in supergraph.types.values():
        for context in {name for source in known.sources.values() for name in source.contexts}:
            found[context] |= {known.name, *supergraph.possible_types.get(known.name, ())}
    return {context: frozenset(names) for context, names in found.items()}
