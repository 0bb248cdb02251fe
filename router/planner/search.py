"""Single steps through the query graph: into a field, over to another subgraph, down to a narrower type.

A step is *direct* when the subgraph at hand resolves the field, *indirect* when the object must be asked
for elsewhere first. What a step requires is searched for by the same steps, from every place where the
object at hand is already known.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from router.operation.model import Conditions, Field, Selection
from router.planner.errors import Unplannable
from router.planner.paths import (
    JUMP_COST,
    ContextUse,
    Path,
    PathFactory,
    cheapest_per_node,
    enclosing,
)
from router.planner.selections_of import selections_of
from schema.query_graph.model import AbstractMove, EntityMove, FieldMove, Node, NodeKind, QueryGraph, RootMove
from schema.supergraph.field_set import FieldSet, field_names, parse_field_set

Collect = Callable[[Iterable[Selection], list[Path]], list[list[Path]]]
"""Selections and places to begin → for each leaf its alternatives; raises Unplannable."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """What jumps are looked for: into which subgraphs, for the sake of which field, over which keys."""

    targets: set[str]
    sought: str
    only_at_hand: bool


class Search:
    """All steps that can be made in one graph with one set of active override labels."""

    def __init__(
        self, graph: QueryGraph, factory: PathFactory, labels: frozenset[str], collect: Collect
    ) -> None:
        self.graph = graph
        self._factory = factory
        self._labels = labels
        self._collect = collect
        self._active: set[tuple[int, object]] = set()
        self._guarded = 0
        self._satisfied: dict[tuple[int, object], tuple[Path, ...] | None] = {}
        self._abstract_moves: dict[tuple[int, str], AbstractMove | None] = {}
        self._move_ids = count(graph.move_count)
        self.later: Conditions = ()  # the marks of what is deferred and looked for just now

    def node(self, path: Path) -> Node:
        """Where the path ends."""
        return self.graph.nodes[path.node]

    # -- into a field ------------------------------------------------------------------------------

    def direct(self, paths: Iterable[Path], field: Field) -> list[Path]:
        """The field resolved where the paths end."""
        found = (self._into(path, field) for path in paths)
        return [path for path in found if path is not None]

    def _into(self, path: Path, field: Field) -> Path | None:
        move = self._available(path.node, field.name)
        if move is None:
            return None
        if not (move.requires or move.context_arguments):
            return self._factory.field(path, move, field.response_key, field.arguments, field.conditions)
        requirements = self._satisfy(path, move.id, move.requires, path) if move.requires else ()
        contexts = self._contexts(path, move)
        if requirements is None or contexts is None:
            return None
        asked = path if isinstance(path.move, EntityMove) else self._reentered(path)
        if asked is None:
            return None
        move = self.graph.fields[asked.node][field.name]
        uses, from_context = contexts
        return self._factory.field(
            asked,
            move,
            field.response_key,
            field.arguments,
            field.conditions,
            requirements + from_context,
            uses,
        )

    def _contexts(
        self, path: Path, move: FieldMove
    ) -> tuple[tuple[ContextUse, ...], tuple[Path, ...]] | None:
        """What fills the field's contextual arguments, and the paths to it; None if it cannot be had."""
        uses: list[ContextUse] = []
        required: list[Path] = []
        for argument in move.context_arguments:
            provider = next((p for p in enclosing(path) if self._sets(p, argument.context)), None)
            if provider is None:
                return None
            fields = parse_field_set(argument.selection)
            found = self._satisfy(path, (move.id, argument.name), fields, provider)
            if found is None:
                return None
            uses.append(ContextUse(argument, fields, provider))
            required.extend(found)
        return tuple(uses), tuple(required)

    def _sets(self, path: Path, context: str) -> bool:
        """Whether the object at the path sets the context."""
        return self.node(path).type_name in self.graph.context_setters.get(context, frozenset())

    def _available(self, node: int, name: str) -> FieldMove | None:
        move = self.graph.fields[node].get(name)
        if move is None:
            return None
        if move.needs_label is not None and move.needs_label not in self._labels:
            return None
        if move.barred_by_label is not None and move.barred_by_label in self._labels:
            return None
        return move

    def _reentered(self, path: Path) -> Path | None:
        """The same object asked for as an entity of the same subgraph, so that it can be handed more."""
        own = self.node(path)
        loops = [
            move
            for move in self.graph.entity_moves[path.node]
            if self.graph.nodes[move.head].subgraph == own.subgraph
        ]
        found = [jumped for jumped in (self._jump(path, move) for move in loops) if jumped is not None]
        return min(found, key=lambda jumped: jumped.cost, default=None)

    # -- over to another subgraph ------------------------------------------------------------------

    def indirect(self, paths: Iterable[Path], field: Field) -> list[Path]:
        """The field resolved after jumping; for every subgraph the ways of the fewest jumps."""
        found: list[Path] = []
        for path in paths:
            node = self.node(path)
            targets = self.graph.resolvers.get((node.type_name, field.name), frozenset()) - {node.subgraph}
            found.extend(self._jumps(path, targets, field))
        return cheapest_per_node(found) if found else found

    def _jumps(self, path: Path, targets: frozenset[str], field: Field) -> list[Path]:
        """The field of the object in as many of the target subgraphs as can be reached.

        First over keys whose fields are at hand on the way, as most are; what is then still missing over
        keys that must be gathered elsewhere.
        """
        if not targets:
            return []
        found: list[Path] = []
        missing = set(targets)
        for only_at_hand in (True, False):
            jumps = self._jumps_over(path, missing, field, only_at_hand=only_at_hand)
            found.extend(jumps)
            missing -= {self.node(jumped).subgraph for jumped in jumps}
            if not missing or (found and field.selections is None):
                break
        return found

    def _jumps_over(self, path: Path, targets: set[str], field: Field, *, only_at_hand: bool) -> list[Path]:
        missing = set(targets)
        seen = {path.node}
        found: list[Path] = []
        layer = [path]
        while layer and missing:
            among = _Layer(missing, field.name, only_at_hand)
            here = self._layer(layer, seen, among, into_targets=True)
            arrived = self.direct(here, field)
            found.extend(arrived)
            seen |= {jumped.node for jumped in here}
            missing -= {self.node(jumped).subgraph for jumped in arrived}
            if not missing or (found and field.selections is None):
                break
            beyond = self._layer(layer, seen, among, into_targets=False)
            seen |= {jumped.node for jumped in beyond}
            layer = here + beyond
        return found

    def _layer(self, layer: list[Path], seen: set[int], among: _Layer, *, into_targets: bool) -> list[Path]:
        """One jump further from every path, per place the cheapest."""
        best: dict[int, Path] = {}
        nodes = self.graph.nodes
        for path in layer:
            for move in self.graph.entity_moves[path.node]:
                self._factory.tick()
                if move.head in seen or (nodes[move.head].subgraph in among.targets) is not into_targets:
                    continue
                known = best.get(move.head)
                if known is not None and known.cost <= path.cost + JUMP_COST + 1:
                    continue
                needs_sought = among.sought in field_names(move.key)
                if (among.only_at_hand or needs_sought) and not self._is_at_hand(path, move.key):
                    continue
                jumped = self._jump(path, move)
                if jumped is not None and (known is None or jumped.cost < known.cost):
                    best[move.head] = jumped
        return list(best.values())

    def _is_at_hand(self, path: Path, key: FieldSet) -> bool:
        """Whether the object is known where the key's fields are."""
        known = [self.graph.fields[same.node] for same in path.of_same_object()]
        return all(any(name in fields for fields in known) for name in field_names(key))

    def _jump(self, path: Path, move: EntityMove) -> Path | None:
        requirements = self._satisfy(path, move.id, move.key, path)
        if requirements is None:
            return None
        return self._factory.through(path, move, requirements, self.later)

    def apart(self, path: Path) -> Path:
        """The same object asked for anew in the same subgraph, where it can be; for what is deferred."""
        if path.parent is not None and all(same.conditions != self.later for same in _of_one_place(path)):
            return self._reentered(path) or path
        return path

    def reentries(self, path: Path) -> list[Path]:
        """Other subgraphs' root types, where a field returned the root type itself."""
        if isinstance(path.move, RootMove):
            return []
        return [self._factory.through(path, move) for move in self.graph.reentries.get(path.node, ())]

    # -- to another type ---------------------------------------------------------------------------

    def narrowed(self, paths: Iterable[Path], type_name: str) -> list[Path]:
        """The paths, looking only at values of the type; those which cannot hold such values are left out."""
        found: list[Path] = []
        for path in paths:
            found.extend(self._narrowed(path, type_name))
        return found

    def _narrowed(self, path: Path, type_name: str) -> Iterator[Path]:
        node = self.node(path)
        if node.type_name == type_name:
            yield path
        elif node.kind is NodeKind.OBJECT:
            if node.type_name in self.graph.supergraph.possible_types.get(type_name, ()):
                yield path
        elif node.kind is NodeKind.INTERFACE_OBJECT:
            yield from self.narrowed(self.typed(path), type_name)
        else:
            move = self.graph.narrowings[path.node].get(type_name) or self._abstract_move(node, type_name)
            if move is not None:
                yield self._factory.through(path, move)

    def typed(self, path: Path) -> list[Path]:
        """From an interface object to subgraphs which know the real type."""
        sources = self.graph.supergraph.types[self.node(path).type_name].sources
        kinds = {name for name, source in sources.items() if not source.is_interface_object}
        best: dict[int, Path] = {}
        layer, seen = [path], {path.node}
        among = _Layer(kinds, "", only_at_hand=False)
        while layer and not best:
            for jumped in self._layer(layer, seen, among, into_targets=True):
                best[jumped.node] = jumped
            layer = self._layer(layer, seen, among, into_targets=False)
            seen |= {jumped.node for jumped in layer}
        return list(best.values())

    def _abstract_move(self, node: Node, type_name: str) -> AbstractMove | None:
        """From one abstract type to another, if the subgraph agrees with all others who belongs to it."""
        key = (node.id, type_name)
        if key not in self._abstract_moves:
            self._abstract_moves[key] = self._new_abstract_move(node, type_name)
        return self._abstract_moves[key]

    def _new_abstract_move(self, node: Node, type_name: str) -> AbstractMove | None:
        head = self.graph.node_of(type_name, node.subgraph)
        if head is None or node.view or head.kind is not NodeKind.INTERFACE:
            return None
        here = self.graph.members[node.id]
        meant = here.intersection(self.graph.supergraph.possible_types.get(type_name, ()))
        if not meant or meant != here & self.graph.members[head.id]:
            return None
        return AbstractMove(id=next(self._move_ids), tail=node.id, head=head.id, type_name=type_name)

    # -- requirements ------------------------------------------------------------------------------

    def _satisfy(self, path: Path, need: object, field_set: FieldSet, at: Path) -> tuple[Path, ...] | None:
        """The cheapest paths to fields of the object at `at`, None if something cannot be had.

        `need` says what they are for; nothing may need itself on the way.
        """
        key = (path.id, need)
        if key in self._satisfied:
            return self._satisfied[key]
        guard = (path.node, need)
        if guard in self._active:
            self._guarded += 1
            return None
        guarded_before = self._guarded
        self._active.add(guard)
        later, self.later = self.later, ()
        try:
            leaves = self._collect(selections_of(field_set), list(at.of_same_object()))
        except Unplannable:
            if self._guarded == guarded_before:
                self._satisfied[key] = None
            return None
        finally:
            self.later = later
            self._active.discard(guard)
        found = _chosen(leaves, path)
        self._satisfied[key] = found
        return found


def _of_one_place(path: Path) -> Iterator[Path]:
    """The path and those before it, back to the field that led to the object."""
    at: Path | None = path
    while at is not None and not isinstance(at.move, FieldMove):
        yield at
        at = at.parent


def _chosen(leaves: list[list[Path]], beyond: Path) -> tuple[Path, ...]:
    """One alternative for each leaf, each time the one that adds least to those before."""
    taken: set[Path] = set(beyond.atoms)
    chosen: dict[int, Path] = {}
    for alternatives in leaves:
        best = alternatives[0]
        if len(alternatives) > 1:
            best = min(alternatives, key=lambda path: sum(atom.weight for atom in path.atoms - taken))
        taken |= best.atoms
        chosen[best.id] = best
    return tuple(chosen.values())
