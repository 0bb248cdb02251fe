"""Waiting that follows from other waiting is not written down."""

from router.planner.fetch_graph import FetchGraph


def drop_transitive(graph: FetchGraph) -> bool:
    """Keep only the nearest parents.

    c waits for b and a, b waits for a  becomes  c waits for b
    """
    changed = False
    for step in graph.steps.values():
        if len(step.parents) < 2:
            continue
        further = set[int]()
        for parent in step.parents:
            further |= graph.ancestors(graph.steps[parent].parents)
        if not step.parents.isdisjoint(further):
            step.parents -= further
            changed = True
    return changed
