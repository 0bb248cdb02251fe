"""The response as the client asked for it, whatever the subgraphs said."""

import json
from typing import Any

import pytest
from graphql import build_schema, execute_sync, get_introspection_query

from router.operation.normalise import normalise
from router.operation.parse import parse
from router.operation.validate import validate
from router.plan.result import Fetched, FetchError
from router.projection.project import Result, project
from router.projection.shape import shape_of

SCHEMA = build_schema("""
    type Query {
      a: A b: A! list: [A!] rows: [[Int!]] n: Node lonely: Lonely
      i: Int s: String f: Float t: Boolean id: ID m: Mood j: JSON
    }
    type A implements Node { id: ID! name: String a: A sure: A! }
    type B implements Node { id: ID! size: Int }
    interface Node { id: ID! }
    interface Lonely { id: ID! }
    enum Mood { GOOD }
    scalar JSON
""")


def answer(text: str, data: dict[str, Any], *errors: FetchError, **variables: Any) -> Result:
    document = parse(text)
    validate(document, SCHEMA)
    shape = shape_of(normalise(document, None, SCHEMA), SCHEMA)
    return project(Fetched(data=data, errors=list(errors)), shape, variables)


def places(result: Result) -> list[Any]:
    return [error.path for error in result.errors]


def failed(*path: str | int) -> FetchError:
    return FetchError(message="no", path=path or None, extensions={"code": "X", "service": "s"})


def test_only_what_was_asked_in_the_order_of_the_operation() -> None:
    data = {"extra": 1, "a": {"__typename": "A", "name": "x", "id": "1", "more": 2}, "i": 3}

    result = answer("{i my: __typename a{name id}}", data)

    assert json.dumps(result.data) == json.dumps({"i": 3, "my": "Query", "a": {"name": "x", "id": "1"}})
    assert result.errors == ()


def test_what_was_fetched_is_not_changed() -> None:
    data = {"a": {"id": None, "extra": 1}, "list": [{"id": "1"}, None]}
    before = json.dumps(data)

    answer("{a{id} list{id}}", data)

    assert json.dumps(data) == before


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("i", None, None),
        ("i", 7, 7),
        ("i", 7.0, 7),
        ("i", True, None),
        ("i", 2**31, None),
        ("i", "7", None),
        ("s", "", ""),
        ("s", 7, None),
        ("f", 7, 7),
        ("f", 7.5, 7.5),
        ("f", float("nan"), None),
        ("f", True, None),
        ("t", False, False),
        ("t", 0, None),
        ("id", "x", "x"),
        ("id", 7, "7"),
        ("id", True, None),
        ("m", "GOOD", "GOOD"),
        ("m", "HIDDEN", None),
        ("m", ["GOOD"], None),
        ("j", {"a": [1]}, {"a": [1]}),
        ("rows", [[1], None, []], [[1], None, []]),
        ("rows", [[1, None]], [None]),
        ("rows", 7, None),
        ("rows", [7], [None]),
    ],
)
def test_leaves_and_lists_are_checked(field: str, value: Any, expected: Any) -> None:
    result = answer(f"{{{field}}}", {field: value})

    assert result.data == {field: expected}
    assert repr(result.data) == repr({field: expected})
    has_misfit = repr(expected).count("None") > repr(value).count("None") or expected == [None]
    assert len(result.errors) == int(has_misfit)


def test_a_null_goes_up_to_the_next_field_that_may_be_null() -> None:
    result = answer("{a{id a{sure{name}}} i}", {"a": {"id": "1", "a": {"sure": None}}, "i": 1})

    assert result.data == {"a": {"id": "1", "a": None}, "i": 1}
    assert places(result) == [("a", "a", "sure")]
    assert result.errors[0].message == "Cannot return null for non-nullable field A.sure."


def test_a_null_may_go_up_to_the_root() -> None:
    result = answer("{b{id}}", {})

    assert result.data is None
    assert places(result) == [("b",)]


def test_a_null_in_a_list_of_non_null_items_takes_the_list() -> None:
    result = answer("{list{id}}", {"list": [{"id": "1"}, {}]})

    assert result.data == {"list": None}
    assert places(result) == [("list", 1, "id")]


