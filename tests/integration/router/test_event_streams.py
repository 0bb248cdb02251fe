"""Subscriptions over HTTP answers that stay open (server-sent events, multipart) through a running router."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from router.settings import DeliverySettings, RouterSettings, StreamSettings
from tests.integration.router.conftest import SETTINGS, Platform, started

ADDED = "subscription { reviewAdded { text product { name } } }"
REVIEW = "mutation($t: String!) { review(product: 1, text: $t) { id } }"
EVENTS = "text/event-stream"
PARTS = 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json;q=0.9'


@dataclass
class Reader:
    """Reads an answer piece by piece."""

    response: aiohttp.ClientResponse

    async def until(self, mark: bytes) -> bytes:
        async with asyncio.timeout(20):
            return await self.response.content.readuntil(mark)

    async def event(self) -> tuple[str, Any]:
        """The next server-sent event, comments left out."""
        while (block := (await self.until(b"\n\n")).decode()).startswith(":"):
            pass
        name, data = block.removesuffix("\n\n").split("\n")
        data = data.removeprefix("data:").strip()
        return name.removeprefix("event: "), json.loads(data) if data else None

    async def part(self) -> Any:
        """The next part that is no heartbeat; the first delimiter was read."""
        while (body := await self._part()) == {}:
            pass
        return body

    async def _part(self) -> Any:
        text = await self.until(b"\r\n--graphql")
        head, _, body = text.removesuffix(b"\r\n--graphql").partition(b"\r\n\r\n")
        assert head == b"\r\ncontent-type: application/json; charset=utf-8"
        return json.loads(body)

    async def rest(self) -> bytes:
        async with asyncio.timeout(20):
            return await self.response.content.read()


@asynccontextmanager
async def opened(
    platform: Platform, accept: str, query: str = ADDED, headers: dict[str, str] | None = None
) -> AsyncIterator[Reader]:
    """An answer whose head has come."""
    async with platform.session.post(
        platform.url, json={"query": query}, headers={"accept": accept, **(headers or {})}
    ) as response:
        yield Reader(response)


async def until_listening(platform: Platform, count: int) -> None:
    """The source has this many subscribers."""
    async with asyncio.timeout(20):
        while len(platform.shop.added) != count:
            await asyncio.sleep(0.001)


async def until_open(platform: Platform, count: int) -> None:
    """The router has this many streams, which may share a source."""
    async with asyncio.timeout(20):
        while platform.app.streams.open_streams != count or not platform.shop.added:
            await asyncio.sleep(0.001)


async def review(platform: Platform, text: str) -> None:
    await platform.ask(REVIEW.replace(": 1", ': "1"'), variables={"t": text})


def added(text: str) -> dict[str, Any]:
    return {"data": {"reviewAdded": {"text": text, "product": {"name": "Chair"}}}}


async def test_every_event_is_a_next_event(platform: Platform) -> None:
    async with opened(platform, EVENTS) as reader:
        assert reader.response.status == 200
        assert reader.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert reader.response.headers["cache-control"] == "no-store"
        await until_listening(platform, 1)
        for text in ("One", "Two\n\nevent: complete\n"):
            await review(platform, text)
            assert await reader.event() == ("next", added(text))
    await until_listening(platform, 0)


async def test_every_event_is_a_part_with_a_payload(platform: Platform) -> None:
    async with opened(platform, PARTS) as reader:
        assert reader.response.status == 200
        assert 'subscriptionSpec="1.0"' in reader.response.headers["content-type"]
        await reader.until(b"--graphql")
        await until_listening(platform, 1)
        for text in ("One", "\r\n--graphql--"):
            await review(platform, text)
            assert await reader.part() == {"payload": added(text)}
    await until_listening(platform, 0)


async def test_many_streams_get_every_event_and_one_that_ends_ends_alone(in_production: Platform) -> None:
    async with opened(in_production, EVENTS) as stays, opened(in_production, PARTS) as other:
        async with opened(in_production, EVENTS):
            await until_open(in_production, 3)
        await until_open(in_production, 2)
        await other.until(b"--graphql")

        await review(in_production, "x")

        assert await stays.event() == ("next", added("x"))
        assert await other.part() == {"payload": added("x")}


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ('{ echo(text: "x") }', {"echo": "x"}),
        ('mutation { rename(id: "1", name: "y") { name } }', {"rename": {"name": "y"}}),
    ],
)
async def test_one_answer_comes_as_events_too(platform: Platform, query: str, data: Any) -> None:
    async with opened(platform, EVENTS, query) as reader:
        assert await reader.event() == ("next", {"data": data})
        assert await reader.event() == ("complete", None)
        assert await reader.rest() == b""


async def test_one_answer_comes_in_parts_only_if_nothing_else_is_accepted(in_production: Platform) -> None:
    query = '{ echo(text: "x") }'
    async with opened(in_production, PARTS, query) as reader:
        assert json.loads(await reader.rest()) == {"data": {"echo": "x"}}
    async with opened(in_production, "multipart/mixed;subscriptionSpec=1.0", query) as reader:
        await reader.until(b"--graphql")
        assert await reader.part() == {"payload": {"data": {"echo": "x"}}}
        assert await reader.rest() == b"--\r\n"
    async with opened(in_production, "multipart/mixed", query) as reader:
        await reader.until(b"--graphql")
        assert await reader.part() == {"data": {"echo": "x"}, "hasNext": False}
        assert await reader.rest() == b"--\r\n"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription($x: Int!) { __typename }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_refused_operation_is_an_event_or_plain_json(
    in_production: Platform, query: str, code: str
) -> None:
    async with opened(in_production, EVENTS, query) as reader:
        assert reader.response.status == 200
        name, data = await reader.event()
        assert (name, data["errors"][0]["extensions"]["code"]) == ("next", code)
        assert await reader.event() == ("complete", None)
    async with opened(in_production, "multipart/mixed;subscriptionSpec=1.0", query) as reader:
        assert reader.response.status == 400
        assert json.loads(await reader.rest())["errors"][0]["extensions"]["code"] == code


async def test_what_is_wrong_with_the_request_has_its_status(in_production: Platform) -> None:
    answer = await in_production.send(
        data=b"[", headers={"accept": EVENTS, "content-type": "application/json"}
    )

    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])
    assert answer.headers["content-type"].startswith("application/graphql-response+json")


@pytest.mark.parametrize("accept", ["application/json", "multipart/mixed", "*/*"])
async def test_a_subscription_needs_an_answer_that_can_go_on(in_production: Platform, accept: str) -> None:
    answer = await in_production.ask(ADDED, {"accept": accept})

    body = answer.body if isinstance(answer.body, dict) else json.loads(answer.body)
    assert body["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_NEEDS_STREAM"


async def test_a_get_may_subscribe_unless_a_foreign_page_caused_it(in_production: Platform) -> None:
    url, parameters = in_production.url, {"query": ADDED}
    async with in_production.session.get(url, params=parameters, headers={"accept": EVENTS}) as response:
        await until_listening(in_production, 1)
        await review(in_production, "x")
        assert await Reader(response).event() == ("next", added("x"))
    for foreign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = await in_production.send("GET", params=parameters, headers={"accept": EVENTS, **foreign})
        assert answer.codes == ["CSRF_PREVENTED"]


async def test_the_source_s_end_is_told(over_http: Platform) -> None:
    async with opened(over_http, EVENTS) as events, opened(over_http, PARTS) as parts:
        await until_listening(over_http, 2)
        await parts.until(b"--graphql")

        await over_http.servers["reviews"].stop()

        name, data = await events.event()
        assert (name, data["errors"][0]["extensions"]["code"]) == ("next", "SUBGRAPH_UNREACHABLE")
        assert await events.event() == ("complete", None)
        data = await parts.part()
        assert data["payload"]["errors"][0]["extensions"]["code"] == "SUBGRAPH_UNREACHABLE"
        assert await parts.rest() == b"--\r\n"


@asynccontextmanager
async def platform_with(
    streams: StreamSettings, settings: RouterSettings = SETTINGS
) -> AsyncIterator[Platform]:
    """The shop in process, with these limits."""
    running = started(replace(settings, streams=streams), over_http=False)
    async for platform in running:
        yield platform


async def test_silence_is_broken_by_heartbeats() -> None:
    async with platform_with(StreamSettings(heartbeat=0.02)) as platform:
        async with opened(platform, EVENTS) as reader:
            for _ in range(3):
                assert await reader.until(b"\n\n") == b":\n\n"
        async with opened(platform, PARTS) as reader:
            await reader.until(b"--graphql")
            for _ in range(3):
                assert (await reader.until(b"--graphql")).endswith(b"\r\n\r\n{}\r\n--graphql")
            await review(platform, "x")
            assert await reader.part() == {"payload": added("x")}


async def test_a_client_that_takes_nothing_is_cut() -> None:
    settings = replace(SETTINGS, delivery=DeliverySettings(stall=0.1))
    async with platform_with(StreamSettings(), settings) as platform:
        body = json.dumps({"query": "subscription { reviewAdded { text } }"})
        reading, writing = await asyncio.open_connection("127.0.0.1", platform.server.port, limit=1)
        writing.write(
            f"POST /graphql HTTP/1.1\r\nhost: x\r\naccept: {EVENTS}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n{body}".encode()
        )
        await until_listening(platform, 1)
        for queue in platform.shop.added:
            for _ in range(200):
                queue.put_nowait({"id": "r", "text": "x" * 100_000, "product": {"id": "1"}})

        await until_listening(platform, 0)
        async with asyncio.timeout(20):
            while platform.server.connections:
                await asyncio.sleep(0.001)
        writing.transport.abort()
        del reading


async def test_there_are_only_so_many_streams() -> None:
    async with platform_with(StreamSettings(max_open=1)) as platform, opened(platform, EVENTS):
        await until_listening(platform, 1)

        answer = await platform.ask(ADDED, {"accept": EVENTS})

        assert (answer.status, answer.codes) == (503, ["TOO_MANY_STREAMS"])
        assert (await platform.ask("{ __typename }")).status == 200


async def test_an_end_of_the_process_ends_every_stream_properly(in_production: Platform) -> None:
    async with opened(in_production, EVENTS) as events, opened(in_production, PARTS) as parts:
        await until_open(in_production, 2)
        await parts.until(b"--graphql")

        in_production.app.begin_stop()

        assert await events.rest() == b":\n\n"  # whole as HTTP, but without `complete`: open it again
        last = await parts.part()
        assert (last["payload"], last["errors"][0]["extensions"]["code"]) == (None, "SHUTTING_DOWN")
        assert await parts.rest() == b"--\r\n"
    await until_listening(in_production, 0)
    async with opened(in_production, EVENTS) as late:
        assert await late.rest() == b":\n\n"
    assert (await in_production.send("GET", "/readyz")).status == 503


async def test_cookies_do_not_reach_subscriptions(platform: Platform) -> None:
    async with opened(platform, EVENTS, headers={"cookie": "__Host-atrium-refresh=r1"}):
        await until_listening(platform, 1)

        assert all("cookie" not in call.headers for call in platform.reviews.calls)
