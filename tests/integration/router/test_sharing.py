"""Identical queries of one caller in flight are executed once; nothing of another caller is ever shared."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.integration.router.conftest import SETTINGS, Answer, Platform, started

SHARED = replace(SETTINGS, cookie_subgraphs=frozenset(), forwarded_headers=frozenset({"x-tenant"}))
WAIT = "{ wait }"


@pytest.fixture(params=["in process", "http"])
async def sharing(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    async for each in started(SHARED, over_http=request.param == "http"):
        yield each


@pytest.fixture
async def fetches_only() -> AsyncIterator[Platform]:
    async for each in started(replace(SHARED, share_requests=False), over_http=True):
        yield each


async def planned(platform: Platform) -> None:
    """The query has a plan, so that its askers can be counted."""
    platform.shop.may_answer.set()
    await platform.ask(WAIT)
    platform.shop.may_answer.clear()
    platform.products.calls.clear()
    platform.app.router.caches.plans.hits = 0


async def until_asked(platform: Platform, requests: int) -> None:
    """As many requests as that got as far as they can."""
    async with asyncio.timeout(5):
        while platform.app.router.caches.plans.hits < requests or platform.shop.waiting < 1:
            await asyncio.sleep(0.005)


async def together(platform: Platform, *headers: dict[str, str]) -> list[Answer]:
    await planned(platform)
    asking = asyncio.gather(*(platform.ask(WAIT, headers=each) for each in headers))
    await until_asked(platform, len(headers))
    platform.shop.may_answer.set()
    return await asking


async def test_twenty_identical_queries_reach_the_subgraph_once(sharing: Platform) -> None:
    answers = await together(sharing, *({"x-request-id": f"request-{n}"} for n in range(20)))

    assert [answer.body for answer in answers] == [{"data": {"wait": "waited"}}] * 20
    assert len(sharing.products.calls) == 1
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert ids == [f"request-{n}" for n in range(20)], "everybody gets the answer under its own id"


async def test_what_a_subgraph_could_tell_apart_is_not_shared(sharing: Platform) -> None:
    await together(sharing, {"x-tenant": "a"}, {"x-tenant": "b"}, {"x-tenant": "a"}, {"x-tenant": "b"})

    assert len(sharing.products.calls) == 2


async def test_when_the_first_leaves_the_others_are_answered(sharing: Platform) -> None:
    await planned(sharing)
    first = asyncio.ensure_future(sharing.ask(WAIT))
    await until_asked(sharing, 1)
    others = asyncio.gather(*(sharing.ask(WAIT) for _ in range(3)))
    await until_asked(sharing, 4)

    first.cancel()
    async with asyncio.timeout(5):
        while len(sharing.products.calls) < 2:
            await asyncio.sleep(0.005)
    sharing.shop.may_answer.set()

    assert [answer.body for answer in await others] == [{"data": {"wait": "waited"}}] * 3


async def test_other_operations_over_the_same_fetch_share_the_fetch(fetches_only: Platform) -> None:
    answers = await together(fetches_only, {}, {}, {})

    assert [answer.body for answer in answers] == [{"data": {"wait": "waited"}}] * 3
    assert len(fetches_only.products.calls) == 1
    assert fetches_only.app.router.clients.shared == 2


async def test_one_that_sets_cookies_is_asked_by_everybody(over_http: Platform) -> None:
    asking = asyncio.gather(*(over_http.ask(WAIT) for _ in range(3)))
    async with asyncio.timeout(5):
        while over_http.shop.waiting < 3:
            await asyncio.sleep(0.005)
    over_http.shop.may_answer.set()
    await asking

    assert len(over_http.products.calls) == 3


async def test_after_a_mutation_nobody_gets_an_older_answer(sharing: Platform) -> None:
    query = '{ product(id: "1") { name } wait }'
    before = asyncio.ensure_future(sharing.ask(query))
    async with asyncio.timeout(5):
        while sharing.shop.waiting < 1:
            await asyncio.sleep(0.005)

    await sharing.ask('mutation { rename(id: "1", name: "Stool") { name } }')
    after = asyncio.ensure_future(sharing.ask(query))
    async with asyncio.timeout(5):
        while sharing.shop.waiting < 2:
            await asyncio.sleep(0.005)
    sharing.shop.may_answer.set()

    assert (await after).body["data"]["product"] == {"name": "Stool"}
    await before
