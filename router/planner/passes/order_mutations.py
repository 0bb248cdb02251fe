"""Root fields of a mutation run one after the other (spec §6.2.2)."""

from itertools import pairwise

from router.operation.deferral import deferrals_in
from router.planner.fetch_graph import FetchGraph, Step


def order_mutations(graph: FetchGraph, always: frozenset[int] = frozenset()) -> bool:
    """Each root field waits for everything that belongs to the one before, but not for what is deferred.

    a{x} → b{y}, c{z}  becomes  a{x} → b{y} → c{z}

    `always`: the deferrals that no variable calls off.
    """
    by_order: dict[int, list[int]] = {}
    for step in graph.steps.values():
        waited_for = by_order.setdefault(step.order, [])
        if not _comes_later(step, always):
            waited_for.append(step.id)
    orders = sorted(by_order)
    for before, order in pairwise(orders):
        for identity in by_order[order]:
            step = graph.steps[identity]
            if not step.is_entity and not step.path:
                step.parents |= set(by_order[before])
    return len(orders) > 1


def _comes_later(step: Step, always: frozenset[int]) -> bool:
    return bool(step.alternatives) and all(
        not deferrals_in(holds).isdisjoint(always) for holds in step.alternatives
    )
