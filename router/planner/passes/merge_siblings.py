"""Entity steps of one subgraph at one place become one."""

from collections.abc import Hashable, Iterator

from router.planner.fetch_graph import FetchGraph, Needs, Step
from schema.supergraph.field_set import FieldPart, FieldSet


def merge_siblings(graph: FetchGraph) -> bool:
    """Join entity steps that ask one subgraph at the same place, where that costs nobody anything.

    products.@ Book by id + products.@ Movie by id  becomes  products.@ Book, Movie by id
    """
    by_place: dict[tuple[object, ...], list[Step]] = {}
    for step in graph.steps.values():
        if step.is_entity:
            by_place.setdefault((step.subgraph, step.path, step.order, step.deferrals), []).append(step)
    changed = False
    for steps in by_place.values():
        kept = _Kept()
        for step in steps:
            host = next(
                (one for one in kept.near(step) if _fit(graph, one, step) and _may_meet(graph, one, step)),
                None,
            )
            if host is None:
                kept.add(step)
            else:
                graph.merge(host, step)
                changed = True
    return changed


class _Kept:
    """Steps at one place, found by what they wait for and by what they send: others never meet.

    A step that changes later on is found by what it was, until the pass runs again.
    """

    def __init__(self) -> None:
        self._steps: dict[Hashable, dict[int, Step]] = {}

    def add(self, step: Step) -> None:
        """One more."""
        for key in _keys(step):
            self._steps.setdefault(key, {})[step.id] = step

    def near(self, step: Step) -> list[Step]:
        """Those that the step could join, in the order of making."""
        found = {id: one for key in _keys(step) for id, one in self._steps.get(key, {}).items()}
        return [found[id] for id in sorted(found)]


def _keys(step: Step) -> tuple[Hashable, Hashable]:
    return ("parents", frozenset(step.parents)), ("sent", frozenset(_sent(step).items()))


def _fit(graph: FetchGraph, one: Step, other: Step) -> bool:
    """Their representations can stand in one list."""
    graph.budget.tick()
    if one.contexts or other.contexts:
        return False
    senders = {*one.needs, *other.needs}
    if len(senders) > 1 and any(sender.type is None for sender in senders):
        return False
    if len({sender.type for sender in senders}) < len(senders):
        return False
    if one.needs.keys() != other.needs.keys() and not one.outputs.keys().isdisjoint(other.outputs):
        return False  # several types under one name: what is asked for one would be asked of all
    if _sent(one) == _sent(other) or one.needs.keys().isdisjoint(other.needs):
        return True
    if any(_contradict(one.needs[s], other.needs[s]) for s in one.needs.keys() & other.needs.keys()):
        return False
    return one.uses.alternatives == other.uses.alternatives


def _contradict(one: Needs, other: Needs) -> bool:
    """Whether one representation would need a field twice, with other arguments."""
    meanings: dict[tuple[str, ...], object] = {}
    for needs in (one, other):
        for field_set in needs.field_sets:
            for place, arguments in _arguments(field_set, ()):
                if meanings.setdefault(place, arguments) != arguments:
                    return True
    return False


def _arguments(field_set: FieldSet, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    for part in field_set:
        if isinstance(part, FieldPart):
            yield (*place, part.name), part.arguments
            yield from _arguments(part.selections, (*place, part.name))
        else:
            yield from _arguments(part.selections, (*place, f"...{part.type_condition}"))


def _sent(step: Step) -> dict[object, frozenset[object]]:
    return {sender: frozenset(needs.field_sets) for sender, needs in step.needs.items()}


def _may_meet(graph: FetchGraph, one: Step, other: Step) -> bool:
    """Neither waits for the other, and neither is held up by what only the other needs.

    With the same representations a step nobody waits for may wait a little longer: nothing is lost if
    what it waits for then fails.
    """
    if one.parents == other.parents:
        return True
    if _sent(one) != _sent(other):
        return False
    if graph.waits_for(one.id, other.id) or graph.waits_for(other.id, one.id):
        return False
    return not graph.has_children(one.id) or not graph.has_children(other.id)
