"""Representations: which objects, which fields, which are equal."""

from typing import Any

import pytest

from router.executor.entities import Collected, PreparedCall
from router.executor.merge import Places
from router.plan.nodes import EntityCall, Representation, RequiredField
from router.plan.paths import Each, Key, OnTypes, Path

ITEMS: Path = (Key("items"), Each())


def field(
    name: str, *selections: RequiredField, key: str | None = None, on: set[str] | None = None
) -> RequiredField:
    on_types = None if on is None else frozenset(on)
    return RequiredField(key=key or name, name=name, selections=selections, on_types=on_types)


def collect(
    items: Any,
    *fields: RequiredField,
    type: str | None = "Product",
    typename: str | None = "Product",
    path: Path = ITEMS,
) -> Collected:
    call = EntityCall(
        alias="_entities",
        variable="representations",
        paths=(path,),
        representations=(Representation(type=type, typename=typename, fields=fields),),
    )
    return PreparedCall(call, Places()).collect({"items": items})


def product(**fields: Any) -> dict[str, Any]:
    return {"__typename": "Product", **fields}


def test_values_stand_under_the_subgraphs_names() -> None:
    collected = collect([product(_alias=1)], field("size", key="_alias"))

    assert collected.representations == [product(size=1)]


def test_nested_requirements_are_cut_out_of_the_data() -> None:
    item = product(maker={"id": 1, "other": 2}, parts=[{"n": 1, "x": 1}, None])

    collected = collect([item], field("maker", field("id")), field("parts", field("n")))

    assert collected.representations == [product(maker={"id": 1}, parts=[{"n": 1}, None])]


def test_a_missing_value_leaves_the_object_out_and_a_null_is_sent() -> None:
    items = [product(), product(id=None), product(maker={}, id=1)]

    assert collect(items, field("id")).representations == [product(id=None), product(id=1)]
    assert collect(items, field("maker", field("id"))).representations == []


def test_requirements_of_other_types_are_skipped() -> None:
    item = product(owner={"__typename": "User", "name": "x", "vat": 1})
    required = field("owner", field("__typename"), field("name", on={"User"}), field("vat", on={"Company"}))

    assert collect([item], required).representations == [product(owner={"__typename": "User", "name": "x"})]


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, True), (1, 1.0), ("1", 1), (None, 0), ([1], [True]), ({"a": 1}, {"a": 1.0}), ([], {}), ("", None)],
)
def test_values_of_different_kinds_are_different_entities(left: Any, right: Any) -> None:
    collected = collect([product(id=left), product(id=right), product(id=left)], field("id"))

    assert [len(targets) for targets in collected.targets] == [2, 1]
    assert [repr(each["id"]) for each in collected.representations] == [repr(left), repr(right)]
    both = [product(id=left, code="x"), product(id=right, code="x"), product(id=left, code="x")]
    assert [len(targets) for targets in collect(both, field("id"), field("code")).targets] == [2, 1]


def test_the_typename_that_is_sent_may_be_another_one() -> None:
    items = [{"__typename": "Book", "id": 1}, {"__typename": "Film", "id": 1}, {"id": 2}]

    as_interface = collect(items, field("id"), type=None, typename="Media")
    as_they_are = collect(items, field("id"), type=None, typename=None)

    assert as_interface.representations == [
        {"__typename": "Media", "id": 1},
        {"__typename": "Media", "id": 2},
    ]
    assert as_they_are.representations == [{"__typename": "Book", "id": 1}, {"__typename": "Film", "id": 1}]


def test_paths_go_through_nested_lists_and_types() -> None:
    nested = [
        [product(a={"__typename": "Product", "id": 1})],
        None,
        [None, {"__typename": "Film", "a": {"id": 2}}],
    ]
    path = (*ITEMS, Each(), OnTypes(frozenset({"Product"})), Key("a"))

    assert collect(nested, field("id"), path=path).representations == [product(id=1)]


def test_a_path_that_goes_on_from_another_finds_the_same_as_alone() -> None:
    data = {"a": [{"p": product(id=1, b=[{"p": product(id=2)}, {"p": None}])}, {"p": product(id=3, b=None)}]}
    short: Path = (Key("a"), Each(), Key("p"))
    long: Path = (*short, Key("b"), Each(), Key("p"))
    representations = (Representation(type="Product", typename="Product", fields=(field("id"),)),)

    def found(*paths: Path) -> list[Any]:
        call = EntityCall(alias="_entities", variable="r", paths=paths, representations=representations)
        return [each["id"] for each in PreparedCall(call, Places()).collect(data).representations]

    assert found(long) == [2]
    assert found(short, long) == found(short) + found(long) == [1, 3, 2]
    assert found(long, short) == [2, 1, 3]
