"""Random client schemas over a small set of names, so that two of them differ in every way schemas can."""

from graphql import build_schema, validate_schema
from hypothesis import assume
from hypothesis import strategies as st

_OUTPUTS = ("Int", "String", "E", "A", "B", "U", "I", "S")
_INPUTS = ("Int", "String", "E", "In", "S")
_WRAPPINGS = ("{}", "{}!", "[{}]", "[{}!]", "[{}!]!", "[{}]!")
_LOCATIONS = ("FIELD", "QUERY", "FRAGMENT_SPREAD")
_DEFAULTS = {"Int": ("1", "2"), "String": ('"x"', '"y"'), "E": ("RED",), "In": ("{}",), "S": ("1",)}
_SPECIFIED = ("", '@specifiedBy(url: "x")', '@specifiedBy(url: "y")')
_WORDS = ("", "", '"One." ', '"Other." ')


@st.composite
def client_schemas(draw: st.DrawFn) -> str:
    """The SDL of a valid schema."""
    shared = draw(st.sampled_from(("", "x: Int", "x: Int!", "x: String y: A")))
    parts = [
        f"{_words(draw)}type Query {{ q: Int {_fields(draw)} }}",
        _object(draw, "A", shared),
        _object(draw, "B", shared),
        f"interface I {{ id: ID {shared} }}",
        f"type C implements I {{ id: ID {shared} }}",
        f"union U = {' | '.join(draw(_some(('A', 'B', 'Query'))))}",
        f"{_words(draw)}enum E {{ RED {_values(draw)} }}",
        f"input In {draw(st.sampled_from(('', '', '@oneOf')))} {{ a: Int {_entries(draw)} }}",
        f"scalar S {draw(st.sampled_from(_SPECIFIED))}",
    ]
    if draw(st.booleans()):
        parts.append(
            draw(st.sampled_from(("type X { a: Int }", "enum X { V }", "input X { a: Int }", "scalar X")))
        )
    if draw(st.booleans()):
        parts.append("type Mutation { m: Int }")
    if draw(st.booleans()):
        arguments = _arguments(draw)
        repeatable = draw(st.sampled_from(("", "repeatable")))
        parts.append(f"directive @d{arguments} {repeatable} on {' | '.join(draw(_some(_LOCATIONS)))}")
    sdl = "\n".join(parts)
    try:
        schema = build_schema(sdl)
    except TypeError:
        assume(False)
        raise
    assume(not validate_schema(schema))
    return sdl


def _some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, unique=True)


def _any(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), unique=True)


def _words(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(_WORDS))


def _old(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(("", "", "", "@deprecated", '@deprecated(reason: "Why.")')))


def _values(draw: st.DrawFn) -> str:
    return " ".join(f"{_words(draw)}{name} {_old(draw)}" for name in draw(_any(("GREEN", "BLUE"))))


def _object(draw: st.DrawFn, name: str, shared: str) -> str:
    implements = draw(st.sampled_from(("", " implements I")))
    return f"{_words(draw)}type {name}{implements} {{ id: ID {shared} {_fields(draw)} }}"


def _fields(draw: st.DrawFn) -> str:
    return " ".join(
        f"{_words(draw)}{name}{_arguments(draw)}: {_wrapped(draw, _OUTPUTS)} {_old(draw)}"
        for name in draw(_any(("f", "g", "h")))
    )


def _arguments(draw: st.DrawFn) -> str:
    inner = " ".join(_input(draw, name) for name in draw(_any(("k", "l"))))
    return f"({inner})" if inner else ""


def _entries(draw: st.DrawFn) -> str:
    return " ".join(_input(draw, name) for name in draw(_any(("b", "c"))))


def _input(draw: st.DrawFn, name: str) -> str:
    base = draw(st.sampled_from(_INPUTS))
    wrapping = draw(st.sampled_from(_WRAPPINGS))
    default = ""
    if draw(st.booleans()):
        value = draw(st.sampled_from(_DEFAULTS[base]))
        default = f" = [{value}]" if "[" in wrapping else f" = {value}"
    return f"{_words(draw)}{name}: {wrapping.format(base)}{default}"


def _wrapped(draw: st.DrawFn, names: tuple[str, ...]) -> str:
    return draw(st.sampled_from(_WRAPPINGS)).format(draw(st.sampled_from(names)))
