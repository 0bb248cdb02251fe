"""Planning ends in bounded time and memory, with an error that says why."""

import time

import pytest
from graphql import parse

from router.errors import PlanTimeout
from router.operation.model import Field, Operation, OperationKind, SelectionSet
from router.operation.normalise import normalise
from router.planner.budget import Budget
from router.planner.errors import TooDeep, TooManyPaths, Unplannable
from router.planner.planner import plan
from router.settings import OperationLimits
from schema.query_graph.build import build_query_graph
from schema.query_graph.model import QueryGraph
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph


def shared_everywhere(subgraphs: int) -> str:
    """A type that every subgraph knows, with one field each that only it has."""
    graphs = range(subgraphs)
    names = " ".join(f'S{i} @join__graph(name: "s{i}", url: "")' for i in graphs)
    query = " ".join(f"@join__type(graph: S{i})" for i in graphs)
    entity = " ".join(f'@join__type(graph: S{i}, key: "id")' for i in graphs)
    only = " ".join(f"only{i}: Int @join__field(graph: S{i})" for i in graphs)
    return f"""
    schema @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) {{ query: Query }}
    enum join__Graph {{ {names} }}
    type Query {query} {{ thing: Thing }}
    type Thing {entity} {{ id: ID! next: Thing {only} }}
    """


@pytest.fixture(name="graph", scope="module")
def fixture_graph() -> QueryGraph:
    return build_query_graph(parse_supergraph(shared_everywhere(12)))


def nested(depth: int) -> str:
    inner = " ".join(f"only{i}" for i in range(12))
    return "{ thing " + f"{{ {inner} next " * depth + "{ id }" + "}" * depth + " }"


def test_too_many_paths_are_refused(graph: QueryGraph) -> None:
    operation = normalise(parse(nested(12)), None, api_schema(graph.supergraph))

    with pytest.raises(TooManyPaths, match=r"more than 500 ways .* max_paths is 500"):
        plan(operation, graph, limits=OperationLimits(max_paths=500))


def test_a_passed_deadline_ends_planning(graph: QueryGraph) -> None:
    operation = normalise(parse(nested(12)), None, api_schema(graph.supergraph))

    with pytest.raises(PlanTimeout):
        plan(operation, graph, deadline=time.monotonic() - 1)


def test_without_limits_the_same_operation_is_planned(graph: QueryGraph) -> None:
    operation = normalise(parse(nested(12)), None, api_schema(graph.supergraph))

    fetches = plan(operation, graph).fetches

    assert {fetch.subgraph for fetch in fetches} == {f"s{i}" for i in range(12)}


def test_absurd_nesting_is_refused(graph: QueryGraph) -> None:
    inner = SelectionSet(parent_type="Thing", items=(Field(name="id", response_key="id"),))
    for _ in range(1_000):
        field = Field(name="next", response_key="next", selections=inner)
        inner = SelectionSet(parent_type="Thing", items=(field,))
    thing = Field(name="thing", response_key="thing", selections=inner)
    operation = Operation(
        kind=OperationKind.QUERY,
        name=None,
        variables=(),
        selections=SelectionSet(parent_type="Query", items=(thing,)),
    )

    with pytest.raises(TooDeep):
        plan(operation, graph, limits=OperationLimits(max_paths=10**7))


def test_a_field_that_cannot_be_reached_is_named() -> None:
    sdl = (
        shared_everywhere(2)
        .replace(', key: "id"', "")
        .replace("thing: Thing", "thing: Thing @join__field(graph: S0)")
    )
    graph = build_query_graph(parse_supergraph(sdl))
    operation = normalise(parse("{ thing { only1 } }"), None, api_schema(graph.supergraph))

    with pytest.raises(Unplannable, match=r"Thing\.only1"):
        plan(operation, graph)


def test_a_budget_counts_paths() -> None:
    budget = Budget(max_paths=2)
    budget.spend_path()
    budget.spend_path()

    with pytest.raises(TooManyPaths):
        budget.spend_path()
    assert budget.paths == 3