@pytest.mark.parametrize("path", [("a", "id"), ("a",), ("a", "id", "deeper"), ()])
def test_a_null_that_an_error_explains_needs_no_other(path: tuple[str, ...]) -> None:
    result = answer("{a{id}}", {"a": {"name": "x"}}, failed(*path))

    assert result.data == {"a": None}
    assert len(result.errors) == 1


def test_an_error_elsewhere_does_not_explain_a_null() -> None:
    result = answer("{a{id} list{id} i}", {"a": {}, "list": [{}]}, failed("list", 0, "id"), failed("i"))

    assert len(result.errors) == 3


def test_error_paths_end_where_the_clients_operation_ends() -> None:
    result = answer(
        "{a{id j: name} j n{... on B{size}}}",
        {"a": {"id": "1"}},
        failed("a", "_internal", 0),
        failed("a", "j"),
        failed("j", "inside", 3),
        failed("elsewhere"),
        failed("n", "size"),
        failed("a", "_other"),
    )

    assert places(result) == [("a",), ("a", "j"), ("j", "inside", 3), None, ("n", "size")]


def test_errors_of_fields_that_take_no_part_are_not_told() -> None:
    text = "query($x:Boolean!){i a @include(if:$x){id} n{... on B{size}}}"
    data = {"n": {"__typename": "A", "id": "1"}}

    result = answer(text, data, failed("a"), failed("n", "size"), failed("i", 7), failed("a", "id"), x=False)

    assert places(result) == [("n",), ("i", 7)]


def test_an_error_about_an_item_that_is_not_there_is_told_for_the_list() -> None:
    result = answer("{list{id}}", {"list": [{"id": "1"}]}, failed("list", 7, "id"))

    assert places(result) == [("list",)]


def test_abstract_values_answer_by_their_runtime_type() -> None:
    text = "{n{kind: __typename id ...on A{name} ...on B{size}}}"

    assert answer(text, {"n": {"__typename": "B", "id": "1", "size": 3, "name": "x"}}).data == {
        "n": {"kind": "B", "id": "1", "size": 3}
    }
    for typename in ("Query", "Ghost", None, ["B"], 7):
        result = answer(text, {"n": {"__typename": typename, "id": "1"}})
        assert (result.data, places(result)) == ({"n": None}, [("n",)])


def test_without_anything_that_depends_on_it_the_runtime_type_is_not_needed() -> None:
    assert answer("{n{id}}", {"n": {"id": "1"}}).data == {"n": {"id": "1"}}
    assert answer("{lonely{id}}", {"lonely": {"id": "1"}}).data == {"lonely": {"id": "1"}}


@pytest.mark.parametrize("value", [7, "x", [], [{}], True])
def test_what_is_not_an_object_is_null(value: Any) -> None:
    for text in ("{a{id}}", "{a: n{id}}"):
        result = answer(text, {"a": value})
        assert (result.data, places(result)) == ({"a": None}, [("a",)])


def test_conditions_decide_for_each_request() -> None:
    text = "query($x:Boolean!){i @include(if:$x) a @skip(if:$x){id} a @include(if:$x){name}}"
    data = {"i": 1, "a": {"id": "1", "name": "x"}}

    assert answer(text, data, x=True).data == {"i": 1, "a": {"name": "x"}}
    assert answer(text, data, x=False).data == {"a": {"id": "1"}}


def test_introspection_is_answered_from_the_schema() -> None:
    text = get_introspection_query(input_value_deprecation=True)

    assert answer(text, {}).data == execute_sync(SCHEMA, parse(text)).data


def test_introspection_takes_part_in_an_ordinary_query() -> None:
    text = (
        "query($n:String! $x:Boolean!){i t: __type(name:$n){name} __schema @include(if:$x){description} id}"
    )

    with_schema = answer(text, {"i": 1}, n="A", x=True)
    without = answer(text, {"i": 1}, n="Nope", x=False)

    assert json.dumps(with_schema.data) == json.dumps(
        {"i": 1, "t": {"name": "A"}, "__schema": {"description": None}, "id": None}
    )
    assert without.data == {"i": 1, "t": None, "id": None}
