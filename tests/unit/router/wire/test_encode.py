"""Results become JSON, whatever a subgraph put into them."""

import json

import pytest

from router.errors import MaxDepthExceeded, Problem, ValidationFailed
from router.wire.encode import encode, errors_of, masked, response


@pytest.mark.parametrize("value", [{"a": 1}, {"n": 2**70}, {"s": "\ud800"}, {"s": "zürich 🜚"}])
def test_what_is_written_can_be_read_again(value: dict[str, object]) -> None:
    assert json.loads(encode(value)) == value


def test_a_refusal_lists_every_problem_with_its_code() -> None:
    refusal = ValidationFailed(
        "first",
        problems=(Problem(message="first", locations=((1, 3),)), Problem(message="second", path=("a", 0))),
    )

    assert errors_of(refusal) == [
        {
            "message": "first",
            "locations": [{"line": 1, "column": 3}],
            "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
        },
        {"message": "second", "path": ["a", 0], "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}},
    ]


def test_a_limit_names_itself_and_its_value() -> None:
    [error] = errors_of(MaxDepthExceeded(limit=15, actual=17))

    assert error["message"] == "The operation has 17 levels; the limit max_depth is 15."
    assert error["extensions"] == {"code": "MAX_DEPTH_EXCEEDED", "limit": 15, "actual": 17}


def test_our_own_faults_show_only_ids() -> None:
    [error] = masked("r-1", "e-1")

    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "errorId": "e-1", "requestId": "r-1"}


def test_a_response_without_errors_has_no_such_member() -> None:
    assert response({"a": 1}, ()) == {"data": {"a": 1}}
    assert response(None, ({"message": "x"},)) == {"errors": [{"message": "x"}], "data": None}
