"""Lists that a subgraph streams: items go on as they come, with what others add, whatever becomes of it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest
from graphql import parse

from router.context import RequestContext
from router.executor import growing
from router.executor.executor import prepare
from router.executor.in_parts import execute_in_parts
from router.operation.normalise import normalise
from router.plan.result import FetchError, Part
from router.planner.planner import plan
from router.projection.deferred import parts_shape_of
from router.projection.delivery import Delivery
from router.snapshot.build import build_snapshot
from router.subgraph_client.increments import answer_in
from router.subgraph_client.protocol import (
    Failure,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)
from schema.compose import Subgraph, compose
from tests.factories.deferred_documents import PartsClient
from tests.factories.streaming import DECLARED

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n'
SHOP = (
    LINK
    + DECLARED
    + """
    type Query { items: [Item] strict: [Item!]! grid: [[Item]] users: [User!]! best: User }
    type Item @key(fields: "id") { id: ID! name: String }
    type User @key(fields: "id") { id: ID! }
    """
)
PRICES = LINK + 'type Item @key(fields: "id") { id: ID! price: Int }'
WISHES = (
    LINK
    + DECLARED
    + 'type User @key(fields: "id") { id: ID! wishes: [Item!] } type Item @key(fields: "id") { id: ID! }'
)
SNAPSHOT = build_snapshot(
    compose(
        [
            Subgraph(name=name, url=f"http://{name}", sdl=sdl)
            for name, sdl in (("shop", SHOP), ("prices", PRICES), ("wishes", WISHES))
        ]
    ).supergraph_sdl
)
MORE = {"hasNext": True}
LAST = {"hasNext": False}


def item(id: int, **others: Any) -> dict[str, Any]:
    return {"id": str(id), **others}


def items(*found: Any, id: str = "0", **others: Any) -> dict[str, Any]:
    return {"incremental": [{"id": id, "items": list(found), **others}], **MORE}


def beginning(data: Any, *paths: list[Any]) -> dict[str, Any]:
    pending = [{"id": str(number), "path": path} for number, path in enumerate(paths)]
    return {"data": data, "pending": pending, **MORE}


@dataclass
class Source:
    """A subgraph that writes one part after the other, when the test says so."""

    parts: "asyncio.Queue[Any]" = field(default_factory=asyncio.Queue)
    requests: list[SubgraphRequest] = field(default_factory=list)
    written: int = 0
    is_closed: bool = False

    def say(self, *parts: Any) -> None:
        """Write these next."""
        for part in parts:
            self.parts.put_nowait(part)

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """What is to be said first, and what follows."""
        self.requests.append(request)
        assert request.takes_parts is ("@stream" in request.document)
        return await answer_in("shop", self._said())

    async def _said(self) -> AsyncGenerator[Mapping[str, Any], None]:
        try:
            while True:
                part = await self.parts.get()
                if isinstance(part, Exception):
                    raise part
                self.written += 1
                yield part
        finally:
            self.is_closed = True

    def subscribe(self, request: SubgraphRequest) -> Any:
        """Nothing ever happens."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class Prices:
    """Knows the price of everything, when the gate is open; counts what it is asked."""

    asked: list[list[str]] = field(default_factory=list)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Ten times the id; 13 has none."""
        (representations,) = (each for each in request.variables.values() if isinstance(each, list))
        self.asked.append([each["id"] for each in representations])
        await self.opened.wait()
        found: list[Any] = []
        errors = []
        for index, each in enumerate(representations):
            if each["id"] == "13":
                errors.append({"message": "priceless", "path": ["_entities", index, "price"]})
            price = None if each["id"] == "13" else 10 * int(each["id"])
            found.append({"__typename": "Item", "price": price})
        return SubgraphResponse(data={"_entities": found}, errors=tuple(errors))

    def subscribe(self, request: SubgraphRequest) -> Any:
        """Nothing ever happens."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class World:
    """A shop whose lists are streamed, prices that are not, wishes that are."""

    shop: Source = field(default_factory=Source)
    prices: Prices = field(default_factory=Prices)
    wishes: Source = field(default_factory=Source)

    async def parts(
        self, text: str, *, seconds: float = 30, **variables: Any
    ) -> AsyncGenerator[Part[FetchError], None]:
        """The parts of the answer."""
        operation = normalise(parse(text), None, SNAPSHOT.schema, in_parts=True)
        prepared = prepare(plan(operation, SNAPSHOT.query_graph, deadline=time.monotonic() + 20))
        context = RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + seconds)
        shape = parts_shape_of(operation, SNAPSHOT.schema)
        delivery: Delivery | None = None
        clients: dict[str, SubgraphClient] = {"shop": self.shop, "prices": self.prices, "wishes": self.wishes}
        running = execute_in_parts(prepared, operation.deferrals, variables, clients, context)
        async with aclosing(running) as steps:
            async for progress in steps:
                part: Part[FetchError] | None
                if delivery is None:
                    delivery = Delivery(progress.data, shape, variables)
                    part = delivery.first(progress.errors, progress.growth)
                else:
                    part = delivery.next(progress.finished, progress.errors, progress.growth)
                while part is not None:
                    yield part
                    part = delivery.next(progress.finished, (), progress.growth) if part.has_next else None

    async def all(self, text: str, **variables: Any) -> PartsClient:
        """What a client has in the end."""
        self.prices.opened.set()
        client = PartsClient()
        async for part in self.parts(text, **variables):
            client.take(part)
        client.finish()
        return client


