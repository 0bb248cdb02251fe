"""What was read for checking goes when it has been checked, without the collector: that stops everything."""

import gc

import pytest
from graphql import DocumentNode, build_schema

from router.errors import LimitExceeded, RouterError, ValidationFailed
from router.operation.checked import Wish, checked
from router.operation.parse import parse
from router.settings import OperationLimits

SCHEMA = build_schema("type Query { a: Int b(x: Int): Query }")
WISH = Wish(name=None, limits=OperationLimits(max_aliases=2), introspection=False, in_parts=False)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("query($x: Int) { a b(x: $x) { ...F } } fragment F on Query { a b { a } }", None),
        ("{ a no b { none } }", ValidationFailed),
        ("{ x: a y: a z: a }", LimitExceeded),
    ],
)
def test_syntax_trees_are_freed_at_once(text: str, refusal: type[RouterError] | None) -> None:
    refused: type[RouterError] | None = None
    gc.collect()
    gc.disable()
    try:
        try:
            checked(parse(text), SCHEMA, WISH)
        except (ValidationFailed, LimitExceeded) as error:
            refused = type(error)
        left = [
            node for node in gc.get_objects() if isinstance(node, DocumentNode) and _is_read_from(node, text)
        ]
    finally:
        gc.enable()

    assert left == []
    assert (refused is None) == (refusal is None)
    assert refused is None or (refusal is not None and issubclass(refused, refusal))


def _is_read_from(node: DocumentNode, text: str) -> bool:
    return node.loc is not None and node.loc.source.body == text
