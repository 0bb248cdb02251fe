"""The clients from npm that people use, against a running router."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.router.conftest import SETTINGS, Platform, started

pytestmark = pytest.mark.node

HERE = Path(__file__).parent
NODE = HERE.parents[1] / ".venv" / "bin" / "node"
ADDED = "subscription Added { reviewAdded { id text product { id name } } }"
REVIEW = 'mutation($t: String!) { review(product: "1", text: $t) { id } }'
SECONDS = 60


@pytest.fixture(params=["in process", "http"])
async def platform(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    """The shop."""
    async for each in started(SETTINGS, over_http=request.param == "http"):
        yield each


@asynccontextmanager
async def running(
    platform: Platform, client: str, query: str, **options: Any
) -> AsyncIterator[asyncio.Task[Any]]:
    """A client at work; the task gives what it saw."""
    operation = json.dumps({"query": query, **options})
    process = await asyncio.create_subprocess_exec(
        NODE, "clients.mjs", client, platform.url, operation, cwd=HERE, stdout=subprocess.PIPE
    )

    async def seen() -> Any:
        async with asyncio.timeout(SECONDS):
            printed, _ = await process.communicate()
        assert process.returncode == 0
        return json.loads(printed)

    task = asyncio.create_task(seen())
    try:
        yield task
    finally:
        if process.returncode is None:
            process.kill()
        await asyncio.gather(task, return_exceptions=True)


async def until_listening(platform: Platform, count: int) -> None:
    async with asyncio.timeout(SECONDS):
        while len(platform.shop.added) != count:
            await asyncio.sleep(0.005)


async def review(platform: Platform, text: str) -> None:
    assert (await platform.ask(REVIEW, variables={"t": text})).status == 200


def texts(seen: Any) -> list[str]:
    return [result["data"]["reviewAdded"]["text"] for result in seen["results"]]


@pytest.mark.parametrize("client", ["sse", "ws", "apollo"])
async def test_a_subscription_gets_every_event_until_it_leaves(platform: Platform, client: str) -> None:
    async with running(platform, client, ADDED, events=3) as seen:
        await until_listening(platform, 1)
        for text in ("One\n\nTwo", "\r\n--graphql--\r\n", "ü🜚"):
            await review(platform, text)
        found = await seen

    assert found["error"] is None
    assert texts(found) == ["One\n\nTwo", "\r\n--graphql--\r\n", "ü🜚"]
    assert found["results"][0]["data"]["reviewAdded"]["product"]["name"] == "Chair"
    await until_listening(platform, 0)


@pytest.mark.parametrize("client", ["sse", "ws"])
@pytest.mark.parametrize(
    ("query", "data"),
    [
        ('{ echo(text: "x") }', {"echo": "x"}),
        ('mutation { rename(id: "1", name: "y") { name } }', {"rename": {"name": "y"}}),
    ],
)
async def test_one_answer_is_one_result(platform: Platform, client: str, query: str, data: Any) -> None:
    async with running(platform, client, query) as seen:
        found = await seen

    assert (found["error"], found["completed"]) == (None, True)
    assert found["results"] == [{"data": data}]


async def test_a_refusal_reaches_readers_of_events_with_its_code(platform: Platform) -> None:
    async with running(platform, "sse", "subscription { nonsense }") as seen:
        found = await seen

    assert found["completed"]
    [result] = found["results"]
    assert result["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_refusal_is_an_error_in_apollo_client(platform: Platform) -> None:
    async with running(platform, "apollo", "subscription { nonsense }", events=1) as seen:
        found = await seen

    assert "nonsense" in (found["error"] or found["results"][0]["error"])


@pytest.mark.parametrize("client", ["sse", "apollo"])
async def test_silence_is_no_end(client: str) -> None:
    settings = replace(SETTINGS, streams=replace(SETTINGS.streams, heartbeat=0.02))
    async for platform in started(settings, over_http=False):
        async with running(platform, client, ADDED, events=1) as seen:
            await until_listening(platform, 1)
            await asyncio.sleep(0.5)
            await review(platform, "x")
            found = await seen

        assert (found["error"], texts(found)) == (None, ["x"])


async def test_a_reader_of_events_comes_back_to_another_process() -> None:
    async for platform in started(SETTINGS, over_http=False):
        async with running(platform, "sse-retry", ADDED, events=2) as seen:
            await until_listening(platform, 1)
            await review(platform, "before")
            [left] = platform.shop.added
            platform.app.streams.end_all()
            async with asyncio.timeout(SECONDS):
                while not platform.shop.added or platform.shop.added[-1] is left:
                    await asyncio.sleep(0.005)
            await review(platform, "after")
            found = await seen

        assert (found["error"], texts(found)) == (None, ["before", "after"])
        assert found["connected"] >= 2


async def test_apollo_client_is_told_that_the_process_ends() -> None:
    async for platform in started(SETTINGS, over_http=False):
        async with running(platform, "apollo", ADDED, events=2) as seen:
            await until_listening(platform, 1)
            platform.app.begin_stop()
            found = await seen

        assert "ask again" in (found["error"] or found["results"][0]["error"])


LATE = 'query Late { echo(text: "x") ...Slow @defer } fragment Slow on Query { wait }'


@pytest.mark.parametrize("client", ["apollo-defer", "apollo-defer-2022"])
async def test_apollo_client_shows_what_is_there_and_then_the_rest(platform: Platform, client: str) -> None:
    async with running(platform, client, LATE) as seen:
        await until_waited_for(platform)
        found = await seen

    assert found["error"] is None
    [result] = found["results"]
    assert result["data"] == {"__typename": "Query", "echo": "x", "wait": "waited"}
    assert "streaming" in found["states"]
    assert found["states"][-1] == "complete"


@pytest.mark.parametrize(
    "accept",
    ["multipart/mixed", "multipart/mixed;deferSpec=20220824", "multipart/mixed;incrementalSpec=v0.2"],
)
async def test_parts_are_readable_one_by_one(platform: Platform, accept: str) -> None:
    async with running(platform, "meros", LATE, accept=accept) as seen:
        await until_waited_for(platform)
        found = await seen

    assert (found["error"], found["completed"]) == (None, True)
    assert [part["hasNext"] for part in found["results"]] == [True, False]


@pytest.mark.parametrize("client", ["sse", "ws"])
async def test_parts_are_results_of_other_protocols(platform: Platform, client: str) -> None:
    async with running(platform, client, LATE) as seen:
        await until_waited_for(platform)
        found = await seen

    assert (found["error"], found["completed"]) == (None, True)
    assert [part["hasNext"] for part in found["results"]] == [True, False]


async def until_waited_for(platform: Platform) -> None:
    """The slow part is asked for; now it may be answered."""
    async with asyncio.timeout(SECONDS):
        while not platform.shop.waiting:
            await asyncio.sleep(0.005)
    platform.shop.may_answer.set()
