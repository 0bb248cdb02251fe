"""Steps share a request only where nobody waits longer for it, however long each subgraph takes."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from router.operation.model import OperationKind
from router.planner.fetch_graph import FetchGraph, Step
from router.planner.requests import shared_requests


def graph_of(*steps: tuple[str, Sequence[int]]) -> FetchGraph:
    """Steps by subgraph and parents; those without parents begin at the root."""
    graph = FetchGraph()
    for subgraph, parents in steps:
        step = Step(graph.new_id(), subgraph, 0, (), (), parents=set(parents))
        step.root = None if parents else OperationKind.QUERY
        graph.add(step)
    return graph


def shared(graph: FetchGraph) -> list[list[int]]:
    return [[step.id for step in request] for request in shared_requests(graph, lambda step: step.subgraph)]


def seconds(requests: Sequence[Sequence[int]], graph: FetchGraph, each: Mapping[str, int]) -> int:
    """When everything has been answered."""
    end: dict[int, int] = {}
    for request in requests:
        parents = {parent for step in request for parent in graph.steps[step].parents}
        done = max((end[parent] for parent in parents), default=0) + each[graph.steps[request[0]].subgraph]
        end.update(dict.fromkeys(request, done))
    return max(end.values(), default=0)


def test_what_starts_together_goes_together() -> None:
    graph = graph_of(("a", ()), ("b", (0,)), ("b", (0,)), ("c", (1,)))

    assert shared(graph) == [[0], [1, 2], [3]]


def test_what_is_last_may_wait_for_each_other() -> None:
    graph = graph_of(("a", ()), ("b", ()), ("c", (0,)), ("c", (1,)))

    assert shared(graph) == [[0], [1], [2, 3]]


def test_what_is_followed_by_the_same_may_wait_for_each_other() -> None:
    graph = graph_of(("a", ()), ("b", ()), ("c", (0,)), ("c", (1,)), ("d", (2,)), ("d", (3,)))

    assert shared(graph) == [[0], [1], [2, 3], [4, 5]]


def test_what_is_followed_by_something_else_does_not_wait() -> None:
    # If b is slow, c for a must not wait for it: d comes after.
    graph = graph_of(("a", ()), ("b", ()), ("c", (0,)), ("c", (1,)), ("d", (2,)))

    assert shared(graph) == [[0], [1], [2], [3], [4]]


@st.composite
def graphs(draw: st.DrawFn) -> FetchGraph:
    steps: list[tuple[str, Sequence[int]]] = []
    for number in range(draw(st.integers(2, 14))):
        parents = draw(st.sets(st.integers(0, number - 1), max_size=2)) if number > 1 else set()
        steps.append((draw(st.sampled_from("abc")), tuple(parents)))
    return graph_of(*steps)


@given(graphs(), st.fixed_dictionaries(dict.fromkeys("abc", st.integers(1, 20))))
def test_nothing_is_answered_later_for_sharing(graph: FetchGraph, each: Mapping[str, int]) -> None:
    requests = shared(graph)

    assert sorted(step for request in requests for step in request) == sorted(graph.steps)
    alone = [[step.id] for step in graph.ordered()]
    assert seconds(requests, graph, each) == seconds(alone, graph, each)
