"""Documents are parsed and checked; every refusal says what, where, and by which limit."""

import time
from contextlib import suppress

import pytest
from graphql import build_schema

from router.errors import (
    LimitExceeded,
    MaxAliasesExceeded,
    MaxDepthExceeded,
    MaxDirectivesExceeded,
    MaxRootFieldsExceeded,
    MaxSelectionsExceeded,
    MaxTokensExceeded,
    ParseFailed,
    ValidationFailed,
)
from router.operation.parse import parse
from router.operation.validate import validate
from router.settings import OperationLimits

SCHEMA = build_schema("type Query { a: Query b: Int c(x: Int): Int } type Mutation { m: Int }")


def check(text: str, **limits: int) -> None:
    validate(parse(text), SCHEMA, limits=OperationLimits(**limits))


def check_in_production(text: str) -> None:
    validate(parse(text), SCHEMA, introspection=False)


def test_a_syntax_error_is_located() -> None:
    with pytest.raises(ParseFailed) as refused:
        parse("{\n  a {")

    assert refused.value.problems[0].locations == ((2, 6),)


@pytest.mark.parametrize(
    "text", ["", " ", "{}", "{a{}}", "{a", "query", "\x00", "{a(b:)}", "{" * 5000, "[" * 5000]
)
def test_what_is_not_graphql_is_refused(text: str) -> None:
    with pytest.raises((ParseFailed, MaxTokensExceeded)):
        parse(text)


def test_the_token_limit_is_named() -> None:
    parse("{ b b }", max_tokens=4)

    with pytest.raises(MaxTokensExceeded, match="max_tokens is 4") as refused:
        parse("{ b b b }", max_tokens=4)

    assert refused.value.limit == 4


def test_comments_count_as_tokens() -> None:
    with pytest.raises(MaxTokensExceeded):
        parse("#\n" * 100 + "{ b }", max_tokens=50)


def test_every_problem_is_told_with_its_place() -> None:
    with pytest.raises(ValidationFailed) as refused:
        check("{\n  nope\n  c(y: 1)\n}")

    problems = refused.value.problems
    assert [each.locations for each in problems] == [((2, 3),), ((3, 5),)]
    assert "nope" in problems[0].message


@pytest.mark.parametrize(
    ("text", "expected", "limit", "actual"),
    [
        ("{a{a{a{b}}}}", MaxDepthExceeded, {"max_depth": 3}, 4),
        (
            "{...F} fragment F on Query {a{a{...G}}} fragment G on Query {a{b}}",
            MaxDepthExceeded,
            {"max_depth": 3},
            4,
        ),
        ("{a{...{...{a{a{b}}}}}}", MaxDepthExceeded, {"max_depth": 3}, 4),
        ("{x:b y:b ...F} fragment F on Query {z:b}", MaxAliasesExceeded, {"max_aliases": 2}, 3),
        ("{a{...F ...F}} fragment F on Query {x:b}", MaxAliasesExceeded, {"max_aliases": 1}, 2),
        ("{b b a{b b} ...F} fragment F on Query {b}", MaxRootFieldsExceeded, {"max_root_fields": 3}, 4),
        ("{...{b b} ...@include(if:true){b b}}", MaxRootFieldsExceeded, {"max_root_fields": 3}, 4),
        (
            "query @x {b @skip(if:false) ...F @skip(if:false)} fragment F on Query {b @skip(if:false)}",
            MaxDirectivesExceeded,
            {"max_directives": 3},
            4,
        ),
        ("{...F ...F} fragment F on Query {b a{b}}", MaxSelectionsExceeded, {"max_selections": 7}, 8),
    ],
)
def test_each_limit_counts_through_fragments(
    text: str, expected: type[LimitExceeded], limit: dict[str, int], actual: int
) -> None:
    (name, value), *_ = limit.items()

    with pytest.raises(expected, match=rf"{name} is {value}") as refused:
        check(text, **limit)

    assert (refused.value.limit, refused.value.actual) == (value, actual)
    with pytest.raises((LimitExceeded, ValidationFailed)) as other:
        check(text + " query Q { nope }", **{name: value + 1})
    assert not isinstance(other.value, LimitExceeded)  # one more is allowed: only `nope` is refused


def test_every_operation_of_the_document_counts() -> None:
    with pytest.raises(MaxDepthExceeded):
        check("query A { b } query B { a { a { b } } }", max_depth=2)


def test_introspection_has_its_own_depth() -> None:
    deep = "{__schema{types{fields{type{ofType{ofType{ofType{name}}}}}}}}"

    check(deep, max_depth=2)


def test_introspection_that_multiplies_is_refused() -> None:
    nested = "fields { type { " * 4 + "name" + " } }" * 4

    with pytest.raises(ValidationFailed, match="introspection depth"):
        check(f"{{ __schema {{ types {{ {nested} }} }} }}")


def test_without_introspection_names_are_neither_told_nor_suggested() -> None:
    with pytest.raises(ValidationFailed, match="__schema"):
        check_in_production("{__schema{description}}")
    with pytest.raises(ValidationFailed, match=r"Query'\.$"):
        check_in_production("{bb}")
    check_in_production("{__typename}")


@pytest.mark.parametrize("links", [1, 2, 150])
def test_a_fragment_cycle_is_a_validation_error(links: int) -> None:
    chain = "".join(f" fragment F{n} on Query {{ b ...F{(n + 1) % links} }}" for n in range(links))

    with pytest.raises(ValidationFailed, match="within itself"):
        check("{ ...F0 }" + chain)


BOMBS = {
    "doubling fragments": "{...F0}"
    + "".join(f" fragment F{n} on Query {{a{{...F{n + 1}}} x:a{{...F{n + 1}}}}}" for n in range(200))
    + " fragment F200 on Query {b}",
    "doubling spreads": "{a{...F0}}"
    + "".join(f" fragment F{n} on Query {{...F{n + 1} ...F{n + 1}}}" for n in range(400))
    + " fragment F400 on Query {b}",
    "a long chain": "{...F0}"
    + "".join(f" fragment F{n} on Query {{...F{n + 1}}}" for n in range(600))
    + " fragment F600 on Query {b}",
    "one field many times": "{a{" + "b " * 4900 + "}}",
    "one object many times": "{a{" + "a{b} " * 1200 + "}}",
    "many operations": "".join(f"query Q{n} {{...F}} " for n in range(700)) + " fragment F on Query {b}",
    "nested arguments": "{c(x:" + "[" * 2000 + "]" * 2000 + ")}",
    "nested inline fragments": "{" + "...{" * 900 + "b" + "}" * 901,
    "directives": "{b " + "@skip(if:false) " * 700 + "}",
    "unknown fields": "{" + " ".join(f"f{n}" for n in range(4900)) + "}",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_are_settled_quickly(text: str) -> None:
    started = time.process_time()

    with suppress(LimitExceeded, ValidationFailed, ParseFailed):
        check(text)

    assert time.process_time() - started < 2
