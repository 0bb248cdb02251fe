"""Rewrites of the fetch graph, run to a fixed point; each tells whether it changed anything."""

from collections.abc import Callable, Sequence

from router.operation.model import Deferral, OperationKind
from router.planner.budget import Budget
from router.planner.fetch_graph import FetchGraph
from router.planner.passes.drop_empty import drop_empty
from router.planner.passes.drop_transitive import drop_transitive
from router.planner.passes.join_mutations import join_mutations
from router.planner.passes.merge_siblings import merge_siblings
from router.planner.passes.order_mutations import order_mutations
from router.planner.passes.share_deferred import share_deferred

Pass = Callable[[FetchGraph], bool]

PASSES: tuple[Pass, ...] = (
    drop_empty,  # first: nobody should look at steps that ask for nothing
    merge_siblings,  # steps that can be one request become one
    drop_transitive,  # last: waiting for a parent is waiting for its parents
)


def optimise(
    graph: FetchGraph, kind: OperationKind, budget: Budget, deferrals: Sequence[Deferral] = ()
) -> FetchGraph:
    """The graph after every pass has nothing left to do."""
    _to_the_end(graph, budget)
    while deferrals and share_deferred(graph):
        _to_the_end(graph, budget)
    if kind is OperationKind.MUTATION:
        join_mutations(graph)
        order_mutations(graph, frozenset(each.id for each in deferrals if each.condition is None))
        drop_transitive(graph)
    return graph


def _to_the_end(graph: FetchGraph, budget: Budget) -> None:
    changed = True
    while changed:
        changed = False
        for rewrite in PASSES:
            budget.tick()
            changed |= rewrite(graph)
