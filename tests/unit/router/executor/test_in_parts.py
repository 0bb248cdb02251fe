"""Answers in parts: what comes when, and what becomes of it when something fails or nobody listens."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest
from graphql import parse

from router.context import RequestContext
from router.executor.executor import prepare
from router.executor.in_parts import execute_in_parts
from router.operation.normalise import normalise
from router.plan.result import FetchError, Part
from router.planner.planner import plan
from router.projection.deferred import parts_shape_of
from router.projection.delivery import Delivery
from router.snapshot.build import build_snapshot
from router.subgraph_client.protocol import (
    Failure,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)
from schema.compose import Subgraph, compose
from tests.factories.deferred_documents import PartsClient

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n'
PEOPLE = LINK + (
    "type Query { me: User users: [User!]! }"
    'type User @key(fields: "id") { id: ID! name: String! diary: String! friends: [User!]! }'
)
CARTS = LINK + 'type Query { offer: String } type User @key(fields: "id") { id: ID! cart: String! }'
BILLS = LINK + 'type User @key(fields: "id") { id: ID! bill: String! cardNumber: String }'
SNAPSHOT = build_snapshot(
    compose(
        [
            Subgraph(name=name, url=f"http://{name}", sdl=sdl)
            for name, sdl in (("people", PEOPLE), ("carts", CARTS), ("bills", BILLS))
        ]
    ).supergraph_sdl
)
USERS = [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}]
ROOT: Mapping[str, Any] = {"me": {**USERS[0], "friends": [USERS[1]]}, "users": USERS, "offer": "cheap"}


@dataclass
class Gate:
    """A subgraph that answers what it is asked when the test lets it."""

    of_entities: Mapping[str, Any]
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    documents: list[str] = field(default_factory=list)
    was_cancelled: bool = False
    is_away: bool = False

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """The same for every entity."""
        self.documents.append(request.document)
        if "_entities" not in request.document:
            found = {key: value for key, value in ROOT.items() if f"{key}" in request.document}
            return SubgraphResponse(data={**found})
        self.asked.set()
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        if self.is_away:
            raise SubgraphUnavailable("x", Failure.TIMEOUT, "took too long")
        count = len(request.variables["representations"])
        return SubgraphResponse(data={"_entities": [dict(self.of_entities) for _ in range(count)]})

    def subscribe(self, request: SubgraphRequest) -> Any:
        """Nothing ever happens."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class World:
    """The three subgraphs."""

    people: Gate = field(default_factory=lambda: Gate({"diary": "secret", "friends": [dict(USERS[1])]}))
    carts: Gate = field(default_factory=lambda: Gate({"cart": "full"}))
    bills: Gate = field(default_factory=lambda: Gate({"bill": "high", "cardNumber": None}))

    async def parts(
        self, text: str, *, seconds: float = 20, **variables: Any
    ) -> AsyncGenerator[Part[FetchError], None]:
        """The parts of the answer."""
        operation = normalise(parse(text), None, SNAPSHOT.schema, in_parts=True)
        prepared = prepare(plan(operation, SNAPSHOT.query_graph, deadline=time.monotonic() + 20))
        context = RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + seconds)
        shape = parts_shape_of(operation, SNAPSHOT.schema)
        delivery: Delivery | None = None
        clients = {"people": self.people, "carts": self.carts, "bills": self.bills}
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

    def open(self) -> None:
        """Hold nothing up."""
        for gate in (self.people, self.carts, self.bills):
            gate.opened.set()

    async def all(self, text: str, **variables: Any) -> tuple[PartsClient, list[Part[FetchError]]]:
        """Every part, and what a client makes of them."""
        self.open()
        client, parts = PartsClient(), []
        async for part in self.parts(text, **variables):
            client.take(part)
            parts.append(part)
        client.finish()
        return client, parts


@pytest.fixture
def world() -> World:
    return World()


async def test_slow_fields_hold_up_neither_the_first_part_nor_each_other(world: World) -> None:
    query = """{ me { name ... @defer(label: "d") { diary } ... @defer(label: "c") { cart }
                 ... @defer(label: "b") { bill } } }"""
    client = PartsClient()
    async with aclosing(world.parts(query)) as parts:
        client.take(await anext(parts))
        assert client.data == {"me": {"name": "Ada"}}
        world.bills.opened.set()
        client.take(await anext(parts))
        assert client.data == {"me": {"name": "Ada", "bill": "high"}}
        world.people.opened.set()
        client.take(await anext(parts))
        assert client.data["me"]["diary"] == "secret"
        world.carts.opened.set()
        client.take(await anext(parts))

    assert client.finish() == {"me": {"name": "Ada", "bill": "high", "diary": "secret", "cart": "full"}}


