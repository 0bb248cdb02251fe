"""Where an object can be fetched from: the jumps from one node of the query graph that can really be made."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from schema.query_graph.model import EntityMove, FieldMove, NodeKind, QueryGraph
from schema.supergraph.field_set import FieldPart, FieldSet
from schema.supergraph.model import ObjectType

TYPENAME = "__typename"


@dataclass(frozen=True, slots=True)
class Spot:
    """An object of a known type seen from one node: its type there, or an interface object."""

    type_name: str
    node: int


Open: TypeAlias = tuple[Spot, str]
"""Can what a field requires be had, at a spot?"""
Below: TypeAlias = tuple[frozenset[int], FieldSet]
"""Can all of a selection be had on the objects at these heads of fields?"""
Question: TypeAlias = Spot | Open | Below
"""A spot alone asks: where else can its object be looked at?"""


@dataclass(slots=True)
class _Answers:
    """What is known so far. Answers to unsettled questions can still grow, from nowhere and from no.

    `waiting` are the questions to look into (again), the last one first. `readers` are those that an answer
    was used for, `takers` the spots from which a spot's object can be jumped to, so that they reach all it
    reaches. `left` are the jumps from a spot that could not be made yet.
    """

    reached: dict[Spot, set[int]] = field(default_factory=dict)
    holds: dict[Open | Below, bool] = field(default_factory=dict)
    asking: Question | None = None
    waiting: dict[Question, None] = field(default_factory=dict)
    unsettled: set[Question] = field(default_factory=set)
    readers: defaultdict[Question, set[Question]] = field(default_factory=lambda: defaultdict(set))
    takers: defaultdict[Spot, list[Spot]] = field(default_factory=lambda: defaultdict(list))
    left: dict[Spot, list[tuple[int, EntityMove, int]]] = field(default_factory=dict)
    local: dict[tuple[int, FieldSet], bool] = field(default_factory=dict)

    def ask(self, question: Question) -> None:
        """Note a new question."""
        self.waiting[question] = None
        self.unsettled.add(question)

    def read(self, question: Question) -> None:
        """Note that the question under way has used the answer to another."""
        if self.asking is not None and question in self.unsettled:
            self.readers[question].add(self.asking)

    def grow(self, spot: Spot, more: Set[int]) -> None:
        """Add nodes to what a spot reaches, and to what all that can jump to it reach."""
        growing = [(spot, more)]
        while growing:
            spot, more = growing.pop()
            new = more - self.reached[spot]
            if new:
                self.reached[spot] |= new
                self.waiting.update(dict.fromkeys(self.readers[spot]))
                growing.extend((taker, new) for taker in self.takers[spot])

    def affirm(self, question: Open | Below) -> None:
        """Answer yes."""
        self.holds[question] = True
        self.waiting.update(dict.fromkeys(self.readers[question]))

    def settle(self) -> None:
        """Nothing waits any more: no answer will change."""
        self.asking = None
        self.unsettled.clear()
        self.readers.clear()
        self.takers.clear()
        self.left.clear()


@dataclass(slots=True)
class Reach:
    """Answers which nodes can be reached from a spot, for one choice of active override labels.

    What can be jumped to depends on keys and requirements, and these on what can be jumped to. So questions
    that depend on each other are answered together: all begin with "nothing", and each is looked into again
    when an answer that it used has grown. That takes about as many steps as there are jumps, where following
    each question to its end takes twice as many with every subgraph.
    """

    graph: QueryGraph
    labels: frozenset[str] = frozenset()
    _answers: _Answers = field(default_factory=_Answers)

    def under(self, labels: frozenset[str]) -> "Reach":
        """The same for other labels; no condition takes a labelled field, so all answers stay right."""
        return replace(self, labels=labels)

    def nodes_from(self, spot: Spot) -> Set[int]:
        """The nodes at which the same object can be looked at, the spot's own among them."""
        answers = self._answers
        if spot not in answers.reached:
            answers.reached[spot] = set(self._beside(spot))
            answers.ask(spot)
        self._settle_or_read(spot)
        return answers.reached[spot]

    def _beside(self, spot: Spot) -> Iterable[int]:
        """Where the object is without any jump: a root type is the same object in all subgraphs."""
        reentries = self.graph.reentries.get(spot.node)
        return (spot.node,) if reentries is None else (spot.node, *(move.head for move in reentries))

    def _settle_or_read(self, question: Question) -> None:
        answers = self._answers
        if answers.asking is not None:
            answers.read(question)
            return
        if not answers.unsettled:
            return
        while answers.waiting:
            answers.asking, _ = answers.waiting.popitem()
            match answers.asking:
                case Spot() as spot:
                    self._try_jumps(spot)
                case Spot() as spot, str(name):
                    if self._has_required(spot, self.graph.fields[spot.node][name]):
                        answers.affirm((spot, name))
                case heads, selections:
                    assert isinstance(heads, frozenset)
                    assert isinstance(selections, tuple)
                    if self._can_select_at(heads, selections):
                        answers.affirm((heads, selections))
        answers.settle()

    def _try_jumps(self, spot: Spot) -> None:
        """Make every jump from the spot that can be made by now."""
        answers = self._answers
        jumps = answers.left.pop(spot, None)
        left = []
        for node, jump, head in self._jumps(spot) if jumps is None else jumps:
            if head in answers.reached[spot]:
                continue
            if not self.can_select(Spot(spot.type_name, node), jump.key):
                left.append((node, jump, head))
                continue
            there = Spot(spot.type_name, head)
            found = self.nodes_from(there)
            if there in answers.unsettled:
                answers.takers[there].append(spot)
            answers.grow(spot, found)
        answers.left[spot] = left

    def _jumps(self, spot: Spot) -> Iterator[tuple[int, EntityMove, int]]:
        """The jumps that lead elsewhere: from where, by what, and where to."""
        for node in self._beside(spot):
            for jump in self.graph.entity_moves[node]:
                head = self.narrowed(jump.head, spot.type_name)
                if head is not None and head != node:
                    yield node, jump, head

    def narrowed(self, node: int, type_name: str) -> int | None:
        """The node for objects of one type, from one that may be abstract; None when it has none."""
        kind = self.graph.nodes[node].kind
        if kind is NodeKind.OBJECT:
            return node if self.graph.nodes[node].type_name == type_name else None
        if kind is NodeKind.INTERFACE_OBJECT:
            return node if type_name in self.graph.members[node] else None
        move = self.graph.narrowings[node].get(type_name)
        return None if move is None else move.head

    def field_moves(self, spot: Spot, name: str) -> Iterator[FieldMove]:
        """The ways to get a field for a condition, jumps included.

        A condition (a key, a @requires) must hold whatever the labels, so it takes no labelled field.
        """
        for node in sorted(self.nodes_from(spot)):
            move = self.graph.fields[node].get(name)
            if move is not None and self._is_open_always(Spot(spot.type_name, node), move):
                yield move

    def _is_open_always(self, spot: Spot, move: FieldMove) -> bool:
        if move.needs_label is not None or move.barred_by_label is not None:
            return False
        return self.has_required(spot, move)

    def is_open(self, spot: Spot, move: FieldMove) -> bool:
        """Whether the field can be asked for right here: its label fits and what it requires can be had."""
        if move.needs_label is not None and move.needs_label not in self.labels:
            return False
        if move.barred_by_label is not None and move.barred_by_label in self.labels:
            return False
        return self.has_required(spot, move)

    def has_required(self, spot: Spot, move: FieldMove) -> bool:
        """Whether what the field requires can be had, and brought to its subgraph."""
        if not move.requires:
            return True
        question = (spot, move.name)
        answers = self._answers
        if question not in answers.holds:
            answers.holds[question] = False
            answers.ask(question)
        self._settle_or_read(question)
        return answers.holds[question]

    def _has_required(self, spot: Spot, move: FieldMove) -> bool:
        return self._is_local(spot, move.requires) or (
            self.can_come_back(spot) and self.can_select(spot, move.requires)
        )

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
                if part.selections and not self._is_local_below(move, part.selections):
                    return False
        return True

    def _is_local_below(self, move: FieldMove, selections: FieldSet) -> bool:
        known = self._answers.local
        if (move.head, selections) not in known:
            below = self.spots_below([move])
            known[move.head, selections] = all(self._is_local(spot, selections) for spot in below)
        return known[move.head, selections]

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
        if own is not None and not part.selections and self._is_open_always(spot, own):
            return True
        moves = self.field_moves(spot, part.name)
        if not part.selections:
            return next(moves, None) is not None
        heads = frozenset(move.head for move in moves)
        return bool(heads) and self._can_select_below(heads, part.selections)

    def _can_select_below(self, heads: frozenset[int], selections: FieldSet) -> bool:
        question = (heads, selections)
        answers = self._answers
        if question not in answers.holds:
            answers.holds[question] = False
            answers.ask(question)
        self._settle_or_read(question)
        return answers.holds[question]

    def _can_select_at(self, heads: frozenset[int], selections: FieldSet) -> bool:
        below: dict[str, list[Spot]] = {}
        for head in sorted(heads):
            for place in self._spots_at(head):
                below.setdefault(place.type_name, []).append(place)
        return all(
            any(self.can_select(place, (selection,)) for place in places)
            for places in below.values()
            for selection in selections
        )

    def knows_type(self, spot: Spot) -> bool:
        """Whether the real type of the object can be found out, which an interface object alone cannot."""
        return any(
            self.graph.nodes[node].kind is not NodeKind.INTERFACE_OBJECT for node in self.nodes_from(spot)
        ) or not isinstance(self.graph.supergraph.types.get(spot.type_name), ObjectType)

    def spots_below(self, moves: Iterable[FieldMove]) -> Iterator[Spot]:
        """Where the objects are that fields return, for every type they can have."""
        for move in moves:
            yield from self._spots_at(move.head)

    def _spots_at(self, head: int) -> Iterator[Spot]:
        for type_name in sorted(self.graph.members[head]):
            node = self.narrowed(head, type_name)
            if node is not None:
                yield Spot(type_name, node)

    def possible(self, type_name: str) -> tuple[str, ...]:
        """The object types that a value of the type can have."""
        return self.graph.supergraph.possible_types.get(type_name, ())
