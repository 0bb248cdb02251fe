"""graphql-transport-ws through a running router."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.integration.router.conftest import Platform

ADDED = "subscription { reviewAdded { text product { name } } }"
REVIEW = 'mutation { review(product: "1", text: "New") { id } }'


class Socket:
    """A client that sees every message."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse) -> None:
        self.raw = raw

    async def send(self, **message: Any) -> None:
        await self.raw.send_json(message)

    async def next(self) -> dict[str, Any]:
        received = await self.raw.receive(timeout=20)
        assert received.type is aiohttp.WSMsgType.TEXT, received
        message: dict[str, Any] = received.json()
        return message

    async def subscribe(self, id: str, query: str, **members: Any) -> None:
        await self.send(id=id, type="subscribe", payload={"query": query, **members})

    async def closed(self) -> int | None:
        """The code that the server closes with."""
        while (received := await self.raw.receive(timeout=20)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert received.type is aiohttp.WSMsgType.CLOSE
        code: int = received.data  # the client's own becomes another if it cannot answer any more
        return code


@asynccontextmanager
async def connected(
    platform: Platform, *, init: bool = True, headers: dict[str, str] | None = None
) -> AsyncIterator[Socket]:
    """A socket, initialised unless told otherwise."""
    async with platform.session.ws_connect(
        platform.url, protocols=["graphql-transport-ws"], headers=headers
    ) as raw:
        socket = Socket(raw)
        if init:
            await socket.send(type="connection_init")
            assert await socket.next() == {"type": "connection_ack"}
        yield socket


async def until_listening(platform: Platform, count: int) -> None:
    """The source has this many subscribers."""
    async with asyncio.timeout(20):
        while len(platform.shop.added) != count:
            await asyncio.sleep(0.001)


async def test_queries_and_mutations_run_over_a_socket(platform: Platform) -> None:
    async with connected(platform) as socket:
        await socket.subscribe("1", "query($t: String!) { echo(text: $t) }", variables={"t": "x"})
        assert await socket.next() == {"id": "1", "type": "next", "payload": {"data": {"echo": "x"}}}
        assert await socket.next() == {"id": "1", "type": "complete"}
        await socket.subscribe("1", 'mutation { rename(id: "1", name: "y") { name } }')
        assert (await socket.next())["payload"] == {"data": {"rename": {"name": "y"}}}


async def test_every_event_is_completed_from_the_other_subgraph(platform: Platform) -> None:
    async with connected(platform) as socket:
        await socket.subscribe("s", ADDED)
        await until_listening(platform, 1)
        for _ in range(2):
            await platform.ask(REVIEW)
            assert await socket.next() == {
                "id": "s",
                "type": "next",
                "payload": {"data": {"reviewAdded": {"text": "New", "product": {"name": "Chair"}}}},
            }


async def test_complete_stops_the_source_and_the_socket_lives_on(platform: Platform) -> None:
    async with connected(platform) as socket:
        await socket.subscribe("a", ADDED)
        await socket.subscribe("b", ADDED)
        await until_listening(platform, 2)
        await socket.send(id="a", type="complete")
        await until_listening(platform, 1)

        await platform.ask(REVIEW)

        assert (await socket.next())["id"] == "b"


async def test_a_lost_connection_stops_its_sources(platform: Platform) -> None:
    async with connected(platform) as socket:
        for id in "abc":
            await socket.subscribe(id, ADDED)
        await until_listening(platform, 3)

    await until_listening(platform, 0)


async def test_a_refused_operation_is_an_error_message(platform: Platform) -> None:
    async with connected(platform) as socket:
        for id, query, code in (
            ("a", "{ a", "GRAPHQL_PARSE_FAILED"),
            ("b", "{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
            ("c", "query($t: String!) { echo(text: $t) }", "BAD_USER_INPUT"),
        ):
            await socket.subscribe(id, query)
            message = await socket.next()
            assert (message["id"], message["type"]) == (id, "error")
            assert message["payload"][0]["extensions"]["code"] == code


async def test_a_subscription_that_its_subgraph_refuses_says_why(platform: Platform) -> None:
    async with connected(platform) as socket:
        await socket.subscribe("s", "subscription { refused }")
        message = await socket.next()

        assert message["id"] == "s"
        assert message["type"] in ("next", "error")


async def test_a_source_that_dies_is_told_and_the_socket_lives_on(over_http: Platform) -> None:
    async with connected(over_http) as socket:
        await socket.subscribe("s", ADDED)
        await until_listening(over_http, 1)

        await over_http.servers["reviews"].stop()

        message = await socket.next()
        assert message["payload"]["errors"][0]["extensions"]["code"] == "SUBGRAPH_UNREACHABLE"
        assert await socket.next() == {"id": "s", "type": "complete"}
        await socket.subscribe("q", "{ __typename }")
        assert (await socket.next())["type"] == "next"


async def test_pings_are_answered_at_any_time(platform: Platform) -> None:
    async with connected(platform, init=False) as socket:
        await socket.send(type="ping")
        assert await socket.next() == {"type": "pong"}
        await socket.send(type="pong", payload={"x": 1})
        await socket.send(type="connection_init", payload={})
        assert await socket.next() == {"type": "connection_ack"}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("not json", 4400),
        ("[]", 4400),
        ("null", 4400),
        ('{"type":"banana"}', 4400),
        ('{"id":"1"}', 4400),
        ('{"type":"connection_ack"}', 4400),
        ('{"type":"subscribe","payload":{"query":"{ __typename }"}}', 4400),
        ('{"id":"","type":"subscribe","payload":{"query":"{ __typename }"}}', 4400),
        ('{"id":1,"type":"subscribe","payload":{"query":"{ __typename }"}}', 4400),
        ('{"id":"1","type":"subscribe"}', 4400),
        ('{"id":"1","type":"subscribe","payload":{"query":1}}', 4400),
        ('{"id":"1","type":"subscribe","payload":{"query":"{ a }","variables":"x"}}', 4400),
        ('{"type":"connection_init"}', 4429),
        ('{"type":"ping","payload":"' + "x" * 1_048_577 + '"}', 1009),
    ],
)
async def test_a_broken_message_closes_the_socket(in_production: Platform, message: str, code: int) -> None:
    async with connected(in_production) as socket:
        await socket.raw.send_str(message)

        assert await socket.closed() == code


