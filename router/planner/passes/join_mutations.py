"""Neighbouring root fields of a mutation that go to one subgraph become one request.

The subgraph itself runs them one after the other (spec §6.2.2).
"""

from collections.abc import Iterator, KeysView

from router.planner.fetch_graph import FetchGraph, Step


def join_mutations(graph: FetchGraph) -> bool:
    """Join root steps whose fields follow each other directly.

    a{x} → a{y} → b{z}  becomes  a{x y} → b{z}
    """
    changed = False
    before: list[Step] = []
    for steps in _by_order(graph):
        root = next(step for step in steps if _is_root(step))
        if before and len(before) == 1 and _may_follow(root, before[0]):
            for step in steps:
                step.order = before[0].order
            graph.merge(before[0], root)
            before = [before[0], *(step for step in steps if step is not root)]
            changed = True
        else:
            before = steps
    return changed


def _may_follow(step: Step, before: Step) -> bool:
    """Whether the fields would run in their order: one that may have run earlier stands there already."""
    if before.subgraph != step.subgraph:
        return False
    stand = _fields(before)
    again = _fields(step) & set(stand)
    return not again or again == {list(stand)[-1]}


def _fields(step: Step) -> KeysView[tuple[object, ...]]:
    return {key: None for output in step.outputs.values() for key in output.fields}.keys()


def _is_root(step: Step) -> bool:
    return not step.is_entity and not step.path


def _by_order(graph: FetchGraph) -> Iterator[list[Step]]:
    by_order: dict[int, list[Step]] = {}
    for step in graph.steps.values():
        by_order.setdefault(step.order, []).append(step)
    for order in sorted(by_order):
        yield by_order[order]
