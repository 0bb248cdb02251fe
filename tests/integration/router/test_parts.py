"""Answers in parts through the whole pipeline, and for clients that take one piece only."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import pytest

from router.errors import SubscriptionNeedsStream, ValidationFailed
from router.pipeline.run import parts
from router.plan.result import Part
from router.wire.exchange import Incoming
from router.wire.incremental import PartsEncoder, PartsFormat
from tests.integration.router.conftest import Platform

REVIEWS = '{ product(id: "1") { name ... @defer(label: "later") { reviews { text } } } }'
WHOLE = {"product": {"name": "Chair", "reviews": [{"text": "Sits well"}]}}


def parts_of(platform: Platform, query: str) -> AsyncGenerator[Part[Mapping[str, Any]], None]:
    incoming = Incoming(
        method="POST",
        headers={"content-type": "application/json"},
        request_id="r",
        body=json.dumps({"query": query}).encode(),
    )
    return parts(incoming, platform.app.router)


async def test_what_is_deferred_comes_later(platform: Platform) -> None:
    encoder = PartsEncoder(PartsFormat.CURRENT)

    written = [encoder.encode(part) async for part in parts_of(platform, REVIEWS)]

    assert written == [
        {
            "data": {"product": {"name": "Chair"}},
            "pending": [{"id": "0", "path": ["product"], "label": "later"}],
            "hasNext": True,
        },
        {
            "incremental": [{"id": "0", "data": {"reviews": [{"text": "Sits well"}]}}],
            "completed": [{"id": "0"}],
            "hasNext": False,
        },
    ]


async def test_the_first_part_does_not_wait_for_the_rest(platform: Platform) -> None:
    async with aclosing(parts_of(platform, '{ echo(text: "x") ... @defer { wait } }')) as running:
        first = await anext(running)
        assert first.data == {"echo": "x"}
        assert first.has_next
        platform.shop.may_answer.set()
        second = await anext(running)

    assert [each.data for each in second.deferred] == [{"wait": "waited"}]


async def test_who_takes_one_piece_gets_everything_in_it(platform: Platform) -> None:
    for _ in range(4):  # compiled after a while
        answer = await platform.ask(REVIEWS)
        assert answer.body == {"data": WHOLE}


async def test_without_anything_deferred_there_is_one_part(platform: Platform) -> None:
    (only,) = [part async for part in parts_of(platform, '{ echo(text: "x") }')]

    assert only.data == {"echo": "x"}
    assert not only.has_next


async def test_errors_in_parts_are_masked_as_always(in_production: Platform) -> None:
    query = '{ echo(text: "x") ... @defer { fail } ... @defer { told: fail(code: "TOLD") } }'

    told = [
        error
        async for part in parts_of(in_production, query)
        for each in part.deferred
        for error in each.errors
    ]

    codes = {error["path"][0]: error["extensions"]["code"] for error in told}
    assert codes == {"fail": "INTERNAL_SERVER_ERROR", "told": "TOLD"}


async def test_introspection_and_typename_can_be_deferred(platform: Platform) -> None:
    query = '{ __typename ... @defer { __type(name: "Product") { name } kind: __typename } }'

    first, second = [part async for part in parts_of(platform, query)]

    assert first.data == {"__typename": "Query"}
    assert [each.data for each in second.deferred] == [{"__type": {"name": "Product"}, "kind": "Query"}]


async def test_lists_are_streamed(platform: Platform) -> None:
    first, second = [
        part async for part in parts_of(platform, "{ products @stream(initialCount: 2) { name } }")
    ]

    assert first.data == {"products": [{"name": "Chair"}, {"name": "Desk"}]}
    assert [each.items for each in second.streamed] == [[{"name": "Lamp"}]]
    answer = await platform.ask("{ products @stream(initialCount: 2) { name } }")
    assert len(answer.body["data"]["products"]) == 3


async def test_introspection_lists_the_directive(platform: Platform) -> None:
    answer = await platform.ask("{ __schema { directives { name } } }")

    listed = {each["name"] for each in answer.body["data"]["__schema"]["directives"]}
    assert {"defer", "stream"} <= listed


@pytest.mark.parametrize(
    "query",
    [
        '{ ... @defer(label: "a") { a: wait } ... @defer(label: "a") { b: wait } }',
        "query ($l: String) { ... @defer(label: $l) { wait } }",
        'mutation { ... @defer { rename(id: "1", name: "x") { id } } }',
        "subscription { reviewAdded { id ... @defer { text } } }",
        "{ wait @defer }",
        "{ wait @stream }",
        "{ products @stream { id } products { name } }",
    ],
)
async def test_what_cannot_be_deferred_is_refused(platform: Platform, query: str) -> None:
    with pytest.raises(ValidationFailed):
        await anext(parts_of(platform, query))


async def test_events_are_no_parts(platform: Platform) -> None:
    with pytest.raises(SubscriptionNeedsStream):
        await anext(parts_of(platform, "subscription { reviewAdded { id } }"))


async def test_a_mutation_runs_once_and_its_answer_comes_in_parts(platform: Platform) -> None:
    query = 'mutation { rename(id: "1", name: "Stool") { name ... @defer { reviews { text } } } }'

    received = [part async for part in parts_of(platform, query)]

    assert received[0].data == {"rename": {"name": "Stool"}}
    assert platform.shop.names["1"] == "Stool"
    assert [each.data for each in received[-1].deferred] == [{"reviews": [{"text": "Sits well"}]}]