async def test_every_item_of_a_list_has_its_own_pending(world: World) -> None:
    client, parts = await world.all('{ users { name ... @defer(label: "c") { cart } } }')

    assert [(each.path, each.label) for each in parts[0].pending] == [
        (("users", 0), "c"),
        (("users", 1), "c"),
    ]
    assert client.data == {"users": [{"name": "Ada", "cart": "full"}, {"name": "Bob", "cart": "full"}]}
    assert len(world.carts.documents) == 1


async def test_what_is_inside_is_announced_when_what_is_around_was_delivered(world: World) -> None:
    _, parts = await world.all(
        '{ me { name ... @defer(label: "out") { diary ... @defer(label: "in") { cart } } } }'
    )

    assert [each.label for each in parts[0].pending] == ["out"]
    assert [each.label for part in parts for each in part.pending] == ["out", "in"]


async def test_a_field_asked_for_at_once_is_not_delivered_again(world: World) -> None:
    client, parts = await world.all("{ me { ... @defer { name cart } name } }")

    assert parts[0].data == {"me": {"name": "Ada"}}
    assert [each.data for part in parts for each in part.deferred] == [{"cart": "full"}]
    assert client.data == {"me": {"name": "Ada", "cart": "full"}}


async def test_nothing_is_announced_that_adds_nothing(world: World) -> None:
    _, parts = await world.all("{ me { name ... @defer { name } } }")

    assert len(parts) == 1
    assert not parts[0].has_next


async def test_fields_of_two_fragments_come_with_the_first(world: World) -> None:
    query = '{ me { name ... @defer(label: "1") { cart } ... @defer(label: "2") { cart bill } } }'
    client, parts = PartsClient(), []
    world.carts.opened.set()
    async with aclosing(world.parts(query)) as running:
        async for part in running:
            parts.append(part)
            client.take(part)
            if any(each.data == {"cart": "full"} for each in part.deferred):
                world.bills.opened.set()

    assert client.finish() == {"me": {"name": "Ada", "cart": "full", "bill": "high"}}
    shared = next(each for part in parts for each in part.deferred if "cart" in each.data)
    assert len(shared.pending) == 2


@pytest.mark.parametrize("is_wanted", [True, False])
async def test_a_variable_decides_with_one_plan(world: World, is_wanted: bool) -> None:
    query = "query ($w: Boolean!) { me { name ... @defer(if: $w) { cart } } }"

    client, parts = await world.all(query, w=is_wanted)

    assert parts[0].has_next is is_wanted
    assert client.data == {"me": {"name": "Ada", "cart": "full"}}


async def test_root_fields_can_be_deferred(world: World) -> None:
    client, parts = await world.all("{ me { name } ... @defer { offer } }")

    assert parts[0].data == {"me": {"name": "Ada"}}
    assert client.data == {"me": {"name": "Ada"}, "offer": "cheap"}


async def test_a_null_goes_up_to_the_deferred_fragment_and_no_further(world: World) -> None:
    world.bills.is_away = True

    client, _ = await world.all('{ me { name ... @defer(label: "b") { bill cart } } }')

    assert client.data == {"me": {"name": "Ada"}}
    assert [each.label for each in client.failed] == ["b"]
    (error,) = client.errors
    assert error.path == ("me", "bill")
    assert error.extensions["code"] == "SUBGRAPH_TIMEOUT"


async def test_errors_come_with_the_part_that_they_concern(world: World) -> None:
    world.bills.is_away = True

    client, parts = await world.all("{ me { name ... @defer { cardNumber cart } } }")

    assert client.data == {"me": {"name": "Ada", "cardNumber": None, "cart": "full"}}
    (error,) = parts[-1].deferred[0].errors
    assert error.path == ("me", "cardNumber")


async def test_nothing_comes_below_what_became_null(world: World) -> None:
    world.bills.is_away = True

    client, parts = await world.all("{ me { name bill ... @defer { cart } } }")

    assert client.data == {"me": None}
    assert len(parts) == 1


async def test_nothing_comes_in_a_list_that_a_null_took_away(world: World) -> None:
    world.bills.is_away = True

    client, parts = await world.all("{ me { friends { name ... @defer { cart } } bill } }")

    assert client.data == {"me": None}
    assert parts[0].pending == ()


async def test_what_is_inside_of_a_fragment_without_data_never_comes(world: World) -> None:
    world.bills.is_away = True

    client, parts = await world.all("{ me { name ... @defer { bill ... @defer { cart } } } }")

    assert client.data == {"me": {"name": "Ada"}}
    assert sum(len(part.pending) for part in parts) == 1


