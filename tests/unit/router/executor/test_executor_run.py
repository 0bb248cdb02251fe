"""Plans run as graphs: order, conditions, deadlines, partial failure."""

import asyncio
import time
from typing import Any

import pytest

from router.context import RequestContext
from router.executor.executor import execute
from router.operation.model import Condition, OperationKind
from router.plan.nodes import EntityCall, Fetch, Plan, Representation, RequiredField
from router.plan.paths import Each, Key, Path
from router.plan.result import Fetched
from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse, SubgraphUnavailable
from tests.fakes.subgraph_client import FakeSubgraphClient

QUERY = OperationKind.QUERY
ID = RequiredField(key="id", name="id")


def context(seconds: float = 10.0) -> RequestContext:
    return RequestContext(request_id="r1", deadline=asyncio.get_running_loop().time() + seconds)


def root(id: int, subgraph: str, document: str, **more: Any) -> Fetch:
    return Fetch(id=id, subgraph=subgraph, kind=QUERY, document=document, **more)


def entities(
    id: int, subgraph: str, selection: str, *paths: Path, type: str = "Product", **more: Any
) -> Fetch:
    call = EntityCall(
        alias="_entities",
        variable="representations",
        paths=paths,
        representations=(Representation(type=type, typename=type, fields=(ID,)),),
    )
    document = (
        "query($representations:[_Any!]!){_entities(representations:$representations){...on "
        f"{type}{selection}}}}}"
    )
    return Fetch(id=id, subgraph=subgraph, kind=QUERY, document=document, calls=(call,), **more)


def plan(*fetches: Fetch) -> Plan:
    return Plan(kind=QUERY, fetches=fetches)


def product(id: str, **fields: Any) -> dict[str, Any]:
    return {"__typename": "Product", "id": id, **fields}


def answering(**fields_by_id: Any) -> FakeSubgraphClient:
    """A subgraph that knows these entities; null for others."""

    def answer(request: SubgraphRequest) -> dict[str, Any]:
        return {"_entities": [fields_by_id.get(each["id"]) for each in request.variables["representations"]]}

    return FakeSubgraphClient(answer)


PRODUCTS: Path = (Key("products"), Each())


async def test_entities_are_merged_into_the_objects_they_belong_to() -> None:
    a = FakeSubgraphClient({"products": [product("1"), None, product("2")]})
    b = answering(**{"1": {"price": 10}, "2": {"price": 20}})

    fetched = await execute(
        plan(root(0, "a", "{products{__typename id}}"), entities(1, "b", "{price}", PRODUCTS, after=(0,))),
        {},
        {"a": a, "b": b},
        context(),
    )

    assert fetched == Fetched(
        data={"products": [product("1", price=10), None, product("2", price=20)]}, errors=[]
    )


async def test_equal_entities_are_asked_once_and_answered_everywhere() -> None:
    shared = {"products": [product("1"), product("2"), product("1")], "top": product("1")}
    b = answering(**{"1": {"maker": {"name": "x"}}, "2": {"maker": None}})

    fetched = await execute(
        plan(
            root(0, "a", "{products{__typename id} top{__typename id}}"),
            entities(1, "b", "{maker{name}}", PRODUCTS, (Key("top"),), after=(0,)),
        ),
        {},
        {"a": FakeSubgraphClient(shared), "b": b},
        context(),
    )

    assert b.requests[0].variables["representations"] == [
        {"__typename": "Product", "id": "1"},
        {"__typename": "Product", "id": "2"},
    ]
    assert fetched.data["top"]["maker"] == {"name": "x"}
    assert fetched.data["products"][2]["maker"] == {"name": "x"}
    assert fetched.data["products"][1]["maker"] is None


async def test_what_a_subgraph_handed_over_is_never_changed() -> None:
    handed = {"products": [product("1", maker={"id": "m"})]}
    entity = {"1": {"maker": {"__typename": "Maker", "id": "m"}}}
    makers = answering(m={"name": "x"})
    makers_plan = entities(2, "c", "{name}", (*PRODUCTS, Key("maker")), type="Maker", after=(1,))

    fetched = await execute(
        plan(
            root(0, "a", "{products{__typename id maker{id}}}"),
            entities(1, "b", "{maker{__typename id}}", PRODUCTS, after=(0,)),
            makers_plan,
        ),
        {},
        {"a": FakeSubgraphClient(handed), "b": answering(**entity), "c": makers},
        context(),
    )

    assert fetched.data["products"][0]["maker"] == {"__typename": "Maker", "id": "m", "name": "x"}
    assert handed == {"products": [product("1", maker={"id": "m"})]}
    assert entity == {"1": {"maker": {"__typename": "Maker", "id": "m"}}}


async def test_a_fetch_starts_when_its_own_parents_have_ended() -> None:
    gate = asyncio.Event()
    slow = FakeSubgraphClient({"slow": 1}, gate=gate)
    b = answering(**{"1": {"price": 10}})
    running = asyncio.ensure_future(
        execute(
            plan(
                root(0, "slow", "{slow}"),
                root(1, "a", "{products{__typename id}}"),
                entities(2, "b", "{price}", PRODUCTS, after=(1,)),
            ),
            {},
            {"slow": slow, "a": FakeSubgraphClient({"products": [product("1")]}), "b": b},
            context(),
        )
    )

    await b.asked.wait()
    assert not running.done()
    gate.set()

    fetched = await running
    assert fetched.data == {"slow": 1, "products": [product("1", price=10)]}


