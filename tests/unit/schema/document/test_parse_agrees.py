"""SDL is read by our own reader; graphql-core, which it stands in for, must understand the same."""

from dataclasses import replace
from pathlib import Path

import pytest
from graphql import GraphQLSyntaxError, Visitor, parse, print_ast, visit
from graphql.language import ast
from hypothesis import given
from hypothesis import strategies as st

from schema.document.model import elements
from schema.document.parse import parse_schema
from schema.document.print import print_schema
from schema.errors import Place

ROOT = Path(__file__).parents[4]
PATHS = [
    *(ROOT / "tests/golden/composition").glob("*/*.graphql"),
    *(ROOT / "schema/artefacts").rglob("*.graphql"),
]
DOCUMENTS = [path for path in sorted(PATHS) if "extend " not in path.read_text(encoding="utf-8")]
USUAL_SCHEMA = {"schema {", "  query: Query", "  mutation: Mutation", "  subscription: Subscription", "}"}

WHOLE = '''"All of it" schema @a(x: {b: [1, -2.5e3, "s", E, true, null]}) { query: Q mutation: M }
"""
  Several
    lines \\""" quoted
""" directive @a(x: I = {b: []}, "why" y: [Int!]! = [1]) repeatable on | FIELD | OBJECT
scalar S @specifiedBy(url: "\\u0041\\n\\"")
type Q implements & N & O @a { "told" f(a: Int! = 1 @a, b: [[S]!]): [Q!]! @a @a(x: 1), g: S }
type M { m: Int } # a comment
interface N implements O { g: S }
interface O { g: S }
union U @a = | Q | M
enum E { A "b" B @a }
input I @a { b: [Int] = [] @a, c: String = """block""" }
'''
EDITS = [
    '"',
    '"""',
    "\\",
    "\r",
    "\r\n",
    "\n",
    ",",
    "#",
    "é",
    "\x00",
    "\ufeff",
    "\u2028",
    "\ud800",
    "..",
    "...",
]
EDITS += [
    "0",
    "-1",
    "1.5e3",
    "01",
    "1a",
    ".5",
    "0x",
    "-",
    "$v",
    "@",
    "!",
    ":",
    "=",
    "|",
    "&",
    "{",
    "}",
    "(",
    "]",
]
EDITS += [" extend ", " type ", " schema ", " on ", " true ", " implements ", '"\\u0041b"', '"\\q"', '""""""']


class _Plain(Visitor):
    """A block string says the same as a plain one, and an empty description nothing."""

    def enter(self, node: ast.Node, *_: object) -> ast.Node | None:
        if isinstance(node, ast.StringValueNode):
            return ast.StringValueNode(value=node.value, block=False)
        description = getattr(node, "description", None)
        if description is None or description.value:
            return None
        return replace(node, description=None)  # type: ignore[call-arg]


def definitions(text: str) -> list[str]:
    """What graphql-core takes the text for; a schema block only where it has to be."""
    printed = [print_ast(node) for node in visit(parse(text), _Plain()).definitions]
    return sorted(text for text in printed if not set(text.splitlines()) <= USUAL_SCHEMA)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_documents_mean_what_they_say(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    schema, errors = parse_schema(text, "s")

    if schema is not None and not errors:
        assert definitions(print_schema(schema)) == definitions(text)


def test_every_piece_of_grammar_is_read() -> None:
    schema, errors = parse_schema(WHOLE, "s")

    assert not errors
    assert schema is not None
    assert definitions(print_schema(schema)) == definitions(WHOLE)


def test_places_are_those_of_the_names() -> None:
    text = WHOLE.replace("\n", "\r\n", 3).replace("\n", "\r", 5)

    schema, _ = parse_schema(text, "s")

    assert schema is not None
    assert {(name, item.place) for name, item in elements(schema)} == set(places(text))


def places(text: str) -> list[tuple[str, Place]]:
    """Where graphql-core sees the types, fields, arguments and values."""
    found: list[tuple[str, Place]] = []

    def add(coordinate: str, node: ast.Node) -> None:
        name: ast.NameNode = node.name  # type: ignore[attr-defined]
        assert name.loc is not None
        token = name.loc.start_token
        found.append((coordinate, Place(subgraph="s", line=token.line, column=token.column)))

    for node in parse(text).definitions:
        if not isinstance(node, ast.TypeDefinitionNode):
            continue
        add(node.name.value, node)
        for part in getattr(node, "fields", None) or getattr(node, "values", None) or ():
            add(f"{node.name.value}.{part.name.value}", part)
            for argument in getattr(part, "arguments", None) or ():
                add(f"{node.name.value}.{part.name.value}({argument.name.value}:)", argument)
    return found


@given(data=st.data())
def test_odd_texts_are_refused_by_both_or_neither(data: st.DataObject) -> None:
    text = WHOLE
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.sampled_from([0, 0, 0, 1, 2, 5]))
        text = text[:at] + data.draw(st.sampled_from(["", *EDITS])) + text[at + gone :]

    schema, errors = parse_schema(text, "s")

    assert (schema is None) == is_refused(text)
    if schema is not None and not errors and "extend" not in text:
        assert definitions(print_schema(schema)) == definitions(text)


def is_refused(text: str) -> bool:
    try:
        parse(text)
    except GraphQLSyntaxError:
        return True
    return False
