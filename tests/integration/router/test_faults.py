"""A subgraph that is away costs its own fields and nothing else; when it is back it is used again."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from router.settings import RouterSettings, Timeouts
from tests.integration.router.conftest import SETTINGS, Answer, Platform, started

QUERY = '{ product(id: "1") { name reviews { text } } }'


async def until(ask: Callable[[], Awaitable[Answer]], *, holds: Callable[[Answer], bool]) -> Answer:
    """The first answer for which it holds, within ten seconds."""
    async with asyncio.timeout(10):
        while not holds(answer := await ask()):
            await asyncio.sleep(0.01)
    return answer


async def test_a_dead_subgraph_costs_its_own_fields(over_http: Platform) -> None:
    await over_http.servers["reviews"].stop()

    answer = await over_http.ask(QUERY)

    assert answer.status == 200
    assert answer.body["data"] == {"product": {"name": "Chair", "reviews": None}}
    [error] = answer.body["errors"]
    assert error["path"] == ["product", "reviews"]
    assert error["extensions"] == {"code": "SUBGRAPH_UNREACHABLE", "service": "reviews"}
    assert str(over_http.servers["reviews"].port) not in str(answer.body)


async def test_a_subgraph_that_comes_back_is_used_again_without_a_restart(over_http: Platform) -> None:
    await over_http.ask(QUERY)
    await over_http.servers["reviews"].stop()
    for _ in range(10):
        assert (await over_http.ask(QUERY)).codes == ["SUBGRAPH_UNREACHABLE"]

    await over_http.servers["reviews"].start()

    answer = await until(lambda: over_http.ask(QUERY), holds=lambda answer: not answer.codes)
    assert answer.body["data"] == {"product": {"name": "Chair", "reviews": [{"text": "Sits well"}]}}


async def test_a_restart_between_two_queries_is_not_noticed(over_http: Platform) -> None:
    await over_http.ask(QUERY)
    await over_http.servers["reviews"].stop()
    await over_http.servers["reviews"].start()

    answer = await over_http.ask(QUERY)

    assert answer.codes == []


@pytest.mark.parametrize("over_http", [False, True], ids=["in process", "http"])
async def test_a_slow_subgraph_is_given_up_in_time(over_http: bool) -> None:
    async for platform in started(replace(SETTINGS, timeouts=Timeouts(subgraph=0.5)), over_http=over_http):
        answer = await platform.ask('{ wait echo(text: "x") }')

        assert answer.codes == ["SUBGRAPH_TIMEOUT", "SUBGRAPH_TIMEOUT"]
        assert answer.body["data"] is None


async def test_a_required_field_of_a_dead_subgraph_takes_its_parent_along(over_http: Platform) -> None:
    await over_http.servers["products"].stop()

    answer = await over_http.ask("{ products { name } }")

    assert answer.body["data"] is None
    assert answer.body["errors"][0]["path"] == ["products"]


async def test_a_client_that_hangs_up_does_no_harm(over_http: Platform) -> None:
    for _ in range(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", over_http.server.port)
        writer.write(b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n")
        writer.write(b'content-length: 1000\r\n\r\n{"query":')
        await writer.drain()
        writer.transport.abort()
        del reader

    assert (await over_http.ask("{ __typename }")).status == 200


async def hung_up(platform: Platform, query: str) -> None:
    """A client that asks and leaves when the subgraph has been asked."""
    _, writer = await asyncio.open_connection("127.0.0.1", platform.server.port)
    body = json.dumps({"query": query}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    )
    writer.write(head.encode() + b"\r\n\r\n" + body)
    async with asyncio.timeout(5):
        while not platform.products.calls:
            await asyncio.sleep(0.005)
    writer.close()


async def test_a_query_is_given_up_when_its_client_has_left() -> None:
    async for platform in started(RouterSettings(), over_http=False):
        await hung_up(platform, "{ wait }")

        async with asyncio.timeout(5):
            while platform.shop.waiting:
                await asyncio.sleep(0.005)


async def test_a_mutation_is_brought_to_its_end_even_so() -> None:
    async for platform in started(RouterSettings(), over_http=False):
        await hung_up(platform, 'mutation { renameLater(id: "1", name: "Stool") }')
        async with asyncio.timeout(5):
            while platform.server.connections:
                await asyncio.sleep(0.005)
        platform.shop.may_answer.set()

        async with asyncio.timeout(5):
            while platform.shop.names["1"] != "Stool":
                await asyncio.sleep(0.005)


async def test_the_deadline_of_a_request_leaves_what_had_come_by_then() -> None:
    settings = replace(SETTINGS, timeouts=Timeouts(request=0.2))
    async for platform in started(settings, over_http=True):
        answer = await platform.ask('{ product(id: "1") { name reviews { id } } wait }')

        assert answer.status == 200
        assert set(answer.codes) <= {"REQUEST_TIMEOUT", "SUBGRAPH_TIMEOUT"}
        assert answer.codes


async def test_a_plan_that_takes_too_long_is_refused_and_the_router_lives_on() -> None:
    settings = replace(RouterSettings(), timeouts=Timeouts(plan=1e-6))
    async for platform in started(settings, over_http=False):
        answer = await platform.ask("{ products { name reviews { text } } }")

        assert (answer.status, answer.codes) == (503, ["PLAN_TIMEOUT"])
        assert (await platform.send("GET", "/healthz")).status == 200


@pytest.mark.parametrize("path", ["/", "/graphql/", "/nothing", "/metrics", "/../graphql"])
async def test_nothing_else_is_reachable(over_http: Platform, path: str) -> None:
    assert (await over_http.send("GET", path)).status in (400, 404)