@pytest.fixture
def world() -> World:
    return World()


async def test_items_go_on_as_they_come_with_what_others_add(world: World) -> None:
    world.prices.opened.set()
    world.shop.say(beginning({"items": [item(1)]}, ["items"]))
    client = PartsClient()
    async with aclosing(world.parts("{ items @stream(initialCount: 1) { id price } }")) as parts:
        client.take(await anext(parts))
        assert client.data == {"items": [{"id": "1", "price": 10}]}
        world.shop.say(items(item(2)))
        client.take(await anext(parts))
        assert client.data["items"][1:] == [{"id": "2", "price": 20}]
        world.shop.say(items(item(3), item(4)))
        client.take(await anext(parts))
        assert client.data["items"][2:] == [{"id": "3", "price": 30}, {"id": "4", "price": 40}]
        world.shop.say({"completed": [{"id": "0"}], **LAST})
        client.take(await anext(parts))
    client.finish()
    assert world.prices.asked == [["1"], ["2"], ["3", "4"]]
    assert world.shop.requests[0].document == "{items@stream(initialCount:1){id}}"
    assert world.shop.is_closed


async def test_what_comes_while_others_are_asked_is_asked_for_together(world: World) -> None:
    world.shop.say(beginning({"items": []}, ["items"]), items(item(1)))
    client = PartsClient()
    async with aclosing(world.parts("{ items @stream { price } }")) as parts:
        client.take(await anext(parts))
        while not world.prices.asked:
            await asyncio.sleep(0)
        world.shop.say(*(items(item(n)) for n in range(2, 6)), {"completed": [{"id": "0"}], **LAST})
        while not world.shop.is_closed:
            await asyncio.sleep(0)
        world.prices.opened.set()
        async for part in parts:
            client.take(part)
    assert client.finish() == {"items": [{"price": 10 * n} for n in range(1, 6)]}
    assert world.prices.asked == [["1"], ["2", "3", "4", "5"]]


async def test_nulls_and_errors_stand_where_the_items_are(world: World) -> None:
    errors = [{"message": "nameless", "path": ["items", 2, "name"]}]
    world.shop.say(
        beginning({"items": [item(1, name="a")]}, ["items"]),
        items(None, item(13, name=None), errors=errors),
        {"completed": [{"id": "0"}], **LAST},
    )

    client = await world.all("{ items @stream(initialCount: 1) { name price } }")

    assert client.finish() == {"items": [{"name": "a", "price": 10}, None, {"name": None, "price": None}]}
    assert sorted((each.message, each.path) for each in client.errors) == [
        ("nameless", ("items", 2, "name")),
        ("priceless", ("items", 2, "price")),
    ]
    assert not client.failed


async def test_lists_of_lists_grow_by_lists(world: World) -> None:
    world.shop.say(beginning({"grid": [[item(1)]]}, ["grid"]), items([item(2), None, item(3)], []), LAST)

    client = await world.all("{ grid @stream(initialCount: 1) { price } }")

    assert client.finish() == {"grid": [[{"price": 10}], [{"price": 20}, None, {"price": 30}], []]}
    assert client.errors == []


