"""Variables are coerced by the specification; refusals name the variable and the place, never the value."""

from typing import Any

import pytest
from graphql import build_schema

from router.errors import BadUserInput
from router.operation.normalise import normalise
from router.operation.parse import parse
from router.operation.variables import coerce

SCHEMA = build_schema("""
    scalar JSON
    enum Mood { GOOD BAD }
    input In { required: String!, defaulted: Int! = 3, list: [Int!], mood: Mood, inner: In }
    input OneOf @oneOf { a: Int b: String }
    type Query {
      f(i: Int, fl: Float, s: String, b: Boolean, id: ID, m: Mood, j: JSON, in: In, one: OneOf): Int
    }
""")


def coerced(type: str, *values: Any, default: str = "") -> Any:
    operation = normalise(parse(f"query($v: {type}{default}) {{ f }}"), None, SCHEMA)
    return coerce(operation, {"v": values[0]} if values else {}, SCHEMA)


@pytest.mark.parametrize(
    ("type", "value", "expected"),
    [
        ("Int", 7, 7),
        ("Int", 7.0, 7),
        ("Int", None, None),
        ("Float", 7, 7),
        ("Float", 7.5, 7.5),
        ("String", "", ""),
        ("Boolean", False, False),
        ("ID", 7, "7"),
        ("ID", "x", "x"),
        ("Mood", "BAD", "BAD"),
        ("JSON", {"a": [1, None]}, {"a": [1, None]}),
        ("[Int]", 7, [7]),
        ("[Int]", [7, None], [7, None]),
        ("[[Int]]", [7, [8]], [[7], [8]]),
        ("[Int!]!", [], []),
        ("In", {"required": "x", "inner": None}, {"required": "x", "inner": None}),
        ("In", {"required": "x", "list": 7}, {"required": "x", "list": [7]}),
        ("OneOf", {"a": 1}, {"a": 1}),
    ],
)
def test_values_that_fit(type: str, value: Any, expected: Any) -> None:
    answer = coerced(type, value)["v"]

    assert (answer, repr(answer)) == (expected, repr(expected))


@pytest.mark.parametrize(
    ("type", "value", "place"),
    [
        ("Int", "secret", "$v"),
        ("Int", True, "$v"),
        ("Int", 7.5, "$v"),
        ("Int", 2**31, "$v"),
        ("Int!", None, "$v"),
        ("Float", "1", "$v"),
        ("Float", float("nan"), "$v"),
        ("Float", float("inf"), "$v"),
        ("Int", float("inf"), "$v"),
        ("String", 1, "$v"),
        ("Boolean", 1, "$v"),
        ("ID", 1.5, "$v"),
        ("ID", True, "$v"),
        ("Mood", "UGLY", "$v"),
        ("Mood", ["GOOD"], "$v"),
        ("[Int]", [1, "secret"], "v[1]"),
        ("[Int!]", [1, None], "v[1]"),
        ("[[Int]]", [[1], ["x"]], "v[1][0]"),
        ("In", "secret", "$v"),
        ("In", [], "$v"),
        ("In", {}, "v.required"),
        ("In", {"required": None}, "v.required"),
        ("In", {"required": "x", "secret": 1}, "v.secret"),
        ("In", {"required": "x", "defaulted": None}, "v.defaulted"),
        ("In", {"required": "x", "inner": {"required": "x", "list": [1, {}]}}, "v.inner.list[1]"),
        ("OneOf", {}, "$v"),
        ("OneOf", {"a": None}, "$v"),
        ("OneOf", {"a": 1, "b": "x"}, "$v"),
    ],
)
def test_values_that_do_not_fit(type: str, value: Any, place: str) -> None:
    with pytest.raises(BadUserInput) as refused:
        coerced(type, value)

    (problem,) = refused.value.problems
    assert place in problem.message
    assert problem.extensions["variable"] == "v"
    if isinstance(value, str):
        assert value not in problem.message


def test_absent_null_and_default_differ() -> None:
    assert coerced("Int") == {}
    assert coerced("Int", None) == {"v": None}
    assert coerced("Int", default=" = 3") == {"v": 3}
    assert coerced("Int", None, default=" = 3") == {"v": None}
    assert coerced("Int!", default=" = 3") == {"v": 3}
    assert coerced("In", default=' = {required: "x", mood: GOOD, list: 1}') == {
        "v": {"required": "x", "mood": "GOOD", "list": [1]}
    }
    with pytest.raises(BadUserInput, match=r'"\$v" of type Int! is required'):
        coerced("Int!")


def test_every_variable_that_does_not_fit_is_told() -> None:
    operation = normalise(parse("query($a: Int $b: Int! $c: Int) { f }"), None, SCHEMA)

    with pytest.raises(BadUserInput) as refused:
        coerce(operation, {"a": "x", "c": 1, "unknown": 1}, SCHEMA)

    assert [each.extensions["variable"] for each in refused.value.problems] == ["a", "b"]


def test_a_value_nested_without_end_is_refused() -> None:
    value: dict[str, Any] = {"required": "x"}
    for _ in range(5000):
        value = {"required": "x", "inner": value}

    with pytest.raises(BadUserInput, match="nested too deep"):
        coerced("In", value)
