"""Descriptions survive being printed, whatever characters a subgraph's escapes have put into them."""

import pytest
from graphql import parse
from graphql.language.print_string import print_string
from hypothesis import example, given
from hypothesis import strategies as st

from schema.compose import Subgraph, compose
from schema.document.parse import parse_schema
from schema.document.values import print_description

SOURCE = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('\n\t "\\\r\0'))


@given(SOURCE, st.sampled_from(["", "  ", "    "]))
@example("a\0b", "")
@example("\n\0", "  ")
@example("a\rb", "")
@example('"""', "  ")
@example("\\", "")
def test_a_description_says_the_same_after_printing(text: str, indent: str) -> None:
    plain, _ = parse_schema(f"{print_string(text)}\ntype Query {{ a: Int }}", "a")
    printed, problems = parse_schema(f"{print_description(text, indent)}type Query {{ a: Int }}", "a")

    assert problems == []
    assert plain is not None
    assert printed is not None
    assert printed.types["Query"].description == plain.types["Query"].description


@pytest.mark.parametrize("escape", [r"\u0000", r"\u0007", r"\u001b", r"\r", r"\b"])
def test_no_control_character_gets_into_a_supergraph(escape: str) -> None:
    sdl = f'type Query {{ a: A }} "say {escape}" type A {{ "and {escape}" b("so {escape}" c: Int): Int }}'

    supergraph = compose([Subgraph(name="a", url="http://a", sdl=sdl)]).supergraph_sdl

    assert all(character >= " " or character == "\n" for character in supergraph)
    parse(supergraph)
