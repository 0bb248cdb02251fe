"""Where an object can be fetched from: the jumps from one node of the query graph that can really be made."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from schema.query_graph.model import EntityMove, FieldMove, NodeKind, QueryGraph
from schema.supergraph.field_set import FieldPart, FieldSet
from schema.supergraph.model import ObjectType

TYPENAME = "__typename"


@dataclass(frozen=True, slots=True)
class Spot:
    """An object of a known type seen from one node: its type there, or an interface object."""

    type_name: str
    node: int


@dataclass(slots=True)
class Reach:
    """Answers which spots can be reached from a spot, for one choice of active override labels."""

    graph: QueryGraph
    labels: frozenset[str] = frozenset()
    _known: dict[Spot, frozenset[int]] = field(default_factory=dict)
    _growing: dict[Spot, set[int]] = field(default_factory=dict)
    _asked: set[tuple[Spot, str]] = field(default_factory=set)
    _is_provisional: bool = False

    def nodes_from(self, spot: Spot) -> frozenset[int]:
        """The nodes at which the same object can be looked at, the spot's own first of all."""
        if spot in self._known:
            return self._known[spot]
        if spot in self._growing:
            self._is_provisional = True
            return frozenset(self._growing[spot])
        was_provisional, self._is_provisional = self._is_provisional, False
        found = self._growing[spot] = {spot.node}
        while self._grow(spot, found):
            pass
        del self._growing[spot]
        reached = frozenset(found)
        if not self._is_provisional or not self._growing:
            self._known[spot] = reached
        self._is_provisional = (was_provisional or self._is_provisional) and bool(self._growing)
        return reached

    def _grow(self, spot: Spot, found: set[int]) -> bool:
        """Make every jump that can be made by now; whether there was a new one."""
        before = len(found)
        for node in tuple(found):
            for move in self.graph.reentries.get(node, ()):
                found.add(move.head)
            for jump in self.graph.entity_moves[node]:
                head = self.narrowed(jump.head, spot.type_name)
                if head is not None and head not in found and self.can_jump(Spot(spot.type_name, node), jump):
                    found.add(head)
        return len(found) > before

    def can_jump(self, spot: Spot, move: EntityMove) -> bool:
        """Whether the key of the jump can be had at the spot."""
        return self.can_select(spot, move.key)

    def narrowed(self, node: int, type_name: str) -> int | None:
        """The node for objects of one type, from one that may be abstract; None when it has none."""
        kind = self.graph.nodes[node].kind
        if kind is NodeKind.OBJECT:
            return node if self.graph.nodes[node].type_name == type_name else None
        if kind is NodeKind.INTERFACE_OBJECT:
            return node if type_name in self.graph.members[node] else None
        move = self.graph.narrowings[node].get(type_name)
        return None if move is None else move.head

    def field_moves(self, spot: Spot, name: str, *, in_condition: bool = False) -> Iterator[FieldMove]:
        """The ways to get a field of the object at the spot, jumps included."""
        for node in sorted(self.nodes_from(spot)):
            move = self.graph.fields[node].get(name)
            if move is not None and self.is_open(Spot(spot.type_name, node), move, in_condition=in_condition):
                yield move

    def is_open(self, spot: Spot, move: FieldMove, *, in_condition: bool = False) -> bool:
        """Whether the field can be asked for right here: its label fits and what it requires can be had.

        A condition (a key, a @requires) must hold whatever the labels, so it takes no labelled field.
        """
        if in_condition and (move.needs_label is not None or move.barred_by_label is not None):
            return False
        if move.needs_label is not None and move.needs_label not in self.labels:
            return False
        if move.barred_by_label is not None and move.barred_by_label in self.labels:
            return False
        if not move.requires:
            return True
        question = (spot, move.name)
        if question in self._asked:
            self._is_provisional = True
            return False
        self._asked.add(question)
        try:
            return self._is_local(spot, move.requires) or (
                self.can_select(spot, move.requires) and self.can_come_back(spot)
            )
        finally:
            self._asked.remove(question)

    def can_come_back(self, spot: Spot) -> bool:
        """Whether the object can be asked for again in this subgraph, with what was required elsewhere."""
        node = self.graph.nodes[spot.node]
        known = self.graph.supergraph.types[node.type_name]
        if node.type_name in self.graph.supergraph.roots.values():
            return True
        keys = (key for key in known.sources[node.subgraph].keys if key.is_resolvable)
        return any(self._is_local(spot, key.fields) for key in keys)

    def _is_local(self, spot: Spot, selections: FieldSet) -> bool:
        """Whether a selection can be had from this node's own subgraph without any jump."""
        for part in selections:
            if not isinstance(part, FieldPart):
                if spot.type_name not in self.possible(part.type_condition):
                    continue
                if not self._is_local(spot, part.selections):
                    return False
            elif part.name != TYPENAME:
                move = self.graph.fields[spot.node].get(part.name)
                if move is None or move.requires or move.needs_label or move.barred_by_label:
                    return False
                if any(not self._is_local(below, part.selections) for below in self.spots_below([move])):
                    return False
        return True

    def can_select(self, spot: Spot, selections: FieldSet) -> bool:
        """Whether all of a selection can be had at the spot, with whatever jumps it takes."""
        return all(
            self._can_select_field(spot, part)
            if isinstance(part, FieldPart)
            else spot.type_name not in self.possible(part.type_condition)
            or self.can_select(spot, part.selections)
            for part in selections
        )

    def _can_select_field(self, spot: Spot, part: FieldPart) -> bool:
        if part.name == TYPENAME:
            return self.knows_type(spot)
        own = self.graph.fields[spot.node].get(part.name)
        if own is not None and not part.selections and self.is_open(spot, own, in_condition=True):
            return True
        moves = list(self.field_moves(spot, part.name, in_condition=True))
        if not moves:
            return False
        below: dict[str, list[Spot]] = {}
        for place in self.spots_below(moves) if part.selections else ():
            below.setdefault(place.type_name, []).append(place)
        return all(
            any(self.can_select(place, (selection,)) for place in places)
            for places in below.values()
            for selection in part.selections
        )

    def knows_type(self, spot: Spot) -> bool:
        """Whether the real type of the object can be found out, which an interface object alone cannot."""
        return any(
            self.graph.nodes[node].kind is not NodeKind.INTERFACE_OBJECT for node in self.nodes_from(spot)
        ) or not isinstance(self.graph.supergraph.types.get(spot.type_name), ObjectType)

    def spots_below(self, moves: Iterable[FieldMove]) -> Iterator[Spot]:
        """Where the objects are that fields return, for every type they can have."""
        for move in moves:
            for type_name in sorted(self.graph.members[move.head]):
                node = self.narrowed(move.head, type_name)
                if node is not None:
                    yield Spot(type_name, node)

    def possible(self, type_name: str) -> tuple[str, ...]:
        """The object types that a value of the type can have."""
        return self.graph.supergraph.possible_types.get(type_name, ())
