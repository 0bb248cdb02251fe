"""What holds for the plan of every operation over every way to cut a schema into subgraphs."""

from functools import cache

from graphql import GraphQLSchema, build_schema, parse, validate
from hypothesis import HealthCheck, given, settings

from router.operation.normalise import normalise
from router.plan.nodes import Plan
from router.plan.serialise import from_json, to_json
from router.planner.planner import plan
from schema.compose import Subgraph, compose
from schema.query_graph.build import build_query_graph
from schema.query_graph.model import QueryGraph
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph
from tests.factories.documents import operations
from tests.factories.federations import Partition, monolith, partitions
from tests.factories.subgraph_schemas import subgraph_schema

MONOLITH = monolith()


@cache
def graph_of(sdl: tuple[tuple[str, str], ...]) -> tuple[QueryGraph, GraphQLSchema]:
    """The query graph and client schema of a partition."""
    composed = compose([Subgraph(name=name, url="", sdl=text) for name, text in sdl])
    supergraph = parse_supergraph(composed.supergraph_sdl)
    return build_query_graph(supergraph), api_schema(supergraph)


def plan_of(partition: Partition, text: str) -> tuple[Plan, QueryGraph]:
    graph, schema = graph_of(tuple(partition.sdl.items()))
    return plan(normalise(parse(text), None, schema), graph), graph


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(partitions(), operations(MONOLITH, size=25))
def test_a_plan_is_sound(partition: Partition, text: str) -> None:
    made, graph = plan_of(partition, text)

    seen: set[int] = set()
    for fetch in made.fetches:
        assert set(fetch.after) <= seen, "parents stand before children"
        seen.add(fetch.id)
        schema = subgraph_schema(graph.supergraph, fetch.subgraph)
        assert validate(schema, parse(fetch.document)) == [], fetch.document
    assert from_json(to_json(made)) == made
    assert plan_of(partition, text)[0] == made, "the same operation has the same plan"


def test_the_oracle_sees_an_invalid_document() -> None:
    schema = build_schema("type Query { a: Int }")

    assert validate(schema, parse("{ b }")) != []
