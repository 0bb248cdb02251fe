"""What an operation uses, leaves out and may give null for, as coordinates."""

import json
from typing import Any

import pytest
from graphql import build_schema, get_operation_ast, parse

from schema.checks.usage import Usage, usage_of

SCHEMA = build_schema(
    """
    directive @mark(with: Color) on FIELD | QUERY | FRAGMENT_SPREAD
    type Query {
      node(id: ID!): Node
      find(in: Find, limit: Int = 10): [Found!]!
      paint(color: Color!, all: [Color]): Int
    }
    type Mutation { save(in: Find!): Int }
    interface Node { id: ID! }
    type Book implements Node { id: ID! title(short: Boolean): String color: Color }
    type Film implements Node { id: ID! minutes: Int }
    union Found = Book | Film
    enum Color { RED GREEN }
    input Find { text: String color: Color = RED also: [Find!] }
    """
)


def usage(text: str, shapes: Any = None) -> Usage:
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation is not None
    return usage_of(document, operation, SCHEMA, shapes)


def test_fields_arguments_and_types_are_used() -> None:
    found = usage("{ find(limit: 1) { ... on Book { title(short: true) } } }")

    assert {"query", "Query", "Query.find", "Query.find(limit:)", "Found", "Found > Book"} <= found.used
    assert {"Book", "Book.title", "Book.title(short:)", "String", "Boolean"} <= found.used
    assert "Query.find(in:)" in found.omitted
    assert not {"Film", "Book.color", "Query.find(in:)"} & found.used


def test_a_field_of_an_interface_is_one_of_its_implementations() -> None:
    assert {"Node.id", "Book.id", "Film.id"} <= usage('{ node(id: "1") { id } }').used


def test_fragments_are_followed_once_however_often_they_are_spread() -> None:
    text = "{ a: node(id: 1) { ...F } find { ...F } } fragment F on Book { color title }"

    found = usage(text)

    assert {"Node > Book", "Found > Book", "Book.color", "Color"} <= found.used


def test_directives_and_their_values_are_used() -> None:
    found = usage("query @mark(with: RED) { find { __typename @mark } }")

    assert {"@mark", "@mark(with:)", "Color.RED"} <= found.used
    assert "@mark(with:)" in found.omitted
    assert "Color.GREEN" not in found.used


def test_literals_use_what_they_hold() -> None:
    found = usage("{ find(in: {color: GREEN, also: [{text: null}]}) { __typename } }")

    assert {"Find", "Find.color", "Color.GREEN", "Find.also", "Find.text"} <= found.used
    assert {"Find.text", "Find.color", "Find.also"} <= found.omitted  # each in one of the two objects
    assert found.nullable == {"Find.text"}


@pytest.mark.parametrize(
    ("declared", "nullable", "omitted"),
    [("$c: [Color]", True, True), ("$c: [Color]!", True, False), ("$c: [Color!]!", False, False)],
)
def test_a_variable_may_be_null_or_left_out_as_its_type_allows(
    declared: str, nullable: bool, omitted: bool
) -> None:
    found = usage(f"query ({declared}) {{ paint(color: RED, all: $c) }}")

    assert ("Query.paint(all:)" in found.nullable) is nullable
    assert ("Query.paint(all:)" in found.omitted) is omitted


def test_a_default_speaks_for_a_variable_that_is_left_out() -> None:
    found = usage("query ($c: Color! = GREEN) { paint(color: $c) }", [{}])

    assert "Color.GREEN" in found.used
    assert "Query.paint(color:)" not in found.omitted


def test_a_variable_of_unknown_shape_could_hold_anything() -> None:
    found = usage("query ($in: Find) { find(in: $in) { __typename } }")

    everything = {"Find.text", "Find.color", "Find.also", "Color.RED", "Color.GREEN"}
    assert everything <= found.used
    assert {"Find.text", "Find.color", "Find.also"} <= found.omitted


def test_shapes_say_what_variables_held() -> None:
    shapes = json.loads('[{"in": {"also": [{"text": true}, {"color": null}]}}, {"in": null}, {}]')

    found = usage("query ($in: Find) { find(in: $in) { __typename } }", shapes)

    assert {"Find.also", "Find.text", "Find.color"} <= found.used
    assert not {"Color.RED", "Color.GREEN"} & found.used
    assert {"Find.color", "Query.find(in:)"} <= found.nullable
    assert "Query.find(in:)" in found.omitted


@pytest.mark.parametrize("shape", [True, "PURPLE", 1, {"RED": 1}, [[True]]])
def test_a_shape_that_says_nothing_could_be_anything(shape: Any) -> None:
    found = usage("query ($c: Color!) { paint(color: $c) }", [{"c": shape}])

    assert {"Color.RED", "Color.GREEN"} <= found.used


def test_the_kind_of_operation_is_used() -> None:
    assert "mutation" in usage("mutation { save(in: {}) }").used
