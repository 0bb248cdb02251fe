"""Connections whose requests begin too slowly, or never."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest
from starlette.types import Receive, Scope, Send

from router.http.connection import connection_with
from tests.fakes.http_server import HttpServer, serving

SECONDS = 0.05
REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers at once, after a while at /later, and echoes on sockets."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    if scope["path"] == "/later":
        await asyncio.sleep(SECONDS * 6)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with serving(app, connection_with(SECONDS)) as each:
        yield each


async def opened(server: HttpServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", server.port)


async def dripped(reading: asyncio.StreamReader, writing: asyncio.StreamWriter, drops: bytes) -> bytes:
    """What the server says, and then ends, while the drops come one by one."""

    async def drip() -> None:
        with suppress(OSError):
            while True:
                for drop in drops:
                    writing.write(bytes([drop]))
                    await writing.drain()
                    await asyncio.sleep(SECONDS / 10)

    dripping = asyncio.create_task(drip())
    try:
        async with asyncio.timeout(5):
            with suppress(ConnectionResetError):
                return await reading.read()
            return b""
    finally:
        dripping.cancel()
        writing.close()


async def answered(reading: asyncio.StreamReader) -> None:
    async with asyncio.timeout(5):
        assert (await reading.readuntil(b"ok")).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_client_that_says_nothing_is_left(server: HttpServer) -> None:
    reading, writing = await opened(server)

    async with asyncio.timeout(5):
        assert await reading.read() == b""
    writing.close()


@pytest.mark.parametrize("drops", [b"GET / HTTP/1.1\r\nx-a: " + b"x" * 10_000, b"POST /" + b"a" * 10_000])
async def test_a_head_that_drips_is_given_up(server: HttpServer, drops: bytes) -> None:
    assert await dripped(*await opened(server), drops) in (TIMEOUT, b"")


async def test_a_second_head_that_drips_is_given_up(server: HttpServer) -> None:
    reading, writing = await opened(server)
    writing.write(REQUEST)
    await answered(reading)

    assert await dripped(reading, writing, b"GET /?" + b"x" * 10_000) in (TIMEOUT, b"")


async def test_line_breaks_do_not_hold_a_connection(server: HttpServer) -> None:
    reading, writing = await opened(server)
    writing.write(REQUEST)
    await answered(reading)

    assert await dripped(reading, writing, b"\r\n") in (TIMEOUT, b"")


async def test_answers_and_idle_connections_take_their_time(server: HttpServer) -> None:
    reading, writing = await opened(server)
    for _ in range(3):
        writing.write(REQUEST.replace(b"/ ", b"/later "))
        await answered(reading)
        await asyncio.sleep(SECONDS * 4)
    assert not reading.at_eof()
    writing.close()


async def test_sockets_are_another_protocol_s(server: HttpServer) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.url) as socket:
        await asyncio.sleep(SECONDS * 4)
        await socket.send_str("x")
        assert await socket.receive_str(timeout=5) == "x"
