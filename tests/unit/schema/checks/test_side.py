"""What a check takes for the client's view is what the router gives to clients."""

from pathlib import Path

import pytest
from graphql import build_schema, lexicographic_sort_schema, print_schema

from schema.checks.compare import compare
from schema.checks.side import NotComparable, Side, read_side
from schema.document.model import Schema
from schema.document.print import print_schema as print_document
from schema.store import read_artefact_subgraphs, read_supergraph
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph

COMPOSITIONS = sorted((Path(__file__).parents[3] / "golden").glob("*/*/supergraph.graphql"))


def client_view(side: Side) -> str:
    """The client's view as sorted SDL."""
    seen = Schema(types=side.seen, directives=side.directives, roots=side.roots)
    schema = build_schema(print_document(seen), assume_valid_sdl=True, assume_valid=True)
    return print_schema(lexicographic_sort_schema(schema))


@pytest.mark.parametrize("path", COMPOSITIONS, ids=lambda path: path.parent.name)
def test_the_clients_view_is_the_routers(path: Path) -> None:
    sdl = path.read_text(encoding="utf-8")

    side = read_side(sdl, path.name)

    assert client_view(side) == print_schema(lexicographic_sort_schema(api_schema(parse_supergraph(sdl))))
    assert compare(side, read_side(sdl, "again")) == ()


def test_the_platforms_supergraph_and_its_client_schema_are_the_same_to_clients() -> None:
    supergraph = read_side(read_supergraph(), "supergraph")
    client = read_side(print_schema(supergraph.client_schema), "api")

    assert compare(supergraph, client) == ()


@pytest.mark.parametrize("name", read_artefact_subgraphs())
def test_a_subgraph_alone_is_refused(name: str) -> None:
    with pytest.raises(NotComparable, match=r"one subgraph \(@"):
        read_side(read_artefact_subgraphs()[name], name)


def test_every_problem_of_a_schema_is_said() -> None:
    with pytest.raises(NotComparable) as caught:
        read_side("type Query { a: Int a: Int }\ntype Query { b: Int }", "old")

    assert str(caught.value).count("old:") >= 2
