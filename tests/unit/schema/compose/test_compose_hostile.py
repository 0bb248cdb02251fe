"""Whatever SDL is handed in: composition answers or says why not, in any order and each time the same."""

import random as random_numbers
from collections.abc import Sequence

from graphql import parse
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schema.compose import CompositionFailed, Subgraph, compose
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph
from tests.factories.hostile_sdl import hostile_sdl


def named(texts: Sequence[str]) -> list[Subgraph]:
    return [Subgraph(name=f"s{number}", url="", sdl=text) for number, text in enumerate(texts)]


def outcome(subgraphs: Sequence[Subgraph]) -> tuple[str, str]:
    """The supergraph, or the errors as people and programs read them."""
    try:
        return compose(subgraphs).supergraph_sdl, ""
    except CompositionFailed as failure:
        return "", "\n".join(f"{error.as_text()} {error.as_json()}" for error in failure.errors)


def check_any_order_any_time(texts: Sequence[str], random: random_numbers.Random) -> None:
    """The properties, over any texts."""
    subgraphs = named(texts)
    shuffled = list(subgraphs)
    random.shuffle(shuffled)

    supergraph, errors = outcome(subgraphs)

    assert supergraph or errors
    assert outcome(shuffled) == (supergraph, errors)
    if supergraph:
        assert api_schema(parse_supergraph(supergraph)).query_type is not None


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(hostile_sdl(), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_any_sdl_composes_or_says_why_not(texts: list[str], random: random_numbers.Random) -> None:
    check_any_order_any_time(texts, random)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@example("")
@given(hostile_sdl())
def test_what_is_tried_is_syntactically_right(text: str) -> None:
    if text.strip():
        parse(text)
