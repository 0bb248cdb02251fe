"""Answers merge into one tree without changing what a subgraph handed over."""

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from router.executor.merge import merge_into, merge_into_all, places_of
from router.plan.paths import Each, Key

KEYS = st.sampled_from("abc")
JSON = st.recursive(
    st.none() | st.integers(0, 3) | st.text("xy", max_size=1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=3)
PATHS = st.lists(st.lists(KEYS.map(Key) | st.just(Each()), max_size=3).map(tuple), max_size=3)


def merged(*sources: dict[str, Any]) -> dict[str, Any]:
    target: dict[str, Any] = {}
    for source in sources:
        merge_into(target, source, None)
    return target


def test_objects_and_lists_merge_scalars_replace_and_nulls_add_nothing() -> None:
    first = {"a": {"x": 1, "y": None}, "l": [{"x": 1}, None], "s": 1, "n": None}
    second = {"a": {"y": 2, "x": None}, "l": [{"y": 1}, {"y": 2}], "s": 2, "n": 3}

    assert merged(first, second) == {"a": {"x": 1, "y": 2}, "l": [{"x": 1, "y": 1}, {"y": 2}], "s": 2, "n": 3}


def test_subgraphs_that_disagree_on_a_list_leave_the_first_answer() -> None:
    assert merged({"l": [1, 2]}, {"l": [3]}) == {"l": [1, 2]}
    assert merged({"l": {"x": 1}}, {"l": [3]}) == {"l": {"x": 1}}


def test_an_object_on_the_way_to_an_entity_stays_the_same_object() -> None:
    places = places_of([(Key("a"), Each(), Key("b"))])
    target: dict[str, Any] = {}
    merge_into(target, {"a": [{"b": {"x": 1}}]}, places)
    held = target["a"][0]["b"]

    merge_into(target, {"a": [{"b": {"y": 2}}]}, places)

    assert target["a"][0]["b"] is held
    assert held == {"x": 1, "y": 2}


@given(st.lists(OBJECTS, max_size=4), PATHS)
def test_no_source_is_ever_changed_and_places_do_not_matter_for_the_outcome(
    sources: list[dict[str, Any]], paths: Any
) -> None:
    before = deepcopy(sources)
    places = places_of(paths)
    target: dict[str, Any] = {}

    for source in sources:
        merge_into(target, source, places)

    assert sources == before
    assert target == merged(*before)


@given(st.lists(OBJECTS, max_size=4), PATHS)
def test_an_answer_that_is_ours_merges_to_the_same(sources: list[dict[str, Any]], paths: Any) -> None:
    places = places_of(paths)
    expected, target, twin = {}, {}, {}  # type: dict[str, Any], dict[str, Any], dict[str, Any]

    for source in sources:
        merge_into(expected, deepcopy(source), places)
        merge_into_all([(target, places), (twin, places)], deepcopy(source), is_ours=True)

    assert target == twin == expected


def test_objects_that_stand_for_one_entity_do_not_share_what_is_written_to() -> None:
    places = places_of([(Key("a"), Key("b"))])
    target: dict[str, Any] = {}
    twin: dict[str, Any] = {}
    merge_into_all([(target, places), (twin, places)], {"a": {"b": {"x": 1}}}, is_ours=True)

    merge_into(target, {"a": {"b": {"y": 2}}}, places)

    assert target == {"a": {"b": {"x": 1, "y": 2}}}
    assert twin == {"a": {"b": {"x": 1}}}
