"""Many clients, slow clients, too many clients, and the end of a process, through a running router."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from router.http.socket_connection import SocketConnection
from router.settings import (
    ClientSettings,
    DeliverySettings,
    LoadSettings,
    RouterSettings,
    SlowClients,
    SocketSettings,
)
from tests.integration.router.conftest import SETTINGS, Platform, started
from tests.integration.router.test_event_streams import EVENTS, PARTS, opened, until_open
from tests.integration.router.test_socket import ADDED, Socket, connected, until_listening

_asyncio_holds_writers_back = pytest.mark.skipif(
    (3, 12) <= sys.version_info < (3, 12, 9) or (3, 13) <= sys.version_info < (3, 13, 2),
    reason="asyncio's own loop takes any amount there (python/cpython#127655); the product runs on uvloop's",
)

TEXTS = "subscription { reviewAdded { text } }"
SHARING = RouterSettings()


@asynccontextmanager
async def running(settings: RouterSettings) -> AsyncIterator[Platform]:
    """The shop in process."""
    async for platform in started(settings, over_http=False):
        yield platform


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[Platform]:
    """With everything as it is when nobody says anything."""
    async with running(SHARING) as platform:
        yield platform


def happen(platform: Platform, *texts: str) -> None:
    """One event for each text, in every source."""
    for queue in platform.shop.added:
        for text in texts:
            queue.put_nowait({"id": "r", "text": text, "product": {"id": "1"}})


def joined(platform: Platform) -> int:
    """So many have listened to a feed that was there before them."""
    assert platform.app.router.sharing is not None
    return platform.app.router.sharing.feeds.joined


async def until(holds: Any) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.001)


async def texts(socket: Socket, count: int) -> list[str]:
    """What the next events say."""
    messages = [await socket.next() for _ in range(count)]
    assert all(message["type"] == "next" for message in messages)
    return [message["payload"]["data"]["reviewAdded"]["text"] for message in messages]


async def test_sockets_and_streams_share_one_run(shared: Platform) -> None:
    before = joined(shared)
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(connected(shared)) for _ in range(5)]
        for number, socket in enumerate(sockets):
            await socket.subscribe(f"id {number}", ADDED)
        await until_listening(shared, 1)
        events = await stack.enter_async_context(opened(shared, EVENTS))
        parts = await stack.enter_async_context(opened(shared, PARTS))
        await until_open(shared, 2)
        await until(lambda: joined(shared) == before + 6)
        asked = len(shared.products.calls)

        happen(shared, "x")

        payload = {"data": {"reviewAdded": {"text": "x", "product": {"name": "Chair"}}}}
        for number, socket in enumerate(sockets):
            assert await socket.next() == {"id": f"id {number}", "type": "next", "payload": payload}
        assert await events.event() == ("next", payload)
        await parts.until(b"--graphql")
        assert await parts.part() == {"payload": payload}
        assert len(shared.products.calls) == asked + 1
    await until_listening(shared, 0)


async def test_a_subscription_goes_on_without_whom_it_began_with(shared: Platform) -> None:
    before = joined(shared)
    async with connected(shared) as stays:
        async with connected(shared) as first:
            await first.subscribe("1", TEXTS)
            await until_listening(shared, 1)
            await stays.subscribe("1", TEXTS)
            await until(lambda: joined(shared) == before + 1)
        await until(lambda: shared.app.open_sockets.running_operations == 1)

        happen(shared, "x")

        assert await texts(stays, 1) == ["x"]
    await until_listening(shared, 0)


class Raw:
    """A socket client that reads only when told to."""

    def __init__(self, reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        self.reading = reading
        self.writing = writing

    def send(self, **message: Any) -> None:
        text = json.dumps(message).encode()
        assert len(text) < 126
        self.writing.write(bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text)

    async def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next one."""
        first, size = await self.reading.readexactly(2)
        if size == 126:
            size = int.from_bytes(await self.reading.readexactly(2))
        elif size == 127:
            size = int.from_bytes(await self.reading.readexactly(8))
        return first & 0x0F, await self.reading.readexactly(size)

    async def closed(self) -> tuple[int, list[Any]]:
        """The close code, and the messages before it."""
        seen: list[Any] = []
        async with asyncio.timeout(20):
            while True:
                opcode, payload = await self.frame()
                if opcode == 8:
                    return int.from_bytes(payload[:2]), seen
                if opcode == 1:
                    seen.append(json.loads(payload))


@asynccontextmanager
async def raw(platform: Platform) -> AsyncIterator[Raw]:
    """A connected, initialised client whose own buffer is small."""
    reading, writing = await asyncio.open_connection("127.0.0.1", platform.server.port, limit=65_536)
    writing.write(
        b"GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
        b"sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
    )
    await reading.readuntil(b"\r\n\r\n")
    client = Raw(reading, writing)
    client.send(type="connection_init")
    assert json.loads((await client.frame())[1]) == {"type": "connection_ack"}
    try:
        yield client
    finally:
        writing.transport.abort()


