"""The algorithm in one screen: walk, choose, build, optimise, emit.

walk       every way to reach every leaf                      walk.py, search.py, paths.py
choose     the cheapest combination of ways                   choose.py
build      ways → steps, and what each step needs             build.py, fetch_graph.py, output.py
optimise   fewer and smaller steps, to a fixed point          passes/
emit       steps → fetches with documents                     emit.py, required_fields.py, print_document.py
stream     lists of those who can hand them over by items     stream_sources.py
"""

from collections.abc import Callable
from time import monotonic

from router.operation.model import Field, Operation, OperationKind
from router.plan.nodes import Plan
from router.planner.budget import Budget
from router.planner.build import Builder
from router.planner.choose import choose
from router.planner.emit import emit
from router.planner.errors import TooDeep, Unplannable
from router.planner.passes import optimise
from router.planner.passes.take_deferrals import take_deferrals
from router.planner.paths import Path
from router.planner.response_keys import ResponseKeys
from router.planner.stream_sources import with_stream_sources
from router.planner.walk import INTROSPECTION, TYPENAME, Walk
from router.settings import OperationLimits
from schema.query_graph.model import QueryGraph


def plan(
    operation: Operation,
    graph: QueryGraph,
    *,
    deadline: float | None = None,
    limits: OperationLimits | None = None,
    clock: Callable[[], float] = monotonic,
    labels: frozenset[str] = frozenset(),
) -> Plan:
    """The cheapest plan that answers the whole operation.

    `deadline` is on the `clock`; `labels` are the override labels active for this request.
    `limits` are the most ways it may look at and the most it may remember.
    Raises Unplannable, TooManyPaths, TooManyParts, TooDeep, PlanTimeout.
    """
    limits = limits or OperationLimits()
    budget = Budget(
        deadline=deadline, clock=clock, max_paths=limits.max_paths, max_parts=limits.max_plan_parts
    )
    try:
        return _plan(operation, graph, labels, budget)
    except RecursionError as error:
        raise TooDeep from error


def _plan(operation: Operation, graph: QueryGraph, labels: frozenset[str], budget: Budget) -> Plan:
    chosen = _chosen(operation, Walk(graph, budget, labels), budget)
    keys = ResponseKeys(graph.supergraph)
    keys.take_all(operation.selections.items, operation.selections.parent_type)
    builder = Builder(graph, operation.kind, keys, budget)
    for path in chosen:
        budget.tick()
        builder.add(path)
    fetches = optimise(builder.fetches, operation.kind, budget, operation.deferrals)
    take_deferrals(fetches)
    emitted = emit(fetches, operation, graph.supergraph, keys, budget)
    return with_stream_sources(emitted, operation, graph.supergraph)


def _chosen(operation: Operation, walk: Walk, budget: Budget) -> list[Path]:
    fields = [field for field in operation.selections if isinstance(field, Field) and _is_fetched(field)]
    if operation.kind is OperationKind.QUERY:
        entries = walk.entries(operation.kind)
        leaves = [leaf for field in fields for leaf in walk.leaves_of(field, entries)]
        return choose(leaves, budget)[0]
    chosen: list[Path] = []
    for order, field in enumerate(fields):
        chosen.extend(_chosen_once(field, walk.entries(operation.kind, order), walk, budget))
    return chosen


def _is_fetched(field: Field) -> bool:
    return field.name != TYPENAME and field.name not in INTROSPECTION


def _chosen_once(field: Field, entries: list[Path], walk: Walk, budget: Budget) -> list[Path]:
    """A root field that must run exactly once: everything goes through one subgraph's field."""
    found: list[tuple[list[Path], int]] = []
    failure = Unplannable("the root", field.name)
    for entry in entries:
        try:
            found.append(choose(walk.leaves_of(field, [entry]), budget))
        except Unplannable as error:
            failure = error
    if not found:
        raise failure
    return min(found, key=lambda chosen: chosen[1])[0]
