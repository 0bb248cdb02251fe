"""What is deferred, by every way that an answer in parts can take to a client."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from router.settings import Timeouts
from tests.integration.router.conftest import SETTINGS, Platform, started
from tests.integration.router.test_event_streams import opened
from tests.integration.router.test_socket import connected

LATE = '{ echo(text: "x") ... @defer(label: "late") { wait } }'
CURRENT = "multipart/mixed;incrementalSpec=v0.2, application/json;q=0.9"
OF_2022 = "multipart/mixed;deferSpec=20220824, application/json;q=0.9"
FIRST = {
    "data": {"echo": "x"},
    "pending": [{"id": "0", "path": [], "label": "late"}],
    "hasNext": True,
}
LAST = {
    "incremental": [{"id": "0", "data": {"wait": "waited"}}],
    "completed": [{"id": "0"}],
    "hasNext": False,
}
FIRST_2022 = {"data": {"echo": "x"}, "hasNext": True}
LAST_2022 = {
    "incremental": [{"path": [], "label": "late", "data": {"wait": "waited"}}],
    "hasNext": False,
}


def with_own_ids(first: Any, last: Any) -> tuple[Any, Any]:
    """Ids are whatever the router likes, as long as they agree: they are called 0 here."""
    text = json.dumps([first, last])
    for pending in first.get("pending", ()):
        text = text.replace(json.dumps({"id": pending["id"]})[1:-1], '"id": "0"')
    first, last = json.loads(text)
    return first, last


@pytest.mark.parametrize(
    ("accept", "content_type", "parts"),
    [
        (CURRENT, "incrementalSpec=v0.2", (FIRST, LAST)),
        ("multipart/mixed", "incrementalSpec=v0.2", (FIRST, LAST)),
        ("application/json, text/html, multipart/mixed", "incrementalSpec=v0.2", (FIRST, LAST)),
        (OF_2022, "deferSpec=20220824", (FIRST_2022, LAST_2022)),
    ],
)
async def test_parts_come_when_they_are_there(
    platform: Platform, accept: str, content_type: str, parts: tuple[Any, Any]
) -> None:
    async with opened(platform, accept, LATE) as reader:
        assert reader.response.status == 200
        assert reader.response.headers["content-type"].endswith(content_type)
        await reader.until(b"--graphql")
        first = await reader.part()
        assert "wait" not in first["data"]
        platform.shop.may_answer.set()
        last = await reader.part()

        assert with_own_ids(first, last) == parts
        assert await reader.rest() == b"--\r\n"


@pytest.mark.parametrize(
    ("accept", "parts"),
    [
        ("text/event-stream", (FIRST, LAST)),
        ("text/event-stream;deferSpec=20220824", (FIRST_2022, LAST_2022)),
    ],
)
async def test_parts_are_events(platform: Platform, accept: str, parts: tuple[Any, Any]) -> None:
    async with opened(platform, accept, LATE) as reader:
        name, first = await reader.event()
        assert name == "next"
        platform.shop.may_answer.set()
        name, last = await reader.event()
        assert name == "next"

        assert with_own_ids(first, last) == parts
        assert await reader.event() == ("complete", None)
        assert await reader.rest() == b""


async def test_parts_are_messages_on_a_socket(platform: Platform) -> None:
    async with connected(platform) as socket:
        await socket.subscribe("1", LATE)
        first = (await socket.next())["payload"]
        platform.shop.may_answer.set()
        last = (await socket.next())["payload"]

        assert with_own_ids(first, last) == (FIRST, LAST)
        assert await socket.next() == {"id": "1", "type": "complete"}


@pytest.mark.parametrize("accept", ["application/json", "*/*", "multipart/mixed;subscriptionSpec=1.0, */*"])
async def test_who_takes_one_piece_gets_the_whole(platform: Platform, accept: str) -> None:
    platform.shop.may_answer.set()

    answer = await platform.ask(LATE, {"accept": accept})

    assert answer.headers["content-type"].startswith("application/json")
    assert answer.body == {"data": {"echo": "x", "wait": "waited"}}


@pytest.mark.parametrize("accept", [CURRENT, OF_2022])
async def test_what_is_not_deferred_after_all_is_one_piece_of_json(platform: Platform, accept: str) -> None:
    query = 'query($if: Boolean!) { echo(text: "x") ... @defer(if: $if) { caller } }'

    answer = await platform.ask(query, {"accept": accept}, variables={"if": False})

    assert answer.headers["content-type"].startswith("application/json")
    assert set(answer.body["data"]) == {"echo", "caller"}


@pytest.mark.parametrize("accept", [CURRENT, OF_2022, "text/event-stream"])
async def test_an_operation_that_is_refused_never_becomes_parts(platform: Platform, accept: str) -> None:
    async with opened(platform, accept, "{ ... @defer { nonsense } }") as reader:
        text = await reader.rest()

    assert b"GRAPHQL_VALIDATION_FAILED" in text
    assert b"hasNext" not in text


async def test_a_client_that_leaves_in_between_gives_up_the_rest(in_production: Platform) -> None:
    async with opened(in_production, CURRENT, LATE) as reader:
        await reader.until(b"hasNext")
        assert in_production.shop.waiting == 1
    async with asyncio.timeout(5):
        while in_production.shop.waiting:
            await asyncio.sleep(0.001)
    assert in_production.app.streams.open_streams == 0


@pytest.fixture
async def in_a_hurry() -> AsyncIterator[Platform]:
    """Requests end soon."""
    async for each in started(replace(SETTINGS, timeouts=Timeouts(request=0.3)), over_http=False):
        yield each


async def test_the_deadline_holds_for_all_parts(in_a_hurry: Platform) -> None:
    async with opened(in_a_hurry, CURRENT, LATE) as reader:
        text = await reader.rest()

    assert text.endswith(b"\r\n--graphql--\r\n")
    assert text.count(b'"hasNext":true') == text.count(b'"hasNext":false') == 1
    assert b"TIMEOUT" in text


async def test_the_end_of_the_process_waits_for_the_parts(in_production: Platform) -> None:
    async with opened(in_production, CURRENT, LATE) as reader:
        await reader.until(b"--graphql")
        await reader.part()
        in_production.app.begin_stop()
        in_production.shop.may_answer.set()

        assert (await reader.part())["hasNext"] is False
        assert await reader.rest() == b"--\r\n"


async def test_a_batch_is_never_in_parts() -> None:
    async for platform in started(replace(SETTINGS, max_batch=2), over_http=False):
        platform.shop.may_answer.set()
        answer = await platform.send(json=[{"query": LATE}], headers={"accept": CURRENT})

        assert answer.body == [{"data": {"echo": "x", "wait": "waited"}}]


async def test_cookies_of_the_first_part_are_kept(platform: Platform) -> None:
    query = 'mutation { signIn rename(id: "1", name: "y") { id ... @defer { reviews { id } } } }'
    async with opened(platform, CURRENT, query) as reader:
        await reader.rest()

        assert len(reader.response.headers.getall("set-cookie")) == 1