async def test_a_null_that_must_not_be_ends_the_list(world: World) -> None:
    why = {"message": "lost", "path": ["strict", 1, "id"]}
    world.shop.say(beginning({"strict": [item(1)]}, ["strict"]))
    client = PartsClient()
    async with aclosing(world.parts("{ strict @stream(initialCount: 1) { id } }")) as parts:
        client.take(await anext(parts))
        world.shop.say({"completed": [{"id": "0", "errors": [why]}], **LAST})
        async for part in parts:
            client.take(part)

    assert client.finish() == {"strict": [{"id": "1"}]}
    assert [(each.message, each.path) for each in client.errors] == [("lost", ("strict", 1, "id"))]
    assert [each.path for each in client.failed] == [("strict",)]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (SubgraphUnavailable("shop", Failure.BAD_RESPONSE, "broke off its answer"), Failure.BAD_RESPONSE),
        ({"incremental": [{"id": "7", "items": []}], **MORE}, Failure.BAD_RESPONSE),
        ({"incremental": [{"path": ["best", 0], "items": [1]}], **MORE}, Failure.BAD_RESPONSE),
        ({"completed": [{"id": "0"}, {"id": "0"}], **MORE}, Failure.BAD_RESPONSE),
        ({"incremental": [{"id": "0", "items": {"id": 1}}], **MORE}, Failure.BAD_RESPONSE),
    ],
)
async def test_a_broken_stream_leaves_what_there_is_and_says_why(world: World, said: Any, code: str) -> None:
    world.shop.say(beginning({"items": [item(1)]}, ["items"]), items(item(2)), said)

    client = await world.all("{ items @stream(initialCount: 1) { id price } }")

    assert client.finish() == {"items": [{"id": "1", "price": 10}, {"id": "2", "price": 20}]}
    (error,) = client.errors
    assert (error.path, error.extensions) == (("items",), {"code": code, "service": "shop"})
    assert [each.path for each in client.failed] == [("items",)]
    assert world.shop.is_closed


async def test_a_source_without_an_end_ends_with_the_request(world: World) -> None:
    world.shop.say(beginning({"items": [item(1)]}, ["items"]), items(item(2)))

    client = await world.all("{ items @stream { id } }", seconds=0.3)

    (error,) = client.errors
    assert (error.path, error.extensions["code"]) == (("items",), "REQUEST_TIMEOUT")
    assert world.shop.is_closed


@pytest.mark.parametrize("is_taken", [True, False])
async def test_the_source_is_closed_when_the_client_leaves(world: World, is_taken: bool) -> None:
    world.shop.say(beginning({"items": []}, ["items"]))
    parts = world.parts("{ items @stream { price } }")
    await anext(parts)
    if is_taken:  # leaves while a price is asked for
        world.shop.say(items(item(2)))
        taking = asyncio.create_task(anext(parts))
        while len(world.prices.asked) < 1:
            await asyncio.sleep(0)
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
    await parts.aclose()
    assert world.shop.is_closed


async def test_lists_of_entities_grow_wherever_the_entity_stands(world: World) -> None:
    ada, bob = {"__typename": "User", "id": "1"}, {"__typename": "User", "id": "2"}
    world.shop.say({"data": {"users": [ada, bob, dict(ada)], "best": dict(bob)}})
    world.wishes.say(
        beginning(
            {"_entities": [{"wishes": []}, {"wishes": [item(5)]}]},
            ["_entities", 0, "wishes"],
            ["_entities", 1, "wishes"],
        ),
        items(item(1), id="0"),
        items(item(13), id="1"),
        {"completed": [{"id": "0"}, {"id": "1"}], **LAST},
    )

    client = await world.all("{ users { wishes @stream { id price } } best { wishes @stream { id price } } }")

    ones = {"wishes": [{"id": "1", "price": 10}]}
    twos = {"wishes": [{"id": "5", "price": 50}, {"id": "13", "price": None}]}
    assert client.finish() == {"users": [ones, twos, ones], "best": twos}
    assert sorted(str(each.path) for each in client.errors) == [
        "('best', 'wishes', 1, 'price')",
        "('users', 1, 'wishes', 1, 'price')",
    ]


