"""The rules in one walk find what the library finds with them, in the same order."""

from collections.abc import Sequence

import graphql
import pytest
from graphql import GraphQLError, specified_rules
from hypothesis import given, settings
from hypothesis import strategies as st

from router.operation.rules.together import violations
from tests.factories.documents import operations
from tests.factories.federations import monolith

SCHEMA = monolith()
WORDS = [
    "id",
    "nothing",
    "users",
    "$p",
    "...F0",
    "... on User",
    "(x: 1)",
    '(x: "y")',
    "@skip",
    "@include(if: $q)",
    "{ id }",
]
RULES = tuple(specified_rules)

WRONG = [
    "{ users { id nothing { x } } nothing }",
    "query A { users { id } } query A { users { id } } fragment F on User { id } fragment F on Item { id }",
    "query ($a: Int, $a: Nope, $b: [Int!]! = [null]) { user(x: $c) { id } product(y: 1, y: 2) { id } }",
    "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F users { ...H } } fragment H on X { x }",
    "{ users { id @skip @include(if: 1) @include(if: true) @what id: name } users }",
    "subscription { a b } mutation { c } type X { y: Int } query { __typename }",
    "{ user(x: {a: 1, a: 2}) { id { deeper } } named }",
]


def told(errors: Sequence[GraphQLError]) -> list[object]:
    return [(each.message, each.locations) for each in errors]


def assert_same(text: str, *, max_errors: int, hidden: bool) -> None:
    try:
        document = graphql.parse(text)
    except GraphQLError:
        return
    library = graphql.validate(
        SCHEMA, document, RULES, max_errors, hide_suggestions=hidden, allow_empty_selection_sets=False
    )
    ours = violations(SCHEMA, document, RULES, max_errors=max_errors, hide_suggestions=hidden)

    assert told(ours) == told(library)


@pytest.mark.parametrize("text", WRONG)
@pytest.mark.parametrize("max_errors", [1, 50])
def test_mistakes_are_told_as_the_library_does(text: str, max_errors: int) -> None:
    assert violations(SCHEMA, graphql.parse(text), RULES, max_errors=50, hide_suggestions=False)
    assert_same(text, max_errors=max_errors, hidden=False)
    assert_same(text, max_errors=max_errors, hidden=True)


@settings(max_examples=50, deadline=None)
@given(operations(SCHEMA, size=15, variables=True), st.data())
def test_drawn_documents_and_spoilt_ones_are_judged_alike(text: str, data: st.DataObject) -> None:
    assert_same(text, max_errors=20, hidden=False)
    words = text.split(" ")
    words[data.draw(st.integers(0, len(words) - 1))] = data.draw(st.sampled_from(WORDS))
    assert_same(" ".join(words), max_errors=20, hidden=False)
