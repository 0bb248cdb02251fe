"""Listening to subgraphs over every transport: events, ids, ends, losses, and peers that behave badly."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from typing import Any

import aiohttp
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from router.context import RequestContext
from router.http.callbacks import callback_route
from router.operation.model import OperationKind
from router.settings import SettingRefused, SourceSettings, SubscriptionSettings
from router.subgraph_client.callback import PATH, CallbackSource
from router.subgraph_client.event_source import EventSource, Listened
from router.subgraph_client.event_sources import EventSources
from router.subgraph_client.event_stream import EventStreamParser
from router.subgraph_client.headers import HeaderPolicy
from router.subgraph_client.http import HttpPool
from router.subgraph_client.multipart_stream import PartsParser, boundary_of
from router.subgraph_client.protocol import (
    Listening,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)
from router.subgraph_client.websocket import SocketSource
from tests.fakes.event_transports import EventTransports, Refused
from tests.fakes.http_server import serving, serving_raw

PLENTY = 30.0
TRANSPORTS = ("ws", "sse", "multipart", "callback")


@dataclass
class Script:
    """A subgraph whose documents say what it sends."""

    asked: list[tuple[Mapping[str, Any], Mapping[str, str]]] = field(default_factory=list)
    listeners: int = 0

    async def listen(
        self, payload: Mapping[str, Any], headers: Mapping[str, str]
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        self.asked.append((payload, headers))
        self.listeners += 1
        behind = int(payload.get("extensions", {}).get("lastEventId", 0))
        try:
            match payload["query"]:
                case "three":
                    for n in range(behind + 1, 4):
                        yield {"data": {"n": n}, "extensions": {"eventId": str(n)}}
                case "endless":
                    while True:
                        yield {"data": {"n": 0}}
                        await asyncio.sleep(0.001)
                case "partly":
                    yield {"data": {"n": None}, "errors": [{"message": "no", "path": ["n"]}]}
                case "refused":
                    raise Refused([{"message": "no", "extensions": {"code": "FORBIDDEN"}}])
                case _:
                    yield {"data": {"n": 0}}
                    raise ZeroDivisionError
        finally:
            self.listeners -= 1


@dataclass
class World:
    """A subgraph that is listened to over one transport."""

    script: Script
    transports: EventTransports
    sources: EventSources
    source: EventSource
    callback_address: str

    def subscribe(self, document: str, **members: Any) -> AsyncIterator[SubgraphResponse]:
        return self.source.subscribe(asking(document, **members))


@asynccontextmanager
async def world_of(transport: str, **members: Any) -> AsyncIterator[World]:
    script = Script()
    transports = EventTransports(script.listen)

    async def post(request: Request) -> Response:
        answer = await transports.posted(request)
        assert answer is not None
        return answer

    routes = [Route("/events", post, methods=["POST"]), WebSocketRoute("/events", transports.socket)]
    pool = HttpPool(connect_seconds=PLENTY, connections_per_host=10, max_answer_bytes=1_000_000)
    policy = members.pop("policy", HeaderPolicy(forwarded=frozenset({"x-tenant"})))
    callbacks = Starlette()
    async with serving(Starlette(routes=routes)) as server, serving(callbacks) as own:
        how = SourceSettings(subgraph="s", transport=transport, path="/events", **members.pop("how", {}))
        settings = SubscriptionSettings(sources=(how,), callback_url=own.url, **members)
        sources = EventSources(settings, pool)
        callbacks.routes.append(callback_route(sources.callbacks))
        source = sources.source(name="s", url=f"{server.url}/else", policy=policy, seconds=PLENTY)
        yield World(script, transports, sources, source, f"{own.url}{PATH}")
        await source.close()
        await pool.close()


@pytest.fixture(params=TRANSPORTS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with world_of(request.param, how={"headers": (("X-Extra", "yes"),)}) as made:
        yield made


def asking(document: str, headers: Mapping[str, str] | None = None, **members: Any) -> SubgraphRequest:
    deadline = asyncio.get_running_loop().time() + PLENTY
    return SubgraphRequest(
        kind=OperationKind.SUBSCRIPTION,
        document=document,
        operation_name=None,
        variables=members.pop("variables", {}),
        context=RequestContext(request_id="r-1", deadline=deadline, headers=headers or {}),
        **members,
    )


async def until(condition: Any) -> None:
    async with asyncio.timeout(PLENTY):
        while not condition():
            await asyncio.sleep(0.001)


async def test_events_come_in_order_with_their_ids_until_the_end(world: World) -> None:
    heard = [event async for event in world.subscribe("three", variables={"a": "ü"})]

    assert [(each.data, each.event_id) for each in heard] == [({"n": n}, str(n)) for n in (1, 2, 3)]
    [(payload, headers)] = world.script.asked
    assert payload["variables"] == {"a": "ü"}
    assert headers["x-extra"] == "yes"
    await until(lambda: world.script.listeners == 0)


async def test_it_goes_on_behind_the_last_event(world: World) -> None:
    heard = [event async for event in world.subscribe("three", listening=Listening(last_event_id="2"))]

    assert [each.data for each in heard] == [{"n": 3}]


async def test_errors_come_beside_data(world: World) -> None:
    [event] = [event async for event in world.subscribe("partly")]

    assert (event.data, event.errors) == ({"n": None}, ({"message": "no", "path": ["n"]},))


async def test_a_refusal_says_why(world: World) -> None:
    [event] = [event async for event in world.subscribe("refused")]

    assert event.data is None
    assert event.errors[0]["extensions"] == {"code": "FORBIDDEN"}


async def test_who_leaves_ends_it_at_the_subgraph(world: World) -> None:
    events = world.subscribe("endless")
    await anext(events)
    assert world.script.listeners == 1

    await events.aclose()  # type: ignore[attr-defined]

    await until(lambda: world.script.listeners == 0)


async def test_only_allowed_headers_of_the_client_are_seen(world: World) -> None:
    headers = {"x-tenant": "t", "x-secret": "s", "cookie": "a=b"}
    [_ async for _ in world.subscribe("three", headers=headers)]

    [(_, seen)] = world.script.asked
    assert (seen.get("x-tenant"), "x-secret" in seen, "cookie" in seen) == ("t", False, False)


@pytest.mark.parametrize("transport", ["ws", "sse", "multipart"])
async def test_one_that_breaks_off_is_told_apart_from_one_that_ends(transport: str) -> None:
    async with world_of(transport) as world:
        events = world.subscribe("breaks")
        await anext(events)

        with pytest.raises(SubgraphUnavailable) as away:
            await anext(events)
        assert (away.value.code, away.value.was_open) == ("SUBGRAPH_UNREACHABLE", True)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_subgraph_that_is_not_there_is_no_loss(transport: str) -> None:
    async with world_of(transport) as world:
        listened = Listened(
            name="s",
            url="http://127.0.0.1:9",
            policy=HeaderPolicy(),
            seconds=PLENTY,
            settings=SubscriptionSettings(
                sources=(SourceSettings(subgraph="s", transport=transport),), callback_url="http://x"
            ),
        )
        source = world.sources.source(
            name="s", url=listened.url, policy=listened.policy, seconds=listened.seconds
        )
        with pytest.raises(SubgraphUnavailable) as away:
            await anext(source.subscribe(asking("three")))
        assert (away.value.code, away.value.was_open) == ("SUBGRAPH_UNREACHABLE", False)


@pytest.mark.parametrize("transport", ["sse", "multipart", "callback"])
@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (503, b"busy", "SUBGRAPH_HTTP_ERROR"),
        (200, b"<html>", "SUBGRAPH_BAD_RESPONSE"),
        (200, b'{"errors":[{"message":"no"}]}', None),
        (400, b'{"errors":[{"message":"no"}]}', None),
    ],
)
async def test_an_answer_that_is_no_stream(
    transport: str, status: int, body: bytes, code: str | None
) -> None:
    async def answer(reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        await reading.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        writing.write(head.encode() + body)
        await writing.drain()
        writing.close()

    async with world_of(transport) as world, serving_raw(answer) as url:
        source = world.sources.source(name="s", url=url, policy=HeaderPolicy(), seconds=PLENTY)
        if code is None and (transport, status) != ("callback", 400):
            [event] = [event async for event in source.subscribe(asking("three"))]
            assert event.errors == ({"message": "no"},)
        else:
            with pytest.raises(SubgraphUnavailable) as away:
                await anext(source.subscribe(asking("three")))
            assert away.value.code == (code or "SUBGRAPH_HTTP_ERROR")


async def test_one_socket_carries_what_one_caller_listens_to() -> None:
    async with world_of("ws", operations_per_connection=3) as world:
        same = [world.subscribe("endless") for _ in range(3)]
        await asyncio.gather(*map(anext, same))
        assert world.transports.sockets == 1
        other = world.subscribe("endless", headers={"x-tenant": "t"})
        fourth = world.subscribe("endless")
        await asyncio.gather(anext(other), anext(fourth))
        assert world.transports.sockets == 3

        for each in (*same, other, fourth):
            await each.aclose()  # type: ignore[attr-defined]

        await until(lambda: world.transports.sockets == 0)
        assert isinstance(world.source, SocketSource)
        assert world.source.connections == 0


async def test_each_subscription_is_signed_by_itself() -> None:
    def sign(context: RequestContext, *, audience: str, body: bytes) -> str:
        return f"{audience}:{sha256(body).hexdigest()}"

    for transport in TRANSPORTS:
        async with world_of(transport, policy=HeaderPolicy(sign=sign)) as world:
            for listening in (None, Listening(last_event_id="2")):
                [_ async for _ in world.subscribe("three", listening=listening, variables={"a": 1})]
            for (payload, headers), behind in zip(world.script.asked, (None, "2"), strict=True):
                extensions = dict(payload.get("extensions", {}))
                identity = extensions.pop("atrium-identity", headers["atrium-identity"])
                whole = {**payload, "extensions": extensions} if extensions else dict(payload)
                if not extensions:
                    whole.pop("extensions", None)
                assert extensions.get("lastEventId") == behind
                assert identity == f"s:{sha256(orjson.dumps(whole)).hexdigest()}"


async def test_a_slow_subscription_on_a_socket_holds_up_no_other() -> None:
    async with world_of("ws", max_pending=50) as world:
        slow, quick = world.subscribe("endless"), world.subscribe("endless")
        await anext(slow)
        for _ in range(100):
            await anext(quick)

        with pytest.raises(SubgraphUnavailable) as behind:
            [_ async for _ in slow]
        assert (behind.value.code, behind.value.was_open) == ("SUBSCRIBER_TOO_SLOW", True)
        await anext(quick)
        await quick.aclose()  # type: ignore[attr-defined]


async def test_connection_init_says_what_the_settings_say() -> None:
    said: list[Any] = []
    async with world_of("ws", how={"connection_params": (("token", "t"),)}) as world:

        async def socket(socket: Any) -> None:
            await socket.accept(subprotocol="graphql-transport-ws")
            said.append(await socket.receive_json())
            await socket.close(4403)

        app = Starlette(routes=[WebSocketRoute("/events", socket)])
        async with serving(app) as server:
            source = world.sources.source(name="s", url=server.url, policy=HeaderPolicy(), seconds=PLENTY)
            with pytest.raises(SubgraphUnavailable):
                await anext(source.subscribe(asking("three")))
    assert said == [{"type": "connection_init", "payload": {"token": "t"}}]


async def test_a_socket_whose_peer_vanished_is_given_up() -> None:
    async with world_of("ws", heartbeat=0.05) as world:

        async def socket(socket: Any) -> None:
            await socket.accept(subprotocol="graphql-transport-ws")
            await socket.receive_json()
            await socket.send_json({"type": "connection_ack"})
            while True:
                await socket.receive_json()

        app = Starlette(routes=[WebSocketRoute("/events", socket)])
        async with serving(app) as server:
            source = world.sources.source(name="s", url=server.url, policy=HeaderPolicy(), seconds=PLENTY)
            with pytest.raises(SubgraphUnavailable) as away:
                async with asyncio.timeout(PLENTY):
                    await anext(source.subscribe(asking("three")))
            assert (away.value.code, away.value.was_open) == ("SUBGRAPH_TIMEOUT", True)


@pytest.mark.parametrize(
    ("transport", "first"),
    [
        ("sse", b"content-type: text/event-stream\r\n\r\n:\n\n:\n\n"),
        (
            "multipart",
            b"content-type: multipart/mixed;boundary=x\r\n\r\n\r\n--x\r\n\r\n{}\r\n--x\r\n\r\n{}\r\n--x\r\n",
        ),
    ],
)
async def test_heartbeats_that_stay_away_are_noticed(transport: str, first: bytes) -> None:
    async def answer(reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        await reading.readuntil(b"\r\n\r\n")
        writing.write(b"HTTP/1.1 200 OK\r\n" + first)
        await reading.read()
        writing.close()

    async with world_of(transport, heartbeat=0.02) as world, serving_raw(answer) as url:
        source = world.sources.source(name="s", url=url, policy=HeaderPolicy(), seconds=PLENTY)
        with pytest.raises(SubgraphUnavailable) as away:
            async with asyncio.timeout(PLENTY):
                await anext(source.subscribe(asking("three")))
        assert (away.value.code, away.value.was_open) == ("SUBGRAPH_TIMEOUT", True)


async def test_a_subgraph_that_calls_back_no_more_is_given_up() -> None:
    async with world_of("callback", heartbeat=0.05) as world:
        events = world.subscribe("breaks")
        await anext(events)

        with pytest.raises(SubgraphUnavailable) as away:
            async with asyncio.timeout(PLENTY):
                await anext(events)
        assert (away.value.code, away.value.was_open) == ("SUBGRAPH_TIMEOUT", True)


async def test_callbacks_are_taken_from_who_knows_the_verifier_alone() -> None:
    async with world_of("callback") as world, aiohttp.ClientSession() as session:
        events = world.subscribe("endless")
        await anext(events)
        [(payload, _)] = world.script.asked
        asked = payload["extensions"]["subscription"]
        good = {"kind": "subscription", "action": "check", "id": asked["subscriptionId"]}

        async def told(body: Any, id: str | None = None) -> int:
            address = f"{world.callback_address}/{id or asked['subscriptionId']}"
            async with session.post(address, data=json.dumps(body)) as response:
                assert response.headers["subscription-protocol"] == "callback/1.0"
                return response.status

        assert world.transports.checked == [204]
        assert await told(good | {"verifier": asked["verifier"]}) == 204
        assert await told(good | {"verifier": "wrong"}) == 401
        assert await told(good) == 401
        assert await told(good | {"verifier": asked["verifier"], "action": "nonsense"}) == 400
        assert await told(good | {"verifier": asked["verifier"], "id": "another"}) == 400
        assert await told(good | {"verifier": asked["verifier"], "id": "no"}, id="no") == 404
        assert await told([]) == 400
        assert len(asked["verifier"]) >= 32
        await events.aclose()  # type: ignore[attr-defined]
        assert await told(good | {"verifier": asked["verifier"]}) == 404
        assert isinstance(world.source, CallbackSource)


def test_callbacks_need_an_address() -> None:
    pool = HttpPool(connect_seconds=PLENTY, connections_per_host=1, max_answer_bytes=1)
    how = SourceSettings(subgraph="s", transport="callback")

    with pytest.raises(SettingRefused, match="CALLBACK_URL must say"):
        EventSources(SubscriptionSettings(sources=(how,)), pool)


def pieces_of(text: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    return [text[a:b] for a, b in pairwise(places)]


STREAM = b'\xef\xbb\xbf:hi\nevent: next\r\nid: 7\r\ndata: {"a":\r\ndata:1}\r\n\r\n\revent:complete\rdata\r\r'


@given(st.lists(st.integers(0, len(STREAM))))
def test_an_event_stream_may_come_in_any_pieces(cuts: list[int]) -> None:
    parser = EventStreamParser()
    pieces = pieces_of(STREAM, cuts)
    if pieces and len(pieces[0]) < 3:  # a byte order mark in pieces is nobody's
        pieces = [b"".join(pieces)]
    sent = [(each.name, each.data, each.id) for piece in pieces for each in parser.feed(piece)]
    sent += [(each.name, each.data, each.id) for each in parser.feed(b"\n")]

    assert sent == [("", b"", None), ("next", b'{"a":\n1}', "7"), ("complete", b"", "7")]


PARTS = b'--x\r\n\r\n{}\r\n--x\r\ncontent-type: a\r\n\r\n{"b":"\r\n-x"}\r\n--x--\r\n'


@given(st.lists(st.integers(0, len(PARTS))))
def test_parts_may_come_in_any_pieces(cuts: list[int]) -> None:
    parser = PartsParser("x")
    bodies = [body for piece in pieces_of(PARTS, cuts) for body in parser.feed(piece)]

    assert (bodies, parser.is_closed) == ([b"{}", b'{"b":"\r\n-x"}'], True)


def test_what_is_too_large_is_refused() -> None:
    events, parts = EventStreamParser(), PartsParser("x")
    megabyte = b"x" * 1_000_000
    with pytest.raises(OverflowError):
        [list(events.feed(b"data:" + megabyte)) for _ in range(10)]
    with pytest.raises(OverflowError):
        [list(parts.feed(megabyte)) for _ in range(10)]
    lines = EventStreamParser()
    with pytest.raises(OverflowError):
        [list(lines.feed(b"data:" + megabyte + b"\n")) for _ in range(10)]


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ('multipart/mixed;boundary="graphql";subscriptionSpec="1.0"', "graphql"),
        ("multipart/mixed; boundary=-", "-"),
        ("multipart/mixed", "-"),
        ("multipart/mixed; boundary=", None),
        (f"multipart/mixed; boundary={'x' * 71}", None),
    ],
)
def test_boundaries(content_type: str, boundary: str | None) -> None:
    assert boundary_of(content_type) == boundary
