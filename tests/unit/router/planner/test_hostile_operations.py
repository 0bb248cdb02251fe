"""Operations made to be expensive are planned cheaply, or refused in bounded time and memory."""

import time
import tracemalloc
from functools import cache

import pytest
from graphql import parse

from benchmarks.compose.workloads import subgraph
from router.errors import ClientError, LimitExceeded, PlanTimeout
from router.operation.model import Operation
from router.operation.normalise import normalise
from router.plan.nodes import Plan
from router.planner.errors import TooManyParts
from router.planner.planner import plan
from router.settings import OperationLimits
from router.snapshot.build import Snapshot, build_snapshot
from schema.compose import Subgraph, compose


@cache
def snapshot_of(*subgraphs: Subgraph) -> Snapshot:
    return build_snapshot(compose(subgraphs).supergraph_sdl)


def chain(subgraphs: int) -> Snapshot:
    """One entity that leads to itself in every subgraph, with one field of each subgraph's own."""
    return snapshot_of(
        *(
            subgraph(
                f"s{number}",
                "type Query { thing: Thing @shareable }",
                f'type Thing @key(fields: "id") {{ id: ID! next: Thing @shareable only{number}: Int }}',
            )
            for number in range(subgraphs)
        )
    )


def members(types: int, subgraphs: int) -> Snapshot:
    """An interface that every subgraph knows; each of its types goes on in another subgraph."""
    return snapshot_of(
        *(
            subgraph(
                f"s{number}",
                "type Query { nodes: [Node] @shareable } interface Node { id: ID! }",
                *(
                    f'type T{at} implements Node @key(fields: "id") '
                    f"{{ id: ID! {'next: Node' if at % subgraphs == number else ''} }}"
                    for at in range(types)
                ),
            )
            for number in range(subgraphs)
        )
    )


def operation_of(snapshot: Snapshot, text: str) -> Operation:
    return normalise(parse(text), None, snapshot.schema, max_selections=1_000_000)


def timed(snapshot: Snapshot, operation: Operation, seconds: float) -> Plan | ClientError:
    """What planning comes to, which must be known soon after the deadline."""
    deadline = time.thread_time() + seconds  # whatever else the machine does
    try:
        return plan(operation, snapshot.query_graph, deadline=deadline, clock=time.thread_time)
    except ClientError as refused:
        return refused
    finally:
        assert time.thread_time() < deadline + 1.0


def conditional_chains(chains: int, depth: int) -> str:
    """The same fields on every level, each time under another variable."""
    variables = ",".join(f"$v{i}_{j}:Boolean!" for i in range(chains) for j in range(depth))
    text = "".join(
        "".join(f"{'next' if j else 'thing'} @include(if: $v{i}_{j}) {{ " for j in range(depth))
        + "only0 only1"
        + " }" * depth
        for i in range(chains)
    )
    return f"query({variables}) {{ {text} }}"


def test_conditions_on_many_levels_do_not_multiply() -> None:
    snapshot = chain(2)
    operation = operation_of(snapshot, conditional_chains(3, 14))  # each combination written out: 3 ** 14

    made = timed(snapshot, operation, 5.0)

    assert isinstance(made, Plan)
    assert sum(len(fetch.document) for fetch in made.fetches) < 10_000


def test_every_alternative_is_still_asked_once() -> None:
    snapshot = chain(2)
    made = timed(snapshot, operation_of(snapshot, conditional_chains(2, 2)), 5.0)

    assert isinstance(made, Plan)
    document = made.fetches[0].document
    assert document.partition(")")[2] == (
        "{thing@include(if:$v0_0){next@include(if:$v0_1){only0}} "
        "thing@include(if:$v1_0){next@include(if:$v1_1){only0}}}"
    )


def test_a_thousand_aliases_are_planned() -> None:
    snapshot = snapshot_of(
        subgraph("a", 'type Query { t: T } type T @key(fields: "id") { id: ID! }'),
        subgraph(
            "b", 'type T @key(fields: "id") { id: ID! u(x: Int): U } type U @key(fields:"id") { id: ID! }'
        ),
        subgraph("c", 'type U @key(fields: "id") { id: ID! c: Int }'),
    )
    text = "{ t { " + " ".join(f"a{i}: u(x: {i}) {{ c }}" for i in range(1000)) + " } }"

    made = timed(snapshot, operation_of(snapshot, text), 5.0)

    assert isinstance(made, Plan)
    assert len(made.fetches) == 3


@cache
def exploding() -> tuple[Snapshot, Operation]:
    """Four types on each of six levels, each to be asked elsewhere: 4 ** 6 ways."""
    snapshot = members(4, 4)
    body = "id"
    for _ in range(6):
        body = " ".join(f"... on T{at} {{ next {{ {body} }} }}" for at in range(4))
    return snapshot, operation_of(snapshot, f"{{ nodes {{ {body} }} }}")


@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.4])
def test_whatever_phase_the_deadline_falls_into_it_ends_planning(seconds: float) -> None:
    assert isinstance(timed(*exploding(), seconds), PlanTimeout)


def test_many_subgraphs_and_deep_recursion_are_refused_by_the_limit_on_paths() -> None:
    snapshot = chain(40)
    inner = " ".join(f"only{at}" for at in range(40))
    operation = operation_of(snapshot, "{ thing " + f"{{ {inner} next " * 14 + "{ id }" + "}" * 14 + " }")

    with pytest.raises(LimitExceeded, match="the limit max_paths is 20000"):
        plan(operation, snapshot.query_graph, limits=OperationLimits(max_paths=20_000))


def test_what_planning_remembers_is_limited() -> None:
    snapshot, operation = exploding()
    limits = OperationLimits(max_plan_parts=5_000)

    with pytest.raises(TooManyParts, match="the limit max_plan_parts is 5000") as refused:
        plan(operation, snapshot.query_graph, limits=limits)
    assert refused.value.code == "PLAN_TOO_LARGE"


def test_the_most_that_may_be_planned_fits_into_memory() -> None:
    snapshot, operation = exploding()
    limits = OperationLimits(max_paths=3_000, max_plan_parts=20_000)

    tracemalloc.start()
    try:
        with pytest.raises(LimitExceeded):
            plan(operation, snapshot.query_graph, limits=limits)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 3_000 * 1_500 + 20_000 * 150
