"""Whatever a subgraph answers: data for the rest, and an error that names subgraph and place."""

import asyncio
from typing import Any

import pytest

from router.context import RequestContext
from router.executor.executor import execute
from router.operation.model import OperationKind
from router.plan.nodes import EntityCall, Fetch, OutputRewrite, Plan, Representation, RequiredField
from router.plan.paths import Each, Key
from router.plan.result import Fetched
from router.subgraph_client.protocol import SubgraphResponse, SubgraphUnavailable
from tests.fakes.subgraph_client import Answer, FakeSubgraphClient

QUERY = OperationKind.QUERY
A, B, A_AGAIN = ({"__typename": "Product", "id": each} for each in "aba")
PLAN = Plan(
    kind=QUERY,
    fetches=(
        Fetch(id=0, subgraph="list", kind=QUERY, document="{products{__typename id}}"),
        Fetch(
            id=1,
            after=(0,),
            subgraph="prices",
            kind=QUERY,
            document="query($r:[_Any!]!){_entities(representations:$r){...on Product{price _alias:stock}}}",
            calls=(
                EntityCall(
                    alias="_entities",
                    variable="r",
                    paths=((Key("products"), Each()),),
                    representations=(
                        Representation(
                            type="Product", typename="Product", fields=(RequiredField(key="id", name="id"),)
                        ),
                    ),
                    rewrites=(OutputRewrite(path=(), alias="_alias", name="stock"),),
                ),
            ),
        ),
    ),
)


async def run(prices: Answer, products: Answer | None = None) -> Fetched:
    context = RequestContext(request_id="r1", deadline=asyncio.get_running_loop().time() + 10)
    found = {"products": [dict(A), dict(B), dict(A_AGAIN)]} if products is None else products
    clients = {"list": FakeSubgraphClient(found), "prices": FakeSubgraphClient(prices)}
    return await execute(PLAN, {}, clients, context)


def places(fetched: Fetched) -> list[Any]:
    return [error.path for error in fetched.errors]


async def test_an_error_about_an_entity_is_told_wherever_it_stands() -> None:
    error = {"message": "no", "path": ["_entities", 0, "price"], "extensions": {"code": "GONE", "hint": 1}}

    fetched = await run(
        SubgraphResponse(data={"_entities": [{"price": None}, {"price": 2}]}, errors=(error,))
    )

    assert places(fetched) == [("products", 0, "price"), ("products", 2, "price")]
    assert fetched.errors[0].message == "no"
    assert fetched.errors[0].extensions == {"code": "GONE", "hint": 1, "service": "prices"}
    assert fetched.data["products"][1]["price"] == 2


async def test_internal_aliases_do_not_show_in_error_paths() -> None:
    error = {"message": "no", "path": ["_entities", 1, "_alias", 3]}

    fetched = await run(SubgraphResponse(data={"_entities": [None, {"_alias": None}]}, errors=(error,)))

    assert places(fetched) == [("products", 1, "stock", 3)]
    assert fetched.errors[0].extensions["code"] == "SUBGRAPH_ERROR"


async def test_rewrites_move_aliases_back() -> None:
    entities = [{"price": 1, "_alias": 5}, {"price": 2, "_alias": 6}]

    fetched = await run({"_entities": entities})

    assert [each["stock"] for each in fetched.data["products"]] == [5, 6, 5]
    assert entities[0] == {"price": 1, "_alias": 5}


async def test_an_unavailable_subgraph_is_told_for_every_field_it_should_have_filled() -> None:
    fetched = await run(SubgraphUnavailable("prices", "SUBGRAPH_TIMEOUT", "took too long"))

    assert places(fetched) == [
        ("products", 0, "price"),
        ("products", 0, "stock"),
        ("products", 2, "price"),
        ("products", 2, "stock"),
        ("products", 1, "price"),
        ("products", 1, "stock"),
    ]
    assert fetched.errors[0].message == "Subgraph 'prices' took too long."
    assert fetched.errors[0].extensions == {"code": "SUBGRAPH_TIMEOUT", "service": "prices"}
    assert fetched.data == {"products": [A, B, A_AGAIN]}


async def test_an_unavailable_root_subgraph_is_told_for_its_root_fields() -> None:
    fetched = await run({}, SubgraphUnavailable("list", "SUBGRAPH_UNREACHABLE", "is away"))

    assert places(fetched) == [("products",)]
    assert fetched.data == {}


