"""Texts of one canonical form are one document, nothing else has the same form, and no text takes long."""

import pytest
from graphql import GraphQLSyntaxError, parse, print_ast
from hypothesis import given
from hypothesis import strategies as st

from router.persisted.canonical import canonical

QUERY = """query A($x: [Int!] = [1, -2.5e3]) @d(a: {b: "}"}) {
 a(x: $x, y: \"\"\"say " it\"\"\") { ...F ... on T { c } }
}"""
FRAGMENT = "fragment F on T { d }"


@pytest.mark.parametrize(
    "same",
    [
        f"{QUERY}{FRAGMENT}",
        f"{FRAGMENT}\n{QUERY}",
        f"# a comment }}\n{QUERY.replace(', ', ' ')}\r\n\t,,{FRAGMENT.replace(' ', chr(10))}\ufeff",
    ],
)
def test_blanks_commas_comments_and_order_make_no_difference(same: str) -> None:
    assert canonical(same) == canonical(f"{QUERY} {FRAGMENT}") is not None


@pytest.mark.parametrize(
    "other",
    [
        QUERY,
        f"{QUERY} {FRAGMENT} {FRAGMENT}",
        f"{QUERY} {FRAGMENT}".replace("say", "say "),
        f"{QUERY} {FRAGMENT}".replace("c }", "c e }"),
        f"{QUERY} {FRAGMENT}".replace("c }", "e: c }"),
        f"{QUERY} {FRAGMENT}".replace('"}"', '"} "'),
        f"{QUERY} {FRAGMENT}".replace("-2.5e3", "2.5e3"),
    ],
)
def test_everything_else_makes_one(other: str) -> None:
    assert canonical(other) != canonical(f"{QUERY} {FRAGMENT}")


@pytest.mark.parametrize("text", ["", "  ", "}{", "{ a", "{ a } }", '{ a(b: "c) }', "{ a ? }", "query A"])
def test_what_is_no_document_has_no_form(text: str) -> None:
    assert canonical(text) is None


@pytest.mark.parametrize("text", ['"\\' * 100_000, '"' * 100_001, '"""' + "a" * 200_000, "{" * 200_000])
def test_hostile_texts_are_given_up_in_one_pass(text: str) -> None:
    assert canonical(text) is None


PIECES = st.sampled_from(
    [
        "query A",
        "{",
        "}",
        "a",
        "b",
        "(x: 1)",
        '"',
        '"""',
        "\\",
        "#",
        "\n",
        " ",
        ",",
        "...F",
        "fragment F on T",
        "$v",
        "1",
    ]
)


@given(st.lists(PIECES, max_size=12), st.lists(PIECES, max_size=12))
def test_documents_of_one_form_are_printed_alike(some: list[str], others: list[str]) -> None:
    one, other = "".join(some), "".join(others)
    try:
        printed = {_printed(one), _printed(other)}
    except GraphQLSyntaxError:
        return
    assert (canonical(one) == canonical(other)) == (len(printed) == 1)


def _printed(text: str) -> tuple[str, ...]:
    return tuple(sorted(print_ast(definition) for definition in parse(text).definitions))
