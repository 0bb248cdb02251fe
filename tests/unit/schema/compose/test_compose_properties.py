"""Composition over generated subgraphs: order makes no difference, twice is the same, and nothing crashes."""

import random as random_numbers
from collections.abc import Sequence

from graphql import build_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.compose import CompositionFailed, Subgraph, compose
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph

NAMES = ("A", "B", "C")
FIELDS = ("id", "x", "y", "z")
LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", '
    '"@external", "@requires", "@provides", "@override", "@inaccessible", "@tag", "@interfaceObject"])\n'
)
USUAL_TYPES = {"id": "ID!", "x": "Int", "y": "B", "z": "[C!]"}
ODD_TYPES = ("String", "Int!", "A", "I", "U", "E", "[E!]!", "Missing")
USUAL_ON_FIELDS = ("", "", "", "@shareable", "@inaccessible", '@tag(name: "t")', "@deprecated")
ODD_ON_FIELDS = (
    "@external",
    '@requires(fields: "x")',
    '@requires(fields: "y { id }")',
    '@provides(fields: "x")',
    '@override(from: "s1")',
    '@override(from: "s2", label: "percent(5)")',
    "@unknown",
)
ON_TYPES = (
    '@key(fields: "id")',
    '@key(fields: "id") @shareable',
    '@key(fields: "id") @shareable',
    '@key(fields: "id") @shareable @tag(name: "t")',
    '@key(fields: "id x") @key(fields: "id")',
    "@shareable",
    '@key(fields: "y { id }", resolvable: false) @inaccessible',
    '@key(fields: "id") @interfaceObject',
    "@external",
)


def rarely(draw: st.DrawFn, odd: Sequence[str], usual: str) -> str:
    """Now and then something odd, so that most of what is made still composes."""
    return draw(st.sampled_from(odd)) if draw(st.integers(0, 39)) == 0 else usual


@st.composite
def field_lines(draw: st.DrawFn) -> str:
    names = ["id", *draw(st.lists(st.sampled_from(FIELDS[1:]), max_size=3, unique=True))]
    lines = []
    for name in names:
        arguments = rarely(draw, ("(n: Int)", "(n: Int! = 1)", "(e: E, in: In)"), "")
        kind = rarely(draw, ODD_TYPES, USUAL_TYPES[name])
        usual = draw(st.sampled_from(USUAL_ON_FIELDS)) if name != "id" else ""
        lines.append(f"  {name}{arguments}: {kind} {rarely(draw, ODD_ON_FIELDS, usual)}")
    return "\n".join(lines)


@st.composite
def sdl(draw: st.DrawFn) -> str:
    parts = [rarely(draw, ("",), LINK)]
    for name in NAMES:
        implements = draw(st.sampled_from(["", " implements I"]))
        start = draw(st.sampled_from(["type", "type", "type", "extend type"]))
        uses = rarely(draw, ON_TYPES, draw(st.sampled_from(ON_TYPES[:4])))
        parts.append(f"{start} {name}{implements} {uses} {{\n{draw(field_lines())}\n}}")
    members = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    values = draw(st.lists(st.sampled_from(["TWO", "THREE @inaccessible"]), max_size=2, unique=True))
    queries = draw(
        st.lists(st.sampled_from(["a: A", "b: B", "i: I", "u: [U!]", "e(in: In): Int"]), max_size=5)
    )
    parts += [
        f"interface I {rarely(draw, ON_TYPES[:1], '')} {{ id: ID! }}",
        f"union U = {' | '.join(members)}",
        f"enum E {{ ONE {' '.join(values)} }}",
        f"input In {{ n: Int{draw(st.sampled_from(['', '!', ' = 3']))} more: In }}",
        f"type Query "
        f"{{ all: [A!]! @shareable {' '.join(f'{q} @shareable' for q in dict.fromkeys(queries))} }}",
    ]
    return "\n".join(parts)


def outcome(subgraphs: Sequence[Subgraph]) -> str:
    try:
        return compose(subgraphs).supergraph_sdl
    except CompositionFailed as failure:
        return "\n".join(error.as_text() for error in failure.errors)


@st.composite
def subgraph_sets(draw: st.DrawFn) -> list[Subgraph]:
    texts = draw(st.lists(sdl(), min_size=1, max_size=3))
    return [Subgraph(name=f"s{number}", url="", sdl=text) for number, text in enumerate(texts, start=1)]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(subgraph_sets(), st.randoms(use_true_random=False))
def test_order_makes_no_difference(subgraphs: list[Subgraph], random: random_numbers.Random) -> None:
    shuffled = list(subgraphs)
    random.shuffle(shuffled)

    assert outcome(shuffled) == outcome(subgraphs)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(subgraph_sets())
def test_what_composes_can_be_served(subgraphs: list[Subgraph]) -> None:
    try:
        sdl = compose(subgraphs).supergraph_sdl
    except CompositionFailed:
        return

    assert compose(subgraphs).supergraph_sdl == sdl
    assert api_schema(parse_supergraph(sdl)).query_type is not None
    assert build_schema(sdl).query_type is not None


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_composes_or_says_why_not(text: str) -> None:
    assert outcome([Subgraph(name="s", sdl=text)])