async def test_a_subgraph_without_client_is_unreachable() -> None:
    context = RequestContext(request_id="r1", deadline=asyncio.get_running_loop().time() + 10)

    fetched = await execute(PLAN, {}, {}, context)

    assert [error.extensions["code"] for error in fetched.errors] == ["SUBGRAPH_UNREACHABLE"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"_entities": [{"price": 1}]}, id="missing entities"),
        pytest.param({"_entities": [{"price": 1}] * 3}, id="extra entities"),
        pytest.param({"_entities": {"price": 1}}, id="an object instead of a list"),
        pytest.param({"_entities": None}, id="null"),
        pytest.param({}, id="nothing"),
    ],
)
async def test_entities_that_cannot_be_assigned_are_not_taken(data: dict[str, Any]) -> None:
    fetched = await run(data)

    assert fetched.data == {"products": [A, B, A_AGAIN]}
    assert {error.extensions["code"] for error in fetched.errors} == {"SUBGRAPH_BAD_RESPONSE"}
    assert {error.path[:2] for error in fetched.errors if error.path} == {("products", n) for n in range(3)}


@pytest.mark.parametrize(
    "path",
    [["_entities", 99], ["_entities", "x"], ["_entities", True], ["elsewhere"], [], "text", None, [{}], 7],
)
async def test_an_error_without_a_usable_path_is_told_once_for_the_operation(path: Any) -> None:
    entities = [{"price": 1}, {"price": 2}]

    fetched = await run(
        SubgraphResponse(data={"_entities": entities}, errors=({"message": "no", "path": path},))
    )

    assert places(fetched) == [None]
    assert fetched.data["products"][1]["price"] == 2


@pytest.mark.parametrize("path", [None, "text", ["_entities", 99]])
async def test_an_error_without_a_usable_path_is_told_where_an_entity_is_missing(path: Any) -> None:
    errors = ({"message": "no", "path": path},)

    fetched = await run(
        SubgraphResponse(data={"_entities": [None, {"price": 2, "_alias": 1}]}, errors=errors)
    )

    assert places(fetched) == [("products", at, key) for at in (0, 2) for key in ("price", "stock")]
    assert {error.extensions["service"] for error in fetched.errors} == {"prices"}


@pytest.mark.parametrize("path", [None, [{}], 7])
async def test_an_error_without_a_usable_path_is_told_for_an_empty_root_field(path: Any) -> None:
    errors = ({"message": "no", "path": path},)

    fetched = await run({}, SubgraphResponse(data={"products": None}, errors=errors))

    assert [(error.message, error.path) for error in fetched.errors] == [("no", ("products",))]


async def test_errors_without_data_are_told_where_data_is_missing() -> None:
    fetched = await run(SubgraphResponse(data=None, errors=({"message": "Syntax Error"},)))

    assert len(fetched.errors) == 6
    assert {error.message for error in fetched.errors} == {"Syntax Error"}


async def test_nothing_at_all_is_an_error() -> None:
    fetched = await run({}, SubgraphResponse(data=None))

    assert [(error.path, error.extensions["code"]) for error in fetched.errors] == [
        (("products",), "SUBGRAPH_BAD_RESPONSE")
    ]


async def test_root_error_paths_pass_through() -> None:
    error = {"message": "no", "path": ["products", 1, "id"]}

    fetched = await run({}, SubgraphResponse(data={"products": [None, None]}, errors=(error,)))

    assert places(fetched) == [("products", 1, "id")]


async def test_a_thousand_failed_places_are_counted_not_listed() -> None:
    products = {"products": [{"__typename": "Product", "id": str(n)} for n in range(1000)]}

    fetched = await run(SubgraphUnavailable("prices", "SUBGRAPH_TIMEOUT", "took too long"), products)

    assert len(fetched.errors) == 101
    assert fetched.errors[-1].path is None
    assert fetched.errors[-1].extensions["places"] == 1900


async def test_portions_that_fail_for_one_reason_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.executor.entity_round.MAX_REPRESENTATIONS", 30)
    products = {"products": [{"__typename": "Product", "id": str(n)} for n in range(300)]}

    fetched = await run(SubgraphUnavailable("prices", "SUBGRAPH_TIMEOUT", "took too long"), products)

    assert len(fetched.errors) == 101
    assert fetched.errors[-1].extensions["places"] == 500


@pytest.mark.parametrize(
    "typename", [["Product"], {"a": 1}, 7, None, True], ids=["list", "object", "number", "null", "bool"]
)
async def test_a_typename_that_is_none_leaves_the_object_out(typename: Any) -> None:
    fetched = await run(
        {"_entities": [{"price": 1}]}, {"products": [{"__typename": typename, "id": "a"}, dict(A)]}
    )

    assert fetched.data["products"][1]["price"] == 1
    assert "price" not in fetched.data["products"][0]


@pytest.mark.parametrize("products", [7, "x", {"id": 1}, [[1]], [7, "x"], None])
async def test_data_of_another_form_is_passed_over(products: Any) -> None:
    fetched = await run({}, {"products": products})

    assert fetched.data == {"products": products}