async def test_a_fetch_with_two_parents_waits_for_both_and_runs_once() -> None:
    c = FakeSubgraphClient({"c": 3})

    fetched = await execute(
        plan(
            root(0, "a", "{a}"),
            root(1, "b", "{b}"),
            root(2, "c", "{c}", after=(0, 1)),
            root(3, "d", "{d}", after=(2,)),
        ),
        {},
        {
            "a": FakeSubgraphClient({"a": 1}),
            "b": FakeSubgraphClient({"b": 2}),
            "c": c,
            "d": FakeSubgraphClient({"d": 4}),
        },
        context(),
    )

    assert fetched.data == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert len(c.requests) == 1


async def test_mutations_run_one_after_the_other_even_if_one_fails() -> None:
    order: list[str] = []

    def step(name: str, fails: bool = False) -> FakeSubgraphClient:
        def answer(request: SubgraphRequest) -> SubgraphResponse:
            order.append(name)
            if fails:
                raise SubgraphUnavailable(name, "SUBGRAPH_UNREACHABLE", "is away")
            return SubgraphResponse(data={name: 1})

        return FakeSubgraphClient(answer)

    fetched = await execute(
        plan(root(0, "x", "{x}"), root(1, "y", "{y}", after=(0,)), root(2, "z", "{z}", after=(1,))),
        {},
        {"x": step("x"), "y": step("y", fails=True), "z": step("z")},
        context(),
    )

    assert order == ["x", "y", "z"]
    assert fetched.data == {"x": 1, "z": 1}
    assert [(error.path, error.extensions["code"]) for error in fetched.errors] == [
        (("y",), "SUBGRAPH_UNREACHABLE")
    ]


async def test_a_fetch_whose_condition_does_not_hold_is_left_out() -> None:
    a = FakeSubgraphClient({"a": 1})
    conditional = root(0, "a", "{a}", conditions=(Condition(variable="x", wanted=True),))

    skipped = await execute(
        plan(conditional, root(1, "b", "{b}")),
        {"x": False},
        {"a": a, "b": FakeSubgraphClient({"b": 1})},
        context(),
    )
    taken = await execute(plan(conditional), {"x": True}, {"a": a}, context())

    assert skipped.data == {"b": 1}
    assert taken.data == {"a": 1}
    assert len(a.requests) == 1


async def test_only_the_variables_of_the_fetch_that_have_a_value_are_sent() -> None:
    a = FakeSubgraphClient({"a": 1})

    await execute(
        plan(root(0, "a", "query($x:Int $y:Int){a}", variables=("x", "y"))),
        {"x": None, "z": 1},
        {"a": a},
        context(),
    )

    assert a.requests[0].variables == {"x": None}


async def test_no_representation_no_request() -> None:
    b = answering()

    fetched = await execute(
        plan(root(0, "a", "{products{__typename id}}"), entities(1, "b", "{price}", PRODUCTS, after=(0,))),
        {},
        {
            "a": FakeSubgraphClient(
                {"products": [{"__typename": "Other", "id": "1"}, {"__typename": "Product"}]}
            ),
            "b": b,
        },
        context(),
    )

    assert b.requests == []
    assert fetched.errors == []


async def test_many_representations_are_sent_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.executor.entity_round.MAX_REPRESENTATIONS", 4)
    b = answering(**{str(n): {"price": n} for n in range(10)})
    data = {"products": [product(str(n)) for n in range(10)]}

    fetched = await execute(
        plan(root(0, "a", "{products{__typename id}}"), entities(1, "b", "{price}", PRODUCTS, after=(0,))),
        {},
        {"a": FakeSubgraphClient(data), "b": b},
        context(),
    )

    assert sorted(len(request.variables["representations"]) for request in b.requests) == [2, 4, 4]
    assert [each["price"] for each in fetched.data["products"]] == list(range(10))


async def test_the_deadline_ends_waiting_and_keeps_what_is_there() -> None:
    never = asyncio.Event()
    started = time.monotonic()

    fetched = await execute(
        plan(
            root(0, "a", "{products{__typename id}}"),
            root(1, "slow", "{slow other: thing}"),
            entities(2, "b", "{price}", PRODUCTS, after=(0,)),
        ),
        {},
        {
            "a": FakeSubgraphClient({"products": [product("1")]}),
            "slow": FakeSubgraphClient({}, gate=never),
            "b": FakeSubgraphClient({}, gate=never),
        },
        context(0.05),
    )

    assert time.monotonic() - started < 5
    assert fetched.data == {"products": [product("1")]}
    assert {
        (error.path, error.extensions["code"], error.extensions["service"]) for error in fetched.errors
    } == {
        (("slow",), "REQUEST_TIMEOUT", "slow"),
        (("other",), "REQUEST_TIMEOUT", "slow"),
        (("products", 0, "price"), "REQUEST_TIMEOUT", "b"),
    }


async def test_a_fault_of_our_own_is_not_swallowed() -> None:
    def broken(request: SubgraphRequest) -> SubgraphResponse:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await execute(
            plan(root(0, "a", "{a}"), root(1, "b", "{b}")),
            {},
            {"a": FakeSubgraphClient(broken), "b": FakeSubgraphClient({"b": 1})},
            context(),
        )


async def test_cookies_are_kept_in_order_of_arrival() -> None:
    fetched = await execute(
        plan(root(0, "a", "{a}"), root(1, "b", "{b}", after=(0,))),
        {},
        {
            "a": FakeSubgraphClient(SubgraphResponse(data={"a": 1}, set_cookies=("one",))),
            "b": FakeSubgraphClient(SubgraphResponse(data={"b": 1}, set_cookies=("two",))),
        },
        context(),
    )

    assert fetched.set_cookies == ["one", "two"]
