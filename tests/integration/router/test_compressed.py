"""Compressed requests and answers through a running router."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from router.wire.compression import Coding, compressed, opened
from tests.integration.router.conftest import SETTINGS, Platform, started

JSON = {"content-type": "application/json"}
LARGE = 200_000


@pytest.fixture
async def plain() -> AsyncIterator[Platform]:
    """A client that leaves bodies as they came."""
    async for platform in started(replace(SETTINGS, max_body_bytes=LARGE * 2), over_http=False):
        async with aiohttp.ClientSession(auto_decompress=False) as platform.session:
            yield platform


def echo(text: str) -> bytes:
    return json.dumps({"query": "query($t: String!) { echo(text: $t) }", "variables": {"t": text}}).encode()


async def ask(platform: Platform, body: bytes, **headers: str) -> tuple[Any, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()} | JSON
    async with platform.session.post(platform.url, data=body, headers=named) as response:
        return response, await response.read()


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("size", [1_024, LARGE])
async def test_answers_come_in_the_coding_that_is_accepted(
    plain: Platform, coding: Coding, size: int
) -> None:
    response, body = await ask(plain, echo("x" * size), accept_encoding=coding.value)

    assert response.status == 200
    assert response.headers["content-encoding"] == coding.value
    assert response.headers["vary"] == "accept, accept-encoding"
    assert int(response.headers["content-length"]) == len(body) < size / 4
    assert json.loads(opened(body, coding.value, LARGE * 2)) == {"data": {"echo": "x" * size}}


@pytest.mark.parametrize("accept_encoding", ["identity", "gzip;q=0", "deflate"])
async def test_answers_come_as_they_are_otherwise(plain: Platform, accept_encoding: str) -> None:
    response, body = await ask(plain, echo("x" * 2_000), accept_encoding=accept_encoding)

    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "accept, accept-encoding"
    assert json.loads(body)["data"] == {"echo": "x" * 2_000}


async def test_small_answers_are_left_alone(plain: Platform) -> None:
    response, _ = await ask(plain, echo("x"), accept_encoding="gzip, br, zstd")

    assert "content-encoding" not in response.headers


async def test_events_are_not_held_back_by_compression(plain: Platform) -> None:
    body = json.dumps({"query": "subscription { reviewAdded { text } }"})
    headers = JSON | {"accept": "text/event-stream", "accept-encoding": "gzip, br, zstd"}
    async with plain.session.post(plain.url, data=body, headers=headers) as response:
        async with asyncio.timeout(5):
            while not plain.shop.added:
                await asyncio.sleep(0.001)
            plain.shop.added[0].put_nowait({"text": "x" * 2_000})
            event = await response.content.readuntil(b"}}}\n\n")

    assert "content-encoding" not in response.headers
    assert b"x" * 2_000 in event


@pytest.mark.parametrize("coding", Coding)
async def test_requests_may_be_compressed(plain: Platform, coding: Coding) -> None:
    response, body = await ask(plain, compressed(echo("x" * 10), coding), content_encoding=coding.value)

    assert (response.status, json.loads(body)) == (200, {"data": {"echo": "x" * 10}})


@pytest.mark.parametrize("coding", Coding)
async def test_a_bomb_is_refused(plain: Platform, coding: Coding) -> None:
    bomb = compressed(echo("x" * 50_000_000), coding)
    assert len(bomb) < LARGE * 2

    response, body = await ask(plain, bomb, content_encoding=coding.value)

    assert response.status == 413
    assert json.loads(body)["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"


async def test_an_unknown_coding_is_told_what_is_known(plain: Platform) -> None:
    response, _ = await ask(plain, b"x", content_encoding="deflate")

    assert response.status == 415
    assert response.headers["accept-encoding"] == "zstd, br, gzip"


async def test_compression_can_be_turned_off() -> None:
    async for platform in started(replace(SETTINGS, compress=False), over_http=False):
        response, _ = await ask(platform, echo("x" * 2_000), accept_encoding="gzip")

        assert "content-encoding" not in response.headers
