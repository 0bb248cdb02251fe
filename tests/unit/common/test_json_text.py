"""What orjson refuses is written all the same, and means what it meant."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.json_text import Json, json_text
from router.executor.representations import hashable
from router.wire.encode import encode

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)
TOO_DEEP = 1_500


def wrapped(value: Json, levels: int) -> Json:
    """The value in so many lists and objects."""
    for level in range(levels):
        value = [0, value] if level % 2 else {"é": value, "a": {}}
    return value


@given(VALUES)
def test_what_is_nested_too_deeply_is_written_like_the_rest(value: Json) -> None:
    shallow = wrapped(value, 4)
    around = json_text(wrapped("@", TOO_DEEP - 4), sort_keys=True)

    text = json_text(wrapped(value, TOO_DEEP), sort_keys=True)

    inside = json.dumps(shallow, separators=(",", ":"), sort_keys=True)
    assert text == around.replace('"@"', inside)


def test_whatever_orjson_reads_is_written_again() -> None:
    deepest = b'{"a":' * 511 + b"[" * 512 + b"1" + b"]" * 512 + b"}" * 511

    assert encode(orjson.loads(deepest)) == deepest
    assert encode({"a": 2**70, "b": "\ud800"}) == b'{"a":1180591620717411303424,"b":"\\ud800"}'


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), {1: [2]}, b"x"])
def test_what_is_no_json_is_refused_at_any_depth(value: object) -> None:
    for levels in (1, TOO_DEEP):
        if isinstance(value, dict) and levels == 1:
            continue  # Python's own writer makes texts of such keys
        with pytest.raises((TypeError, ValueError)):
            json_text(wrapped(value, levels))


@pytest.mark.parametrize("levels", [10, 49, 50, 51, 400, TOO_DEEP])
def test_deep_values_are_told_apart(levels: int) -> None:
    one, same, other = wrapped(1, levels), wrapped(1, levels), wrapped(1.0, levels)

    assert len({hashable(one), hashable(same), hashable(other), hashable(wrapped(True, levels))}) == 3