BIG = 200_000
FLOOD = [f"{number} {'x' * BIG}" for number in range(200)]
"""Much more than the buffers of a connection hold."""


def sharing(**delivery: Any) -> RouterSettings:
    return replace(SHARING, delivery=DeliverySettings(max_pending_bytes=10**9, **delivery))


@_asyncio_holds_writers_back
async def test_a_slow_client_is_closed_and_holds_up_nobody() -> None:
    settings = sharing(max_pending_messages=20)
    async with running(settings) as platform, raw(platform) as slow, connected(platform) as quick:
        slow.send(id="s", type="subscribe", payload={"query": TEXTS})
        await until_listening(platform, 1)
        await quick.subscribe("q", TEXTS)
        await until_listening(platform, 2)

        for text in FLOOD:
            happen(platform, text)
            assert await texts(quick, 1) == [text]

        await until(lambda: platform.app.open_sockets.running_operations == 1)
        code, seen = await slow.closed()
        assert code == 4510
        got = [message["payload"]["data"]["reviewAdded"]["text"] for message in seen]
        assert got == FLOOD[: len(got)]
        assert platform.app.open_sockets.lost.clients == 1


@_asyncio_holds_writers_back
@pytest.mark.parametrize("policy", [SlowClients.DROP_OLDEST, SlowClients.COALESCE])
async def test_a_slow_client_may_get_only_the_newest_events(policy: SlowClients) -> None:
    settings = sharing(max_pending_messages=3, slow_clients=policy.value)
    async with running(settings) as platform, raw(platform) as slow, connected(platform) as quick:
        slow.send(id="s", type="subscribe", payload={"query": TEXTS})
        await until_listening(platform, 1)
        await quick.subscribe("q", TEXTS)
        await until_listening(platform, 2)
        for text in FLOOD:
            happen(platform, text)
            assert await texts(quick, 1) == [text]

        seen: list[str] = []
        while not seen or seen[-1] != FLOOD[-1]:
            opcode, payload = await asyncio.wait_for(slow.frame(), 20)
            assert opcode == 1
            seen.append(json.loads(payload)["payload"]["data"]["reviewAdded"]["text"])

        assert len(seen) < len(FLOOD)
        assert seen == [text for text in FLOOD if text in set(seen)]
        assert platform.app.open_sockets.lost.events == len(FLOOD) - len(seen)
        last = 3 if policy is SlowClients.DROP_OLDEST else 1
        assert seen[-last:] == FLOOD[-last:]


async def test_a_long_replay_goes_at_the_pace_of_its_client() -> None:
    settings = replace(SETTINGS, delivery=DeliverySettings(max_pending_messages=4, max_pending_bytes=10**9))
    async with running(settings) as platform, raw(platform) as client:
        client.send(id="s", type="subscribe", payload={"query": TEXTS})
        await until_listening(platform, 1)
        happen(platform, *FLOOD)
        [queue] = platform.shop.added
        await until(lambda: queue.qsize() < len(FLOOD))

        seen = [json.loads((await asyncio.wait_for(client.frame(), 20))[1]) for _ in FLOOD]

        assert [message["payload"]["data"]["reviewAdded"]["text"] for message in seen] == FLOOD


@_asyncio_holds_writers_back
async def test_a_client_that_stalls_is_cut_by_the_clock_whatever_it_listens_to() -> None:
    settings = replace(SETTINGS, delivery=DeliverySettings(max_pending_bytes=10**9, stall=0.1))
    async with running(settings) as platform, raw(platform) as client:
        client.send(id="s", type="subscribe", payload={"query": TEXTS})
        await until_listening(platform, 1)
        happen(platform, *FLOOD)

        await until_listening(platform, 0)

        assert (await client.closed())[0] == 4510


async def test_one_address_and_one_process_hold_only_so_many() -> None:
    settings = replace(
        SHARING,
        clients=ClientSettings(max_connections_per_address=2),
        socket=SocketSettings(max_open=3),
    )
    async with running(settings) as platform:
        async with connected(platform), opened(platform, EVENTS):
            await until_open(platform, 1)
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with connected(platform):
                    pass
            assert refused.value.status == 429
            answer = await platform.ask(TEXTS, {"accept": EVENTS})
            assert (answer.status, answer.codes) == (429, ["TOO_MANY_CONNECTIONS"])
            assert (await platform.ask("{ __typename }")).status == 200
        await until(lambda: not platform.app.open_sockets.open_sockets + platform.app.streams.open_streams)
        async with connected(platform), connected(platform):
            pass
        platform.app.begin_stop()
        with pytest.raises(aiohttp.WSServerHandshakeError) as stopping:
            async with connected(platform):
                pass
        assert stopping.value.status == 503


