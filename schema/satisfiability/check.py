"""Can every query be answered? Walks all fields from the roots, each situation once."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
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
from schema.supergraph.model import Field, ObjectType

MAX_LABELS_IN_ALL_COMBINATIONS = 4


PlacesOf = Callable[[str, str], Sequence[Place]]
"""Where a field stands in the subgraphs, by the names of its type and its own."""


def check_satisfiability(graph: QueryGraph, findings: Findings, places_of: PlacesOf) -> None:
    """Note every field that some query can ask for and no plan can answer."""
    for labels in label_choices(graph.supergraph.override_labels):
        walk = _Walk(reach=Reach(graph, labels), findings=findings, places_of=places_of)
        try:
            for kind, type_name in graph.supergraph.roots.items():
                spots = frozenset(Spot(type_name, move.head) for move in graph.entries[kind])
                walk.visit(type_name, spots, (Step(kind=kind),))
        except RecursionError:
            findings.error(
                Code.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED,
                "The keys and requirements of the subgraphs depend on each other too deeply to be checked: "
                "let fewer fields require fields that themselves require others.",
            )


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
class _Walk:
    """One walk over the supergraph.

    `seen`: the situations of each type that were looked into; `entered`: the sets of nodes below fields.
    """

    reach: Reach
    findings: Findings
    places_of: PlacesOf
    entered: set[frozenset[int]] = field(default_factory=set)
    seen: defaultdict[str, list[frozenset[Spot]]] = field(default_factory=lambda: defaultdict(list))

    def visit(self, type_name: str, spots: frozenset[Spot], path: tuple[Step, ...]) -> None:
        """Look into an object type at the spots where its objects may be found, and all below it."""
        waiting = [(type_name, spots, path)]
        while waiting:
            type_name, spots, path = waiting.pop()
            if any(smaller <= spots for smaller in self.seen[type_name]):
                continue
            self.seen[type_name].append(spots)
            known = self.reach.graph.supergraph.types[type_name]
            assert isinstance(known, ObjectType)
            for entry in known.fields.values():
                if not entry.is_inaccessible:
                    waiting.extend(self._follow(known, entry, spots, path))

    def _follow(
        self, parent: ObjectType, entry: Field, spots: frozenset[Spot], path: tuple[Step, ...]
    ) -> Iterator[tuple[str, frozenset[Spot], tuple[Step, ...]]]:
        """The situations below one field; what cannot be reached is noted."""
        here = (*path, Step(type_name=parent.name, field=entry.name))
        moves = {
            (move.head, move.tail): move
            for spot in sorted(spots, key=lambda spot: spot.node)
            for move in self.reach.field_moves(spot, entry.name)
        }
        if not moves:
            self._fail(here, explain_field(self.reach, spots, parent.name, entry, path))
            return
        if self.reach.graph.supergraph.is_leaf(entry.type.name):
            return
        ways = [moves[key] for key in sorted(moves)]
        if len(path) == 1 and path[0].kind == "mutation" and len(ways) > 1:
            self._check_mutation(entry, ways, here)
            return
        if self._has_no_common_type(parent, entry, ways, here):
            return
        heads = frozenset(move.head for move in ways)
        if heads in self.entered:
            return
        self.entered.add(heads)
        yield from self._situations(entry, ways, here)

    def _situations(
        self, entry: Field, ways: list[FieldMove], here: tuple[Step, ...]
    ) -> Iterator[tuple[str, frozenset[Spot], tuple[Step, ...]]]:
        below: defaultdict[str, set[Spot]] = defaultdict(set)
        for spot in self.reach.spots_below(ways):
            below[spot.type_name].add(spot)
        for type_name in sorted(below):
            if self.reach.graph.supergraph.types[type_name].is_inaccessible:
                continue
            spots = frozenset(below[type_name])
            if not any(self.reach.knows_type(spot) for spot in spots):
                self._fail(here, explain_type(self.reach, spots, entry, here))
                return
            narrowing = () if type_name == entry.type.name else (Step(type_name=type_name),)
            yield type_name, spots, (*here, *narrowing)

    def _has_no_common_type(
        self, parent: ObjectType, entry: Field, ways: list[FieldMove], here: tuple[Step, ...]
    ) -> bool:
        """A shared field must be able to return the same object from all of its subgraphs."""
        graph = self.reach.graph
        possible = {
            graph.nodes[move.head].subgraph: graph.members[move.head]
            for move in ways
            if graph.nodes[move.tail].kind is NodeKind.OBJECT
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

    def _check_mutation(self, entry: Field, ways: list[FieldMove], here: tuple[Step, ...]) -> None:
        """A mutation must not run twice: one subgraph alone must lead to everything below it."""
        failures: dict[str, Findings] = {}
        for way in ways:
            alone = _Walk(reach=self.reach, findings=Findings(), places_of=self.places_of)
            for type_name, spots, path in alone._situations(entry, [way], here):
                alone.visit(type_name, spots, path)
            if not alone.findings.errors:
                return
            failures[self.reach.graph.nodes[way.tail].subgraph] = alone.findings
        reasons = {name: [error.message for error in found.errors] for name, found in failures.items()}
        self._fail(here, explain_mutation(entry, reasons))

    def _fail(self, here: tuple[Step, ...], message: str) -> None:
        places = self.places_of(here[-1].type_name, here[-1].field)
        self.findings.error(Code.SATISFIABILITY_ERROR, message, *places)
