"""Composition checks the supergraph as a value; whoever reads its text must see the same one."""

from pathlib import Path

import pytest

from schema.compose import Subgraph, combine
from schema.document.print import print_schema
from schema.findings import Findings
from schema.query_graph.build import build_query_graph
from schema.supergraph.parse import parse_supergraph, supergraph_of

GOLDEN = Path(__file__).parents[3] / "golden/composition"
CASES = sorted(path.parent for path in GOLDEN.glob("*/supergraph.graphql"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_text_of_a_supergraph_says_all_that_was_checked(case: Path) -> None:
    paths = [path for path in sorted(case.glob("*.graphql")) if path.stem != "supergraph"]
    subgraphs = [Subgraph(name=path.stem, sdl=path.read_text(encoding="utf-8")) for path in paths]

    schema = combine(subgraphs, Findings())
    checked, read = supergraph_of(schema), parse_supergraph(print_schema(schema))

    assert read == checked
    assert list(read.types) == list(checked.types)
    graphs = build_query_graph(read), build_query_graph(checked)
    assert graphs[0] == graphs[1]
