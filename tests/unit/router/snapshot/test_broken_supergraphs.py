"""However a supergraph is broken: it is refused with a reason, or it is one still; nothing else is raised."""

import re
from contextlib import suppress
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.snapshot.build import build_snapshot
from schema.compose import compose
from schema.supergraph.model import NotASupergraph
from tests.fakes.shop import Shop
from tests.federation.corpus_sets import sets_of

OTHER_STRINGS = ('""', '"{"', '"a {"', '"nope"', '"a { b { c } }"', "1", "null", '["x"]', '"... on X { y }"')


@cache
def supergraphs() -> tuple[str, ...]:
    """Good ones of different kinds."""
    topics = ("contexts", "interface_objects", "override", "requires", "costs")
    first = {each.topic: each for each in reversed(sets_of("valid")) if each.topic in topics}
    return (Shop().supergraph(), *(compose(each.subgraphs).supergraph_sdl for each in first.values()))


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A supergraph with one or two things changed."""
    text = draw(st.sampled_from(supergraphs()))
    for _ in range(draw(st.integers(1, 2))):
        text = _broken_once(draw, text)
    return text


def _broken_once(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    words = list(re.finditer(r"@?\w+", text))
    strings = list(re.finditer(r'"[^"\n]*"', text))
    match draw(st.integers(0, 3)):
        case 0:
            lines.pop(draw(st.integers(0, len(lines) - 1)))
            return "\n".join(lines)
        case 1:
            return text[: draw(st.integers(0, len(text)))]
        case 2 if words:
            word, other = draw(st.sampled_from(words)), draw(st.sampled_from(words))
            return text[: word.start()] + draw(st.sampled_from([other[0], ""])) + text[word.end() :]
        case _ if strings:
            string = draw(st.sampled_from(strings))
            return text[: string.start()] + draw(st.sampled_from(OTHER_STRINGS)) + text[string.end() :]
        case _:
            return text


@settings(max_examples=150, deadline=None)
@given(broken())
def test_a_broken_supergraph_is_refused_or_works(text: str) -> None:
    with suppress(NotASupergraph):
        assert build_snapshot(text).addresses is not None


def test_a_text_at_odds_with_itself_is_refused_with_the_reason() -> None:
    text = Shop().supergraph().replace('@join__type(graph: REVIEWS, key: "id")', "")

    with pytest.raises(NotASupergraph, match="at odds with itself"):
        build_snapshot(text)