async def test_bytes_are_not_understood(in_production: Platform) -> None:
    async with connected(in_production) as socket:
        await socket.raw.send_bytes(b'{"type":"ping"}')

        assert await socket.closed() == 4400


async def test_nothing_runs_before_the_connection_is_initialised(in_production: Platform) -> None:
    async with connected(in_production, init=False) as socket:
        await socket.subscribe("1", "{ __typename }")

        assert await socket.closed() == 4401


async def test_an_id_can_be_used_again_but_not_twice_at_once(in_production: Platform) -> None:
    async with connected(in_production) as socket:
        for _ in range(3):
            await socket.subscribe("1", "{ __typename }")
            assert (await socket.next())["type"] == "next"
            assert (await socket.next())["type"] == "complete"
        await socket.subscribe("1", ADDED)
        await socket.subscribe("1", ADDED)

        assert await socket.closed() == 4409


async def test_only_so_many_operations_run_at_once(in_production: Platform) -> None:
    async with connected(in_production) as socket:
        for n in range(100):
            await socket.subscribe(str(n), "{ wait }")
        await socket.subscribe("100", "{ wait }")

        message = await socket.next()

        assert (message["id"], message["type"]) == ("100", "error")
        assert message["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"


async def test_another_subprotocol_is_not_spoken(in_production: Platform) -> None:
    async with in_production.session.ws_connect(in_production.url) as raw:
        assert await Socket(raw).closed() == 4406


async def test_a_page_of_another_origin_gets_no_socket(in_production: Platform) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with connected(in_production, headers={"origin": "http://evil.example"}):
            pass
    assert refused.value.status == 403

    async with connected(in_production, headers={"origin": in_production.server.url}):
        pass


async def test_a_refresh_cookie_is_not_spent_over_a_socket(platform: Platform) -> None:
    cookie = {"cookie": "__Host-atrium-refresh=r1; a=b"}

    async with connected(platform, headers=cookie) as socket:
        await socket.subscribe("1", "mutation { signIn }")
        assert (await socket.next())["payload"]["data"] is not None

    assert "cookie" not in platform.products.calls[0].headers
