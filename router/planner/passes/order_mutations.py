"""Root fields of a mutation run one after the other (spec §6.2.2)."""

from itertools import pairwise

from router.planner.fetch_graph import FetchGraph


def order_mutations(graph: FetchGraph) -> bool:
    """Each root field waits for everything that belongs to the one before.

    a{x} → b{y}, c{z}  becomes  a{x} → b{y} → c{z}
    """
    by_order: dict[int, list[int]] = {}
    for step in graph.steps.values():
        by_order.setdefault(step.order, []).append(step.id)
    orders = sorted(by_order)
    for before, order in pairwise(orders):
        for identity in by_order[order]:
            step = graph.steps[identity]
            if not step.is_entity and not step.path:
                step.parents |= set(by_order[before])
    return len(orders) > 1
