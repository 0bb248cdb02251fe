"""Deferred fields after normalisation: marks, what covers them, and what is around them."""

from graphql import build_schema, parse

from router.operation.deferral import deferrals_in, undeferred
from router.operation.model import Field, Operation, SelectionSet
from router.operation.normalise import normalise

SCHEMA = build_schema("type Query { a: A b: Int } type A { x: Int y: Int a: A }")


def normalised(text: str, *, in_parts: bool = True) -> Operation:
    return normalise(parse(text), None, SCHEMA, in_parts=in_parts)


def shown(selections: SelectionSet | None) -> str:
    """`a{x @0}`: the deferrals of each field by number."""
    texts = []
    for item in selections or ():
        assert isinstance(item, Field)
        below = f"{{{shown(item.selections)}}}" if item.selections is not None else ""
        marks = "".join(f"@{each}" for each in sorted(deferrals_in(item.conditions)))
        texts.append(f"{item.response_key}{marks}{below}")
    return " ".join(texts)


def test_fields_carry_the_marks_of_their_fragments() -> None:
    operation = normalised('{ b ... @defer(label: "out") { a { x ... @defer { y } } } }')

    assert shown(operation.selections) == "b a@0{x y@1}"
    out, inner = operation.deferrals
    assert (out.label, out.parent, out.depth) == ("out", None, 0)
    assert (inner.label, inner.parent, inner.depth) == (None, 0, 1)


def test_a_field_that_is_also_asked_for_at_once_is_not_deferred() -> None:
    assert shown(normalised("{ ... @defer { b } b }").selections) == "b"
    assert shown(normalised("{ b ... @defer { b } }").selections) == "b"


def test_what_is_in_such_a_field_still_is() -> None:
    operation = normalised("{ ... @defer { a { x } } ... @defer { a { y } } a { a { x } } }")

    assert shown(operation.selections) == "a{x@0 y@1 a{x}}"


def test_literals_call_deferrals_off_and_variables_are_kept() -> None:
    operation = normalised(
        "query ($v: Boolean!) { ... @defer(if: false) { b } ... @defer(if: $v) { a { x } } }"
    )

    assert shown(operation.selections) == "b a@0{x}"
    assert [each.condition for each in operation.deferrals] == ["v"]


def test_for_those_who_take_one_piece_nothing_is_marked() -> None:
    text = "{ b ... @defer { a { x ... @defer { y } } } }"
    whole = normalised(text, in_parts=False)

    assert shown(whole.selections) == "b a{x y}"
    assert not whole.is_in_parts
    assert undeferred(normalised(text)) == whole
