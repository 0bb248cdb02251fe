"""Subscriptions live on when the supergraph is swapped: none lost, none stale, and the old one is let go."""

import asyncio
import gc
import json
import weakref
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from router.app import RouterApp, Surroundings, build_app
from router.settings import RouterSettings
from router.snapshot.build import Snapshot, build_snapshot
from router.snapshot.load import TextSource
from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse
from tests.fakes.http_server import HttpServer, serving
from tests.fakes.shop import Shop

ADDED = "subscription { reviewAdded { text product { name } } }"
REVIEW = 'mutation ($t: String!) { review(product: "1", text: $t) { id } }'
PLENTY = 60.0
WITHOUT_EVENTS = ("  reviewAdded: Review! @join__field(graph: REVIEWS)\n", "")


@dataclass
class Logged:
    """Reviews as a subgraph that keeps its events and goes on behind any of them."""

    texts: list[str] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    asked_behind: list[str | None] = field(default_factory=list)

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        raise AssertionError(request.document)

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        last = request.last_event_id
        self.asked_behind.append(last)
        at = len(self.texts) if last is None else int(last)
        while True:
            async with self.changed:
                while len(self.texts) <= at:
                    await self.changed.wait()
            at += 1
            review = {"text": self.texts[at - 1], "product": {"__typename": "Product", "id": "1"}}
            yield SubgraphResponse(data={"reviewAdded": review}, event_id=str(at))

    async def add(self, text: str) -> None:
        async with self.changed:
            self.texts.append(text)
            self.changed.notify_all()


