"""Can every query be answered? Walks all fields from the roots, each situation once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, combinations

from schema.errors import Code, Place
from schema.findings import Findings
from schema.hints import HintCode
from schema.query_graph.model import FieldMove, NodeKind, QueryGraph
from schema.satisfiability.explain import (
    Step,
    explain_field,
    explain_mutation,
    explain_runtime_types,
    explain_type,
)
from schema.satisfiability.reach import Reach, Spot
from schema.supergraph.field_set import parse_field_set
from schema.supergraph.model import Field, ObjectType

MAX_LABELS_IN_ALL_COMBINATIONS = 4

MAX_STEPS = 3_000_000
"""How many ways to a field may be looked at: fifty times what 20 subgraphs of 100 types of 10 fields take.

There has to be a limit, as with every subgraph that shares types without @key there may be twice as many sets
of subgraphs to look from: it is the question whether a nondeterministic automaton accepts all words.
"""


PlacesOf = Callable[[str, str], Sequence[Place]]
"""Where a field stands in the subgraphs, by the names of its type and its own."""

Setters = frozenset[tuple[str, frozenset[Spot]]]
"""The contexts set above, each with the spots of the nearest object that sets it."""

Situation = tuple[str, frozenset[Spot], Setters, tuple[Step, ...]]
"""Objects of a type that may be found at some spots, the contexts set above, and a query that leads there."""


class _TooManySteps(Exception):
    """The check would take too long."""


class _DependsOnLabels(Exception):
    """Something cannot be reached, if labels could change between two fields of one query."""


def check_satisfiability(graph: QueryGraph, findings: Findings, places_of: PlacesOf) -> None:
    """Note every field that some query can ask for and no plan can answer."""
    known = len(findings.errors)
    walk = _Walk(reach=Reach(graph), findings=findings, places_of=places_of)
    try:
        if graph.supergraph.override_labels and not _holds_for_all_labels(walk):
            for labels in label_choices(graph.supergraph.override_labels):
                walk.under(labels, findings).visit_all()
        elif not graph.supergraph.override_labels:
            walk.visit_all()
    except (RecursionError, _TooManySteps):
        del findings.errors[known:]
        findings.error(
            Code.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED,
            "The subgraphs can be combined in too many ways to check them all: let fewer subgraphs share "
            "fields of types that have no @key, and let fewer fields require what requires others.",
        )


def _holds_for_all_labels(walk: "_Walk") -> bool:
    """Whether everything can be reached even if each field chose its labels anew; then for all choices."""
    trial = Findings()
    try:
        walk.under(None, trial).visit_all()
    except _DependsOnLabels:
        return False
    walk.findings.hints.extend(trial.hints)
    walk.findings.errors.extend(trial.errors)
    return True


def label_choices(labels: frozenset[str]) -> Iterator[frozenset[str]]:
    """The sets of active labels to try: all when they are few, else none, all, and each alone on or off."""
    ordered = sorted(labels)
    if len(ordered) <= MAX_LABELS_IN_ALL_COMBINATIONS:
        sizes = range(len(ordered) + 1)
        yield from map(frozenset, chain.from_iterable(combinations(ordered, size) for size in sizes))
        return
    yield frozenset()
    yield labels
    for label in ordered:
        yield frozenset({label})
        yield labels - {label}


@dataclass(slots=True)
class _Looked:
    """Where a walk has been: the nodes of each type's situations, and the sets of nodes below fields."""

    entered: set[tuple[frozenset[int], Setters]] = field(default_factory=set)
    seen: defaultdict[str, list[tuple[frozenset[int], Setters]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def has_seen(self, type_name: str, nodes: frozenset[int], above: Setters) -> bool:
        """Whether the walk has been where there is no more to look at than here."""
        return any(smaller <= nodes and fewer <= above for smaller, fewer in self.seen[type_name])

    def add(self, other: "_Looked") -> None:
        """Take over where another walk has been."""
        self.entered |= other.entered
        for type_name, situations in other.seen.items():
            self.seen[type_name].extend(situations)


@dataclass(slots=True)
class _Steps:
    """How many steps may still be taken."""

    left: int = MAX_STEPS

    def take(self, number: int) -> None:
        """Count steps; raises _TooManySteps."""
        self.left -= number
        if self.left < 0:
            raise _TooManySteps


@dataclass(slots=True, kw_only=True)
class _Walk:
    """One walk over the supergraph, for the labels of its reach or, if `is_for_all_labels`, for any.

    `sound` is where other walks for the same labels have been that found nothing wrong.
    """

    reach: Reach
    findings: Findings
    places_of: PlacesOf
    is_for_all_labels: bool = False
    steps: _Steps = field(default_factory=_Steps)
    looked: _Looked = field(default_factory=_Looked)
    sound: _Looked = field(default_factory=_Looked)
    failures: dict[int, Findings] = field(default_factory=dict)

    def under(self, labels: frozenset[str] | None, findings: Findings) -> "_Walk":
        """A new walk for other labels; None for any."""
        return _Walk(
            reach=self.reach.under(labels or frozenset()),
            findings=findings,
            places_of=self.places_of,
            is_for_all_labels=labels is None,
            steps=self.steps,
        )

    def visit_all(self) -> None:
        """Look into the root types and all below them."""
        graph = self.reach.graph
        for kind, type_name in graph.supergraph.roots.items():
            spots = frozenset(Spot(type_name, move.head) for move in graph.entries[kind])
            self.visit((type_name, spots, frozenset(), (Step(kind=kind),)))

    def visit(self, situation: Situation) -> None:
        """Look into an object type at the spots where its objects may be found, and all below it."""
        waiting = [situation]
        while waiting:
            type_name, spots, above, path = waiting.pop()
            nodes = frozenset().union(*(self.reach.nodes_from(spot) for spot in spots))
            self.steps.take(len(self.looked.seen[type_name]) + len(self.sound.seen[type_name]))
            if self.sound.has_seen(type_name, nodes, above) or self.looked.has_seen(type_name, nodes, above):
                continue
            self.looked.seen[type_name].append((nodes, above))
            known = self.reach.graph.supergraph.types[type_name]
            assert isinstance(known, ObjectType)
            moves = self._moves_at(nodes)
            for entry in known.fields.values():
                if not entry.is_inaccessible:
                    for ways in self._choices(type_name, moves.get(entry.name, ()), above):
                        waiting.extend(self._follow(known, entry, ways, (type_name, spots, above, path)))

    def _moves_at(self, nodes: frozenset[int]) -> Mapping[str, list[FieldMove]]:
        """All fields at some nodes, by name, in the order of where they lead."""
        found: defaultdict[str, list[FieldMove]] = defaultdict(list)
        for node in nodes:
            moves = self.reach.graph.fields[node]
            self.steps.take(1 + len(moves))
            for name, move in moves.items():
                found[name].append(move)
        for ways in found.values():
            if len(ways) > 1:
                ways.sort(key=lambda move: (move.head, move.tail))
        return found

    def _choices(
        self, type_name: str, moves: Sequence[FieldMove], above: Setters
    ) -> Iterator[list[FieldMove]]:
        """The ways to a field that are open, once for each choice of labels that matters."""
        reaches = [self.reach]
        if self.is_for_all_labels:
            both = ((move.needs_label, move.barred_by_label) for move in moves)
            labels = frozenset(label for pair in both for label in pair if label is not None)
            reaches = [self.reach.under(chosen) for chosen in label_choices(labels)]
            if len(labels) > MAX_LABELS_IN_ALL_COMBINATIONS:
                raise _DependsOnLabels
        for reach in reaches:
            yield [
                move
                for move in moves
                if reach.is_open(Spot(type_name, move.tail), move)
                and (not move.context_arguments or _has_contexts(reach, move, above))
            ]

    def _follow(
        self, parent: ObjectType, entry: Field, ways: list[FieldMove], situation: Situation
    ) -> Iterator[Situation]:
        """The situations below one field; what cannot be reached is noted."""
        _, spots, above, path = situation
        if not ways:
            here = (*path, Step(type_name=parent.name, field=entry.name))
            self._fail(here, partial(explain_field, self.reach, spots, parent.name, entry, path))
            return
        if self.reach.graph.supergraph.is_leaf(entry.type.name):
            return
        here = (*path, Step(type_name=parent.name, field=entry.name))
        setters = self._setters_below(parent.name, spots, above)
        if len(path) == 1 and path[0].kind == "mutation" and len(ways) > 1:
            self._check_mutation(entry, ways, setters, here)
            return
        if self._has_no_common_type(parent, entry, ways, here):
            return
        heads = frozenset(move.head for move in ways)
        if (heads, setters) in self.looked.entered or (heads, setters) in self.sound.entered:
            return
        self.looked.entered.add((heads, setters))
        yield from self._situations(entry, ways, setters, here)

    def _setters_below(self, type_name: str, spots: frozenset[Spot], above: Setters) -> Setters:
        """The contexts that are set below an object of the type."""
        setters = self.reach.graph.context_setters
        if not setters:
            return above
        own = frozenset((name, spots) for name, types in setters.items() if type_name in types)
        names = {name for name, _ in own}
        return frozenset(known for known in above if known[0] not in names) | own

    def _situations(
        self, entry: Field, ways: Iterable[FieldMove], setters: Setters, here: tuple[Step, ...]
    ) -> Iterator[Situation]:
        below: defaultdict[str, set[Spot]] = defaultdict(set)
        for spot in self.reach.spots_below(ways):
            below[spot.type_name].add(spot)
        for type_name in sorted(below):
            if self.reach.graph.supergraph.types[type_name].is_inaccessible:
                continue
            spots = frozenset(below[type_name])
            self.steps.take(len(spots))
            if not any(self.reach.knows_type(spot) for spot in spots):
                self._fail(here, partial(explain_type, self.reach, spots, entry, here))
                return
            narrowing = () if type_name == entry.type.name else (Step(type_name=type_name),)
            yield type_name, spots, setters, (*here, *narrowing)

    def _has_no_common_type(
        self, parent: ObjectType, entry: Field, ways: list[FieldMove], here: tuple[Step, ...]
    ) -> bool:
        """A shared field must be able to return the same object from all of its subgraphs."""
        graph = self.reach.graph
        possible = {
            graph.nodes[move.head].subgraph: graph.members[move.head]
            for move in ways
            if graph.nodes[move.tail].kind is NodeKind.OBJECT and graph.nodes[move.head].is_abstract
        }
        if len(set(possible.values())) < 2:
            return False
        message = explain_runtime_types(parent.name, entry, possible, here)
        if frozenset.intersection(*possible.values()):
            self.findings.hint(HintCode.INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN, message)
            return False
        places = self.places_of(parent.name, entry.name)
        self.findings.error(Code.SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES, message, *places)
        return True

    def _check_mutation(
        self, entry: Field, ways: list[FieldMove], setters: Setters, here: tuple[Step, ...]
    ) -> None:
        """A mutation must not run twice: one subgraph alone must lead to everything below it."""
        for way in ways:
            if way.head not in self.failures:
                alone = _Walk(
                    reach=self.reach,
                    findings=Findings(),
                    places_of=self.places_of,
                    is_for_all_labels=self.is_for_all_labels,
                    steps=self.steps,
                    sound=self.sound,
                )
                for situation in alone._situations(entry, [way], setters, here):
                    alone.visit(situation)
                if not alone.findings.errors:
                    self.sound.add(alone.looked)
                    return
                self.failures[way.head] = alone.findings
        subgraphs = {self.reach.graph.nodes[way.tail].subgraph: self.failures[way.head] for way in ways}
        reasons = {name: [error.message for error in found.errors] for name, found in subgraphs.items()}
        self._fail(here, partial(explain_mutation, entry, reasons))

    def _fail(self, here: tuple[Step, ...], explain: Callable[[], str]) -> None:
        if self.is_for_all_labels:
            raise _DependsOnLabels
        places = self.places_of(here[-1].type_name, here[-1].field)
        self.findings.error(Code.SATISFIABILITY_ERROR, explain(), *places)


def _has_contexts(reach: Reach, move: FieldMove, above: Setters) -> bool:
    """Whether everything that the field takes from contexts is set above and can be had there."""
    setters = dict(above)
    return all(
        any(reach.can_select(spot, (part,)) for spot in setters.get(argument.context, ()))
        for argument in move.context_arguments
        for part in parse_field_set(argument.selection)
    )
