"""Subgraph SDL with something changed: a field gone, a directive too many, another type."""

import re
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

FIELD = re.compile(
    r"\b(?P<name>\w+)(?P<arguments>\([^()]*\))?: (?P<type>[\[\]\w!]+)(?P<uses>(?: @\w+(?:\([^()]*\))?)*)"
)
USE = re.compile(r" @\w+(?:\([^()]*\))?")
HEAD = re.compile(r"\btype \w+[^{]*(?=\{)")
TYPES = ("Int", "String!", "ID", "[Int]", "Float", "User", "Node", "Mood", "Item!")
ON_FIELDS = (
    "@shareable",
    "@external",
    "@inaccessible",
    '@tag(name: "m")',
    "@deprecated",
    '@override(from: "a")',
    '@override(from: "b")',
    '@override(from: "a", label: "percent(5)")',
    '@requires(fields: "id")',
    '@requires(fields: "price")',
    '@provides(fields: "id")',
    '@provides(fields: "name")',
    "@authenticated",
    '@requiresScopes(scopes: [["m"]])',
    "@cost(weight: 3)",
    "@listSize(assumedSize: 3)",
    "@unknown",
)
ON_TYPES = (
    '@key(fields: "id")',
    '@key(fields: "name")',
    '@key(fields: "id", resolvable: false)',
    '@key(fields: "home { street }")',
    "@shareable",
    "@external",
    "@inaccessible",
    "@extends",
    '@tag(name: "m")',
    "@authenticated",
)
IMPORTS = (
    "@key",
    "@shareable",
    "@external",
    "@requires",
    "@provides",
    "@override",
    "@inaccessible",
    "@tag",
    "@extends",
    "@authenticated",
    "@requiresScopes",
    "@cost",
    "@listSize",
    "@context",
)
LINK = re.compile(r"extend schema @link\([^)]*\)\n")

Change = Callable[[re.Match[str], st.DrawFn], str]


def _without(match: re.Match[str], draw: st.DrawFn) -> str:
    return ""


def _renamed(match: re.Match[str], draw: st.DrawFn) -> str:
    return match[0].replace(match["name"], f"{match['name']}Two", 1)


def _retyped(match: re.Match[str], draw: st.DrawFn) -> str:
    return match[0].replace(f": {match['type']}", f": {draw(st.sampled_from(TYPES))}", 1)


def _loosened(match: re.Match[str], draw: st.DrawFn) -> str:
    kind = match["type"]
    other = kind.removesuffix("!") if kind.endswith("!") else f"{kind}!"
    return match[0].replace(f": {kind}", f": {other}", 1)


def _undirected(match: re.Match[str], draw: st.DrawFn) -> str:
    return match[0].removesuffix(match["uses"])


def _directed(match: re.Match[str], draw: st.DrawFn) -> str:
    return f"{match[0]} {draw(st.sampled_from(ON_FIELDS))}"


def _argued(match: re.Match[str], draw: st.DrawFn) -> str:
    arguments = draw(st.sampled_from(["(m: Int)", "(m: Int! = 1)", "(m: Int!)", ""]))
    start = f"{match['name']}{match['arguments'] or ''}"
    return match[0].replace(start, f"{match['name']}{arguments}", 1)


ON_FIELD: Sequence[Change] = (
    _without,
    _renamed,
    _retyped,
    _loosened,
    _undirected,
    _directed,
    _directed,
    _argued,
)


def _head_directed(match: re.Match[str], draw: st.DrawFn) -> str:
    return f"{match[0]}{draw(st.sampled_from(ON_TYPES))} "


def _head_undirected(match: re.Match[str], draw: st.DrawFn) -> str:
    return USE.sub("", match[0], count=1)


def _head_extended(match: re.Match[str], draw: st.DrawFn) -> str:
    return f"extend {match[0]}"


def _head_of_interface(match: re.Match[str], draw: st.DrawFn) -> str:
    return match[0].replace("type", "interface", 1)


ON_HEAD: Sequence[Change] = (
    _head_directed,
    _head_directed,
    _head_undirected,
    _head_extended,
    _head_of_interface,
)


@st.composite
def mutated(draw: st.DrawFn, sdl: str) -> str:
    """The SDL with one thing changed, and with everything imported that a change may use."""
    pattern, changes = draw(st.sampled_from([(FIELD, ON_FIELD), (FIELD, ON_FIELD), (HEAD, ON_HEAD)]))
    places = list(pattern.finditer(sdl))
    place = draw(st.sampled_from(places))
    changed = draw(st.sampled_from(changes))(place, draw)
    imports = ", ".join(f'"{name}"' for name in IMPORTS)
    link = f'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{imports}])\n'
    return LINK.sub(link, sdl[: place.start()] + changed + sdl[place.end() :])