@dataclass
class Running:
    """A router over the shop, and a client."""

    app: RouterApp
    server: HttpServer
    shop: Shop
    session: aiohttp.ClientSession
    logged: Logged | None

    @property
    def url(self) -> str:
        return f"{self.server.url}/graphql"

    def swap(self, **differences: Any) -> None:
        """Another supergraph is in use."""
        self.app.router.snapshots.swap(self.snapshot(**differences))

    def snapshot(
        self, *, comment: str = "", reviews: str = "", change: tuple[str, str] = ("", "")
    ) -> Snapshot:
        """One that differs in these points."""
        sdl = f"# {comment}\n{self.shop.supergraph(reviews=reviews)}".replace(*change)
        return build_snapshot(sdl)

    async def until_moved(self) -> None:
        """Every subscription was looked at under the supergraph in use."""
        async with asyncio.timeout(PLENTY):
            while self.app.router.subscriptions.behind(self.app.router.snapshots.current.id):
                await asyncio.sleep(0.001)

    async def ask(self, query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        async with self.session.post(self.url, json=body) as response:
            assert response.status == 200
            answer = await response.json()
        assert "errors" not in answer, answer
        return answer["data"]


async def started(logged: Logged | None = None) -> AsyncIterator[Running]:
    shop = Shop()
    reviews = shop.reviews_subgraph() if logged is None else logged
    subgraphs = {"products": shop.products_subgraph(), "reviews": reviews}
    app = build_app(
        RouterSettings(),
        TextSource(shop.supergraph()),
        Surroundings(subgraphs=subgraphs),
    )
    async with serving(app) as server, aiohttp.ClientSession() as session:
        yield Running(app, server, shop, session, logged)


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    async for each in started():
        yield each


@pytest.fixture
async def resumable() -> AsyncIterator[Running]:
    """The source's events have ids."""
    async for each in started(Logged()):
        yield each


class Stream:
    """A subscription as server-sent events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._lines = response.content

    async def next(self) -> tuple[str, Any, str | None]:
        """Name, data and id of the next event."""
        name, data = "", None
        id: str | None = None
        async with asyncio.timeout(PLENTY):
            while True:
                line = (await self._lines.readline()).decode().rstrip("\n")
                field, _, value = line.partition(": ")
                match field:
                    case "event":
                        name = value
                    case "data":
                        data = json.loads(value)
                    case "id":
                        id = value
                    case "" if name:
                        return name, data, id


async def subscribed(stack: AsyncExitStack, running: Running, query: str = ADDED, **headers: str) -> Stream:
    """A stream whose head has come."""
    response = await stack.enter_async_context(
        running.session.post(
            running.url, json={"query": query}, headers={"accept": "text/event-stream", **headers}
        )
    )
    return Stream(response)


async def until_listening(running: Running, count: int = 1) -> None:
    async with asyncio.timeout(PLENTY):
        while len(running.shop.added) != count:
            await asyncio.sleep(0.001)


def added(text: str) -> dict[str, Any]:
    return {"reviewAdded": {"text": text, "product": {"name": "Chair"}}}


async def test_fifty_swaps_under_load_fail_no_request_and_lose_no_subscription(running: Running) -> None:
    is_over = False

    async def ask() -> int:
        asked = 0
        while not is_over:
            await running.ask(f"{{ products {{ name reviews {{ text }} }} a{asked % 3}: __typename }}")
            asked += 1
        return asked

    async with AsyncExitStack() as stack:
        queries = [ADDED, "subscription { reviewAdded { text } }", "subscription { r: reviewAdded { text } }"]
        streams = [await subscribed(stack, running, queries[number % 3]) for number in range(6)]
        await until_listening(running, len(running.shop.added) or 1)
        sockets = []
        for _ in range(2):
            socket = await stack.enter_async_context(
                running.session.ws_connect(running.url, protocols=["graphql-transport-ws"])
            )
            await socket.send_json({"type": "connection_init"})
            await socket.receive_json()
            await socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": ADDED}})
            sockets.append(socket)
        async with asyncio.timeout(PLENTY):
            while len(running.app.router.subscriptions) < 3 or not running.shop.added:
                await asyncio.sleep(0.001)
        asking = [asyncio.create_task(ask()) for _ in range(2)]
        # Every other one has other addresses: subscriptions stay with the source they have.
        snapshots = [
            running.snapshot(comment=str(number), reviews=f"http://{number}" if number % 2 else "")
            for number in range(6)
        ]
        for number in range(50):
            running.app.router.snapshots.swap(snapshots[number % 6])
            await running.ask(REVIEW, t=str(number))
            for stream in streams:
                name, data, _ = await stream.next()
                [(_, review)] = data["data"].items()
                assert (name, review["text"]) == ("next", str(number))
            for socket in sockets:
                message = await socket.receive_json(timeout=PLENTY)
                assert message["payload"]["data"] == added(str(number))
        is_over = True
        counts = await asyncio.gather(*asking)
    assert min(counts) > 0


async def test_later_events_are_answered_by_the_new_supergraph_and_the_old_one_is_let_go(
    running: Running,
) -> None:
    schema = weakref.ref(running.app.router.snapshots.current.schema)
    async with AsyncExitStack() as stack:
        stream = await subscribed(stack, running)
        await until_listening(running)
        await running.ask(REVIEW, t="One")
        assert (await stream.next())[1]["data"] == added("One")

        running.swap(comment="new")
        await running.until_moved()

        async with asyncio.timeout(PLENTY):
            while schema() is not None:
                gc.collect()
                await asyncio.sleep(0.01)
        await running.ask(REVIEW, t="Two")
        assert (await stream.next())[1]["data"] == added("Two")


async def test_a_supergraph_that_a_subscription_goes_by_is_kept_until_it_ends(running: Running) -> None:
    schema = weakref.ref(running.app.router.snapshots.current.schema)
    async with AsyncExitStack() as stack:
        stream = await subscribed(stack, running)
        await until_listening(running)

        running.swap(reviews="http://elsewhere")  # nothing is known of what came meanwhile: it stays
        await running.until_moved()

        gc.collect()
        assert schema() is not None
        await running.ask(REVIEW, t="One")
        assert (await stream.next())[1]["data"] == added("One")
    async with asyncio.timeout(PLENTY):
        while schema() is not None:
            gc.collect()
            await asyncio.sleep(0.01)


async def test_a_subscription_that_the_new_schema_does_not_allow_ends_and_says_so(running: Running) -> None:
    async with AsyncExitStack() as stack:
        stream = await subscribed(stack, running)
        socket = await stack.enter_async_context(
            running.session.ws_connect(running.url, protocols=["graphql-transport-ws"])
        )
        await socket.send_json({"type": "connection_init"})
        await socket.receive_json()
        await socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": ADDED}})
        other = await subscribed(stack, running, "subscription { refused }")
        assert (await other.next())[1]["errors"]
        await until_listening(running)
        async with asyncio.timeout(PLENTY):
            while running.app.router.sharing is None or running.app.router.sharing.feeds.joined < 1:
                await asyncio.sleep(0.001)

        running.swap(change=WITHOUT_EVENTS)

        name, data, _ = await stream.next()
        [error] = data["errors"]
        assert (name, error["extensions"]["code"]) == ("next", "OPERATION_NO_LONGER_VALID")
        assert "reviewAdded" in error["message"]
        assert (await stream.next())[0] == "complete"
        message = await socket.receive_json(timeout=PLENTY)
        assert (message["type"], message["payload"][0]["extensions"]) == ("error", error["extensions"])
        await until_listening(running, 0)


async def test_with_ids_a_source_that_moved_is_followed_without_gap_or_double(resumable: Running) -> None:
    logged = resumable.logged
    assert logged is not None
    async with AsyncExitStack() as stack:
        stream = await subscribed(stack, resumable)
        async with asyncio.timeout(PLENTY):
            while not logged.asked_behind:
                await asyncio.sleep(0.001)
        await logged.add("1")
        assert await stream.next() == ("next", {"data": added("1"), "extensions": {"eventId": "1"}}, "1")
        for number in range(2, 12):
            resumable.swap(reviews=f"http://{number}")
            await logged.add(str(number))
            await resumable.until_moved()
            name, data, id = await stream.next()
            assert (name, data["data"], id) == ("next", added(str(number)), str(number))
    first, *later = logged.asked_behind
    assert first is None
    assert later == sorted(later, key=lambda each: int(each or 0))  # two swaps may move it behind one event
    assert len(set(later)) > 1


async def test_without_ids_a_source_is_left_for_the_new_one_when_it_is_lost() -> None:
    shop = Shop()
    first, second = shop.reviews_subgraph(), shop.reviews_subgraph()
    async with serving(first.app()) as old, serving(second.app()) as new, aiohttp.ClientSession() as session:
        app = build_app(
            RouterSettings(),
            TextSource(shop.supergraph(reviews=f"{old.url}/graphql")),
            Surroundings(subgraphs={"products": shop.products_subgraph()}),
        )
        async with serving(app) as server, AsyncExitStack() as stack:
            running = Running(app, server, shop, session, None)
            stream = await subscribed(stack, running)
            await until_listening(running)
            running.swap(reviews=f"{new.url}/graphql")
            await running.until_moved()
            await running.ask(REVIEW, t="One")
            assert (await stream.next())[1]["data"] == added("One")
            assert second.listeners == 0

            await old.stop()

            async with asyncio.timeout(PLENTY):
                while second.listeners != 1:
                    await asyncio.sleep(0.001)
            await running.ask(REVIEW, t="Two")
            assert (await stream.next())[1]["data"] == added("Two")


async def test_a_client_that_comes_back_gets_what_it_missed(resumable: Running) -> None:
    logged = resumable.logged
    assert logged is not None
    for number in range(1, 6):
        await logged.add(str(number))
    async with AsyncExitStack() as stack:
        by_header = await subscribed(stack, resumable, **{"last-event-id": "3"})
        body = {"query": ADDED, "extensions": {"lastEventId": "4"}}
        accept = {"accept": "text/event-stream"}
        response = await stack.enter_async_context(
            resumable.session.post(resumable.url, json=body, headers=accept)
        )
        by_extension = Stream(response)
        assert [(await by_header.next())[2] for _ in range(2)] == ["4", "5"]
        assert (await by_extension.next())[2] == "5"
        await logged.add("6")
        assert (await by_header.next())[2] == (await by_extension.next())[2] == "6"


@pytest.mark.parametrize("position", ["", "ü", "x" * 1025, "a\nb", 7, ["1"]])
async def test_a_position_that_is_none_is_refused(running: Running, position: Any) -> None:
    body = {"query": ADDED, "extensions": {"lastEventId": position}}
    async with running.session.post(
        running.url, json=body, headers={"accept": "text/event-stream"}
    ) as response:
        assert response.status == 400
        assert (await response.json())["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
