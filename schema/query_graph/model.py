"""The query graph: types as single subgraphs see them, and the moves between them.

A node is a type in one subgraph. Below a field with `@provides` it may be a *view*: a copy of the node
which also has the provided fields. Moves carry what must be known to make them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from schema.supergraph.field_set import FieldSet
from schema.supergraph.model import ContextArgument, Supergraph, TypeRef


class NodeKind(Enum):
    """What the subgraph takes the type for."""

    OBJECT = "object"
    INTERFACE = "interface"
    INTERFACE_OBJECT = "interface object"
    UNION = "union"
    LEAF = "leaf"


@dataclass(frozen=True, slots=True)
class Node:
    """One type in one subgraph; `view` is 0 for the ordinary node."""

    id: int
    kind: NodeKind
    type_name: str
    subgraph: str
    view: int = 0

    @property
    def is_abstract(self) -> bool:
        """Whether values have a runtime type of their own, known to the subgraph."""
        return self.kind is NodeKind.INTERFACE or self.kind is NodeKind.UNION


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMove:
    """Resolve a field of the tail's type in its subgraph.

    `needs_label` and `barred_by_label` come from `@override(label:)`: the move exists only while the label
    is active, or only while it is not.
    """

    id: int
    tail: int
    head: int
    name: str
    type: TypeRef
    requires: FieldSet = ()
    needs_label: str | None = None
    barred_by_label: str | None = None
    context_arguments: tuple[ContextArgument, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityMove:
    """Jump to another subgraph (or back into the same) through a key.

    `typename` is what the target is told the object is; None means the object's own type.
    """

    id: int
    tail: int
    head: int
    key: FieldSet
    typename: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbstractMove:
    """Look only at values of one narrower type."""

    id: int
    tail: int
    head: int
    type_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RootMove:
    """Begin an operation at a subgraph's root type; the tail is None, or a root type reached as a field."""

    id: int
    tail: int | None
    head: int


Move = FieldMove | EntityMove | AbstractMove | RootMove


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryGraph:
    """All nodes and moves. Sequences are indexed by node id.

    `entries` maps `query`, `mutation` and `subscription` to the ways in. `resolvers` says which subgraphs
    can resolve a field of a type, directly or as an interface object; `members` which object types a
    value of the node's type can have there. `context_setters` maps a context to the types that set it.
    """

    supergraph: Supergraph
    nodes: Sequence[Node]
    fields: Sequence[Mapping[str, FieldMove]]
    entity_moves: Sequence[Sequence[EntityMove]]
    narrowings: Sequence[Mapping[str, AbstractMove]]
    entries: Mapping[str, Sequence[RootMove]]
    reentries: Mapping[int, Sequence[RootMove]]
    resolvers: Mapping[tuple[str, str], frozenset[str]]
    members: Sequence[frozenset[str]]
    context_setters: Mapping[str, frozenset[str]]
    ids: Mapping[tuple[str, str], int]
    move_count: int

    def node_of(self, type_name: str, subgraph: str) -> Node | None:
        """The ordinary node of a type in a subgraph."""
        found = self.ids.get((type_name, subgraph))
        return None if found is None else self.nodes[found]
