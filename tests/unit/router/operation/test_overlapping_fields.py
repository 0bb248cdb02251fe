"""Our linear rule refuses exactly what the rule of the specification refuses."""

import pytest
from graphql import OverlappingFieldsCanBeMergedRule, build_schema, parse, validate
from hypothesis import HealthCheck, given, settings

from router.operation.rules.overlapping_fields import OverlappingFields
from tests.factories.documents import operations

SCHEMA = build_schema("""
    type Query { node: Node search: [Search!] a: A b: B! x: Int y: [A] }
    interface Node { id: ID! next: Node rank: Int size: Int }
    type A implements Node {
      rank: Int size: Int
      id: ID! next: A name: String! other: String x: Int! f(i: Int): Int list: [A!]
    }
    type B implements Node {
      rank: Int size: Int
      id: ID! next: Node name: String a: A x: Int y: String list: [B!]!
      f(i: Int): Int
    }
    type C implements Node { rank: Int size: Int id: ID! next: C! name: Int x: Int list: A }
    union Search = A | B | C
""")


def problems(text: str) -> list[str]:
    return [error.message for error in validate(SCHEMA, parse(text), [OverlappingFields])]


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(operations(SCHEMA, is_careless=True, conditions=False, size=14))
def test_it_agrees_with_the_rule_of_the_specification(text: str) -> None:
    theirs = validate(SCHEMA, parse(text), [OverlappingFieldsCanBeMergedRule])

    assert bool(problems(text)) == bool(theirs), theirs


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{x: a{id} x: b{id}}", "'a' and 'b' are different fields"),
        ("{a{f(i:1) f(i:2)}}", "differing arguments"),
        ("{a{f(i:1) f}}", "differing arguments"),
        ("{search{...on A{x} ...on B{x}}}", "conflicting types"),
        ("{search{...on A{list{id}} ...on C{list{id}}}}", "conflicting types"),
        ("{node{next{id} ...on A{next: other}}}", "conflict"),
        ("{node{v: rank ...on A{v: size}}}", "different fields"),
        ("{search{...on Node{v: rank} ...on B{w: rank} ...on A{v: size}}}", "different fields"),
        ("{node{k: next{id} ...F}} fragment F on A {k: list{id}}", "conflict"),
        (
            "{search{...on A{l: next{x: name}} ...on B{l: next{x: id}}}}",
            "conflicting types",
        ),
    ],
)
def test_conflicts_say_why(text: str, reason: str) -> None:
    found = problems(text)

    assert len(found) == 1
    assert reason in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "{a{f(i:1) f(i: 1)} a{id}}",
        "{search{...on A{v: name} ...on B{w: y}}}",
        "{search{...on A{v: f(i:1)} ...on B{v: f(i:2)}}}",
        "{search{...on A{l: next{id}} ...on B{l: a{id}}}}",
    ],
)
def test_what_can_be_merged_is_left_alone(text: str) -> None:
    assert problems(text) == []


def test_one_field_many_times_is_compared_once_each() -> None:
    walked = "{a{" + "f(i:1) " * 5000 + "}}"

    assert problems(walked) == []