async def test_what_is_deferred_in_items_does_not_hold_them_up(world: World) -> None:
    world.shop.say(beginning({"items": []}, ["items"]))
    client = PartsClient()
    async with aclosing(world.parts("{ items @stream { name ... @defer { price } } }")) as parts:
        client.take(await anext(parts))
        for number in (1, 13):
            world.shop.say(items(item(number, name=f"n{number}")))
            client.take(await anext(parts))
            assert client.data["items"][-1] == {"name": f"n{number}"}
        world.shop.say({"completed": [{"id": "0"}], **LAST})
        world.prices.opened.set()
        async for part in parts:
            client.take(part)
    assert client.finish() == {"items": [{"name": "n1", "price": 10}, {"name": "n13", "price": None}]}
    assert [(each.message, each.path) for each in client.errors] == [("priceless", ("items", 1, "price"))]
    assert world.prices.asked == [["1"], ["13"]]


async def test_items_wait_for_batches_when_too_much_is_asked_about_them(world: World) -> None:
    world.shop.say(beginning({"items": []}, ["items"]))
    client = PartsClient()
    async with aclosing(world.parts("{ items @stream { name ... @defer { price } } }")) as parts:
        client.take(await anext(parts))
        for number in range(growing.MAX_INSTALMENTS):
            world.shop.say(items(item(number, name="n")))
            client.take(await anext(parts))
        world.shop.say(items(item(7, name="n")), items(item(8, name="n")))
        while world.shop.parts.qsize():
            await asyncio.sleep(0)
        assert len(world.prices.asked) == growing.MAX_INSTALMENTS
        world.shop.say({"completed": [{"id": "0"}], **LAST})
        world.prices.opened.set()
        async for part in parts:
            client.take(part)
    found = [each["price"] for each in client.finish()["items"]]
    assert found == [0, 10, 20, 30, 70, 80]


async def test_nobody_waits_for_the_end_of_an_answer_whose_lists_have_ended(world: World) -> None:
    world.shop.say(beginning({"items": [item(1)]}, ["items"]), {"completed": [{"id": "0"}], **MORE})

    client = await world.all("{ items @stream { id } }")

    assert client.finish() == {"items": [{"id": "1"}]}
    assert world.shop.is_closed


async def test_a_list_that_is_not_there_does_not_grow(world: World) -> None:
    world.shop.say({**beginning(None, ["items"]), "errors": [{"message": "no"}]})

    client = await world.all("{ items @stream { id } }")

    assert client.finish() == {"items": None}
    assert [each.message for each in client.errors] == ["no"]
    assert world.shop.is_closed


async def test_variables_decide_whether_and_from_where(world: World) -> None:
    query = "query($n: Int!, $on: Boolean!) { items @stream(initialCount: $n, if: $on) { id } }"
    world.shop.say({"data": {"items": [item(1), item(2)]}})

    client = await world.all(query, n=1, on=False)

    assert client.parts == 1
    (request,) = world.shop.requests
    assert request.document == "query($n:Int!$on:Boolean!){items@stream(if:$on initialCount:$n){id}}"
    assert request.variables == {"n": 1, "on": False}


async def test_a_subgraph_that_answers_at_once_is_cut(world: World) -> None:
    world.shop.say({"data": {"items": [item(1), item(2)]}})

    client = await world.all("{ items @stream(initialCount: 1) { id } }")

    assert (client.parts, client.finish()) == (2, {"items": [{"id": "1"}, {"id": "2"}]})


async def test_no_more_is_read_than_the_client_takes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "MAX_AHEAD", 20)
    monkeypatch.setattr(growing, "MAX_WAITING", 10)
    world.shop.say(beginning({"items": []}, ["items"]), *(items(item(n)) for n in range(500)))
    async with aclosing(world.parts("{ items @stream { id } }")) as parts:
        await anext(parts)
        for _ in range(3_000):
            await asyncio.sleep(0)
        assert world.shop.written < 60
        world.shop.say(LAST)
        found = [each async for part in parts for streamed in part.streamed for each in streamed.items]
    assert found == [{"id": str(n)} for n in range(500)]


async def test_more_items_than_an_answer_may_have_are_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "MAX_ITEMS", 2)
    world.shop.say(beginning({"items": []}, ["items"]), *(items(item(n)) for n in range(5)))

    client = await world.all("{ items @stream { id } }")

    assert [each.extensions["code"] for each in client.errors] == [Failure.BAD_RESPONSE]
    assert world.shop.is_closed