async def test_what_is_too_much_at_once_is_refused_and_what_was_begun_is_finished() -> None:
    load = LoadSettings(max_in_flight=2, max_waiting=1, turn=60.0)
    async with running(replace(SHARING, load=load)) as platform, connected(platform) as socket:
        waits = [asyncio.create_task(platform.ask(f"{{ {alias}: wait }}")) for alias in "abc"]
        await until(lambda: platform.shop.waiting == 2)
        await asyncio.sleep(0)
        refused = await platform.ask("{ __typename }")
        large = await platform.ask("{ __typename }", variables={"t": "x" * 900_000})
        await socket.subscribe("1", "{ __typename }")
        told = await socket.next()

        assert (refused.status, refused.codes) == (503, ["OVERLOADED"])
        assert (large.status, large.codes) == (503, ["OVERLOADED"])
        assert refused.headers["retry-after"] == "1"
        assert refused.headers.get("connection") != "close"
        assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "OVERLOADED")
        platform.shop.may_answer.set()
        assert [(await each).status for each in waits] == [200, 200, 200]
        assert (await platform.ask("{ __typename }")).body == {"data": {"__typename": "Query"}}


async def test_open_subscriptions_are_no_work() -> None:
    load = LoadSettings(max_in_flight=1, max_waiting=10, turn=60.0)
    async with running(replace(SHARING, load=load)) as platform, connected(platform) as socket:
        for id in "abc":
            await socket.subscribe(id, TEXTS)
        async with opened(platform, EVENTS), opened(platform, EVENTS):
            await until_open(platform, 2)
            assert (await platform.ask("{ __typename }")).status == 200


async def test_a_socket_may_want_parts_as_they_were_in_2022(shared: Platform) -> None:
    query = '{ ... @defer(label: "later") { echo(text: "x") } product(id: "1") { name } }'
    async with connected(shared, init=False) as socket:
        await socket.send(type="connection_init", payload={"deferSpec": "20220824"})
        assert await socket.next() == {"type": "connection_ack"}
        await socket.subscribe("1", query)
        first, second = await socket.next(), await socket.next()

    assert first["payload"] == {"data": {"product": {"name": "Chair"}}, "hasNext": True}
    assert second["payload"] == {
        "incremental": [{"path": [], "label": "later", "data": {"echo": "x"}}],
        "hasNext": False,
    }


async def test_a_process_that_ends_says_so_first_and_closes_sockets_at_moments_of_their_own() -> None:
    load = LoadSettings(drain=0.05, farewell=0.1)
    async with running(replace(SHARING, load=load)) as platform:
        announcing = asyncio.create_task(platform.app.announce())
        await asyncio.sleep(0)
        assert (await platform.send("GET", "/readyz")).status == 503
        async with connected(platform) as late:
            await late.subscribe("1", TEXTS)
            await until_listening(platform, 1)
            await announcing
            farewell = asyncio.create_task(platform.app.farewell())

            assert await late.closed() == 1001
            await asyncio.wait_for(farewell, 20)
        await until_listening(platform, 0)


async def test_a_peer_that_answers_no_ping_is_cut_and_one_that_does_is_not() -> None:
    async with running(SHARING) as platform, raw(platform) as mute, connected(platform) as lives:
        reading = asyncio.create_task(lives.raw.receive())
        for connection in _connections(platform):
            connection._keep_alive()
        assert (await mute.frame())[0] == 9
        await until(lambda: sum(each.pending_ping_payload is None for each in _connections(platform)) == 1)
        for connection in _connections(platform):
            connection._keep_alive()

        assert (await mute.closed())[0] == 1011
        await until(lambda: platform.app.open_sockets.open_sockets == 1)
        await lives.send(type="ping")
        assert (await reading).json() == {"type": "pong"}


def _connections(platform: Platform) -> list[SocketConnection]:
    server = platform.server._server
    assert server is not None
    return [each for each in server.server_state.connections if isinstance(each, SocketConnection)]


async def test_a_client_that_says_goodbye_and_reads_nothing_is_cut() -> None:
    async with running(SETTINGS) as platform, raw(platform) as client:
        client.send(id="s", type="subscribe", payload={"query": TEXTS})
        await until_listening(platform, 1)
        happen(platform, *FLOOD[:40])
        [queue] = platform.shop.added
        await until(queue.empty)
        client.writing.write(bytes((0x88, 0x82, 0, 0, 0, 0)) + (1000).to_bytes(2))
        await until_listening(platform, 0)

        for _ in range(2):
            for connection in _connections(platform):
                connection._keep_alive()

        await until(lambda: not _connections(platform))
