"""Plans as text a person reads: `tests/golden/plans/<feature>/<case>.graphql` → `<case>.plan`.

`ATRIUM_GOLDEN=rewrite` writes the plans anew (`make golden`); then the diff is what is reviewed. A line
`# labels: a b` at the top of a case names the override labels that are active.
"""

import os
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, parse, validate

from router.errors import OperationRefused
from router.operation.directives import with_parts
from router.operation.normalise import normalise
from router.operation.validate import validate as validate_operation
from router.plan.display import show
from router.plan.nodes import Plan
from router.plan.selections import selections_in
from router.plan.serialise import from_json, to_json
from router.planner.planner import plan
from schema.query_graph.build import build_query_graph
from schema.query_graph.model import QueryGraph
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph
from tests.factories.parsed_selections import parsed_selections
from tests.factories.subgraph_schemas import subgraph_schema

PLANS = Path(__file__).parents[3] / "golden" / "plans"
CASES = sorted(PLANS.glob("*/*.graphql"))
CASES = [case for case in CASES if case.name != "supergraph.graphql"]


@cache
def feature(folder: Path) -> tuple[GraphQLSchema, QueryGraph]:
    """The client schema and the query graph of a feature's supergraph."""
    supergraph = parse_supergraph((folder / "supergraph.graphql").read_text())
    return with_parts(api_schema(supergraph)), build_query_graph(supergraph)


@cache
def subgraph_of(folder: Path, name: str) -> GraphQLSchema:
    """What one subgraph of a feature can be asked."""
    return subgraph_schema(feature(folder)[1].supergraph, name)


def plan_of(case: Path) -> Plan:
    """The plan of a case."""
    schema, graph = feature(case.parent)
    text = case.read_text()
    document = parse(text)
    validate_operation(document, schema)
    first, _, _ = text.partition("\n")
    labels = first.removeprefix("# labels:").split() if first.startswith("# labels:") else []
    return plan(normalise(document, None, schema, in_parts=True), graph, labels=frozenset(labels))


def test_there_are_cases() -> None:
    assert len(CASES) > 20


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.stem}")
def test_the_plan_is_the_one_that_was_reviewed(case: Path) -> None:
    try:
        text = show(plan_of(case))
    except OperationRefused as error:
        text = f"no plan: {error}\n"
    expected = case.with_suffix(".plan")
    if os.environ.get("ATRIUM_GOLDEN") == "rewrite":
        expected.write_text(text)

    assert text == expected.read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.stem}")
def test_every_document_is_valid_in_its_subgraph_and_read_as_it_is_meant(case: Path) -> None:
    try:
        fetches = plan_of(case).fetches
    except OperationRefused:
        fetches = ()
    for fetch in fetches:
        problems = validate(subgraph_of(case.parent, fetch.subgraph), parse(fetch.document))

        assert problems == [], fetch.document
        assert selections_in(fetch.document) == parsed_selections(fetch.document)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.stem}")
def test_a_plan_survives_json(case: Path) -> None:
    try:
        made = plan_of(case)
    except OperationRefused:
        return

    assert from_json(to_json(made)) == made
