"""Steps that ask for nothing go away."""

from router.planner.fetch_graph import FetchGraph


def drop_empty(graph: FetchGraph) -> bool:
    """Take out steps without output.

    a → (nothing) → b  becomes  a → b
    """
    empty = [step for step in graph.steps.values() if step.is_empty]
    for step in empty:
        graph.drop(step)
    return bool(empty)
