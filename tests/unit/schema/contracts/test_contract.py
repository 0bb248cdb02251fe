"""Contracts of supergraphs from elsewhere, of texts that are none, and filters that say nothing."""

import pytest
from graphql import print_schema

from schema.contracts.contract import apply
from schema.contracts.filter import Filter, FilterInvalid
from schema.supergraph.api import api_schema
from schema.supergraph.model import NotASupergraph
from schema.supergraph.parse import parse_supergraph

INTERNAL = Filter(exclude=frozenset({"internal"}))
WITH_CORE = """
schema
  @core(feature: "https://specs.apollo.dev/core/v0.2")
  @core(feature: "https://specs.apollo.dev/join/v0.2", for: EXECUTION)
  @core(feature: "https://specs.apollo.dev/tag/v0.1", as: "label")
{ query: Root }
directive @label(name: String!) repeatable on FIELD_DEFINITION
enum join__Graph { A @join__graph(name: "a", url: "http://a") }
type Root @join__type(graph: A) { shown: Int, hidden: Int @label(name: "internal") }
"""


def test_supergraphs_of_older_composers_get_contracts_too() -> None:
    made = apply(WITH_CORE, INTERNAL).supergraph_sdl

    assert '@core(feature: "https://specs.apollo.dev/inaccessible/v0.2"' in made
    assert "hidden" not in print_schema(api_schema(parse_supergraph(made)))
    assert "shown" in print_schema(api_schema(parse_supergraph(made)))
    assert apply(made, INTERNAL).supergraph_sdl == made


@pytest.mark.parametrize(
    "text", ["", "type Query { a: Int }", "type Query {", "{ a }", "\x00", "[" * 100_000]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(NotASupergraph):
        apply(text, INTERNAL)


@pytest.mark.parametrize(
    ("include", "exclude", "reason"),
    [
        ((), (), "at least one tag"),
        (("a",), ("a",), "both included and excluded"),
        (("",), (), "is no tag"),
        ((), ("a b",), "is no tag"),
        ((), ("a\n",), "is no tag"),
        ((), ("a" * 129,), "is no tag"),
        ((), ("é",), "is no tag"),
    ],
)
def test_filters_that_say_nothing_are_refused(
    include: tuple[str, ...], exclude: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(FilterInvalid, match=reason):
        Filter(include=frozenset(include), exclude=frozenset(exclude))
