"""Several operations in one request, through a running router."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.integration.router.conftest import SETTINGS, Answer, Platform, started

NEW = {"accept": "application/graphql-response+json"}


@pytest.fixture(params=["in process", "http"])
async def batching(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    """At most three operations, and metrics."""
    settings = replace(SETTINGS, max_batch=3, metrics=True)
    async for each in started(settings, over_http=request.param == "http"):
        yield each


async def batch(platform: Platform, *operations: Any, headers: dict[str, str] | None = None) -> Answer:
    return await platform.send(json=list(operations), headers=headers)


def echo(text: str) -> dict[str, Any]:
    return {"query": "query($t: String!) { echo(text: $t) }", "variables": {"t": text}}


async def test_answers_stand_in_the_order_of_the_operations(batching: Platform) -> None:
    answer = await batch(batching, echo("a"), {"query": "{ products { reviews { id } } }"}, echo("c"))

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.body[0] == {"data": {"echo": "a"}}
    assert len(answer.body[1]["data"]["products"]) == 3
    assert answer.body[2] == {"data": {"echo": "c"}}


async def test_they_run_at_once(batching: Platform) -> None:
    later = {"query": 'mutation { renameLater(id: "1", name: "x") }'}
    batching.shop.may_answer.set()

    answer = await batch(batching, {"query": "{ wait }"}, later)

    assert answer.body == [{"data": {"wait": "waited"}}, {"data": {"renameLater": True}}]


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nonsense }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query($t: String!) { echo(text: $t) }"}, "BAD_USER_INPUT"),
        ({"query": "subscription { reviewAdded { id } }"}, "SUBSCRIPTION_NEEDS_STREAM"),
        ({"query": '{ fail(code: "X") }'}, "X"),
        ({}, "BAD_REQUEST"),
        (None, "BAD_REQUEST"),
        (1, "BAD_REQUEST"),
        ([echo("x")], "BAD_REQUEST"),
    ],
)
@pytest.mark.parametrize("headers", [NEW, {"accept": "application/json, text/event-stream;q=0.5"}])
async def test_one_refusal_leaves_the_others_alone(
    batching: Platform, operation: Any, code: str, headers: dict[str, str]
) -> None:
    answer = await batch(batching, echo("a"), operation, echo("c"), headers=headers)

    assert answer.status == 200
    assert answer.body[0] == {"data": {"echo": "a"}}
    assert answer.body[1]["errors"][0]["extensions"]["code"] == code
    assert answer.body[2] == {"data": {"echo": "c"}}


async def test_what_all_are_refused_for_is_the_status(batching: Platform) -> None:
    answer = await batch(batching, {"query": "{"}, {"query": "{ nonsense }"}, headers=NEW)

    assert answer.status == 400
    assert [len(each["errors"]) for each in answer.body] == [1, 1]


@pytest.mark.parametrize(
    ("count", "code"), [(0, "BAD_REQUEST"), (4, "MAX_BATCH_EXCEEDED"), (1_000, "MAX_BATCH_EXCEEDED")]
)
async def test_a_batch_of_another_size_is_refused_whole(batching: Platform, count: int, code: str) -> None:
    answer = await batch(batching, *[echo("x")] * count)

    assert (answer.status, answer.codes) == (400, [code])
    assert not batching.products.calls


@pytest.mark.parametrize(
    ("data", "headers", "status", "code"),
    [
        (b"[", {"content-type": "application/json"}, 400, "BAD_REQUEST"),
        (b" \n[{]", {"content-type": "application/json"}, 400, "BAD_REQUEST"),
        (b"[" * 100_000, {"content-type": "application/json"}, 400, "BAD_REQUEST"),
        (b"[{}]", {"content-type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"[{}]", {"content-type": "application/json", "accept": "text/event-stream"}, 406, "NOT_ACCEPTABLE"),
    ],
)
async def test_a_malformed_batch_has_a_status_and_a_code(
    batching: Platform, data: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await batching.send(data=data, headers=headers)

    assert (answer.status, answer.codes) == (status, [code])


async def test_deep_variables_are_the_operation_s_own_fault(batching: Platform) -> None:
    deep = b'{"query":"{ __typename }","variables":{"v":' + b"[" * 600 + b"]" * 600 + b"}}"

    answer = await batching.send(data=b"[" + deep + b"]", headers={"content-type": "application/json"})

    assert answer.status == 200
    assert answer.body == [{"data": {"__typename": "Query"}}]


async def test_every_operation_may_set_cookies(batching: Platform) -> None:
    sign_in = {"query": "mutation { signIn }"}

    answer = await batch(batching, sign_in, {"query": "{ nonsense }"}, sign_in, headers=NEW)

    assert len(answer.headers.getall("set-cookie")) == 2


async def test_a_client_that_leaves_takes_its_queries_along() -> None:
    async for platform in started(replace(SETTINGS, max_batch=3), over_http=False):
        asking = asyncio.create_task(batch(platform, {"query": "{ wait }"}, {"query": "{ a: wait }"}))
        async with asyncio.timeout(5):
            while platform.shop.waiting != 2:
                await asyncio.sleep(0.001)
            asking.cancel()
            while platform.shop.waiting:
                await asyncio.sleep(0.001)


async def test_batched_operations_are_counted(batching: Platform) -> None:
    await batch(batching, echo("a"), echo("b"))
    await batch(batching, echo("c"))

    assert "atrium_router_batched_total 3.0" in (await batching.send("GET", "/metrics")).body


async def test_they_are_refused_by_default(in_production: Platform) -> None:
    answer = await batch(in_production, echo("a"))

    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])