async def test_who_stops_listening_ends_the_fetches(world: World) -> None:
    async with asyncio.timeout(5), aclosing(world.parts("{ me { name ... @defer { cart } } }")) as parts:
        await anext(parts)
        await world.carts.asked.wait()

    assert world.carts.was_cancelled


async def test_the_deadline_holds_for_all_parts(world: World) -> None:
    parts = [part async for part in world.parts("{ me { name ... @defer { cart } } }", seconds=0.2)]

    assert parts[0].data == {"me": {"name": "Ada"}}
    (completed,) = parts[-1].completed
    assert [error.extensions["code"] for error in completed.errors] == ["REQUEST_TIMEOUT"]
    assert not parts[-1].has_next


async def test_the_items_of_a_list_come_after_the_first_ones(world: World) -> None:
    client, parts = await world.all('{ users @stream(initialCount: 1, label: "u") { name cart } }')

    assert parts[0].data == {"users": [{"name": "Ada", "cart": "full"}]}
    assert [(each.path, each.label) for each in parts[0].pending] == [(("users",), "u")]
    assert [(each.start, each.items) for each in parts[1].streamed] == [
        (1, [{"name": "Bob", "cart": "full"}])
    ]
    assert client.data["users"][1] == {"name": "Bob", "cart": "full"}


async def test_streamed_items_do_not_wait_for_what_is_deferred(world: World) -> None:
    query = "{ users @stream { name ... @defer { cart } } }"
    client = PartsClient()
    async with aclosing(world.parts(query)) as parts:
        client.take(await anext(parts))
        client.take(await anext(parts))
        assert client.data == {"users": [{"name": "Ada"}, {"name": "Bob"}]}
        world.open()
        async for part in parts:
            client.take(part)

    assert [each["cart"] for each in client.finish()["users"]] == ["full", "full"]


@pytest.mark.parametrize(("variables", "parts"), [((5, True), 1), ((0, False), 1), ((1, True), 2)])
async def test_variables_decide_how_much_is_streamed(
    world: World, variables: tuple[int, bool], parts: int
) -> None:
    query = "query ($n: Int, $on: Boolean!) { users @stream(initialCount: $n, if: $on) { name } }"

    client, found = await world.all(query, n=variables[0], on=variables[1])

    assert len(found) == parts
    assert client.data == {"users": [{"name": "Ada"}, {"name": "Bob"}]}


async def test_a_list_in_a_deferred_fragment_is_announced_with_it(world: World) -> None:
    client, parts = await world.all("{ me { name ... @defer { friends @stream { name } } } }")

    assert [each.path for each in parts[1].pending] == [("me", "friends")]
    assert client.data == {"me": {"name": "Ada", "friends": [{"name": "Bob"}]}}


async def test_an_item_that_must_not_be_null_ends_its_list(world: World) -> None:
    world.carts.is_away = True

    client, _ = await world.all("{ users @stream(initialCount: 0) { name cart } }")

    assert client.data == {"users": []}
    assert [each.path for each in client.failed] == [("users",)]
    assert client.errors[0].path == ("users", 0, "cart")
    assert client.errors[0].extensions["code"] == "SUBGRAPH_TIMEOUT"


async def test_a_list_in_a_fragment_without_data_is_never_announced(world: World) -> None:
    world.bills.is_away = True

    client, parts = await world.all(
        "{ me { name ... @defer { friends @stream { name } bill } ... @defer { bill } } }"
    )

    assert client.data == {"me": {"name": "Ada"}}
    assert [each.path for part in parts for each in part.pending] == [("me",), ("me",)]


async def test_lists_in_two_fragments_bring_the_fields_of_each(world: World) -> None:
    client, _ = await world.all(
        "{ me { ... @defer { friends @stream { name } } ... @defer { friends @stream { cart } } } }"
    )

    assert client.data == {"me": {"friends": [{"name": "Bob", "cart": "full"}]}}


async def test_a_huge_list_comes_in_portions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.projection.delivery.MAX_AT_ONCE", 10)
    users = [{"id": str(number), "name": f"name {number}"} for number in range(45)]
    monkeypatch.setattr(f"{__name__}.ROOT", {"users": users})

    client, parts = await world.all("{ users @stream(initialCount: 2) { name ... @defer { cart } } }")

    streamed = [each for part in parts for each in part.streamed]
    assert [(each.start, len(each.items)) for each in streamed] == [
        (2, 10),
        (12, 10),
        (22, 10),
        (32, 10),
        (42, 3),
    ]
    assert max(len(part.deferred) for part in parts) <= 10
    assert client.data == {"users": [{"name": each["name"], "cart": "full"} for each in users]}
