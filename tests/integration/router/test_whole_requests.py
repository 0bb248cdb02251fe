"""Requests that come whole are begun at once: in order, each with its own head and body, however cut."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from starlette.types import Receive, Scope, Send

from router.http.connection import connection_with
from router.http.endpoint import unless_left, write
from router.http.scope import ClientLeft, headers_of, read_body
from router.prompt import Prompt
from router.wire.exchange import Outgoing
from tests.fakes.http_server import HttpServer, serving

TAIL = b"HTTP/1.1\r\nhost: x\r\naccept: application/json\r\n"


class App:
    """Says what it was asked; a body of `wait` is answered when `go` is set."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.waits = asyncio.Event()
        self.has_left = asyncio.Event()
        self.prompts: list[bool] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError
        self.prompts.append(isinstance(asyncio.current_task(), Prompt))
        headers = headers_of(scope)
        body = await read_body(receive, headers, limit=100_000, seconds=10)
        if body.startswith(b"wait"):
            self.waits.set()
            try:
                await unless_left(self.go.wait(), receive)
            except ClientLeft:
                self.has_left.set()
                return
        said = {"path": scope["path"], "length": headers["content-length"], "body": body.decode()[:50]}
        headers_of(scope)["spoilt"] = "1"
        said["x"] = headers.get("x", "") + headers.get("spoilt-before", "")
        await write(Outgoing(status=200, body=json.dumps(said).encode()), send)


@pytest.fixture
async def app() -> App:
    return App()


@pytest.fixture
async def server(app: App) -> AsyncIterator[HttpServer]:
    async with serving(app, connection_with(10.0, "/graphql")) as each:
        yield each
        app.go.set()


def request(body: bytes, *, path: bytes = b"/graphql", more: bytes = b"") -> bytes:
    return b"POST %b %b%bcontent-length: %d\r\n\r\n%b" % (path, TAIL, more, len(body), body)


class Client:
    """One connection that reads answer by answer."""

    def __init__(self, reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        self._reading = reading
        self.writing = writing

    async def read(self) -> dict[str, str]:
        async with asyncio.timeout(20):
            head = await self._reading.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n"), head
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length")
            )
            answer: dict[str, str] = json.loads(await self._reading.readexactly(length))
            return answer

    async def ask(self, *pieces: bytes) -> dict[str, str]:
        for piece in pieces:
            self.writing.write(piece)
            await self.writing.drain()
            await asyncio.sleep(0)
        return await self.read()


@pytest.fixture
async def client(server: HttpServer) -> AsyncIterator[Client]:
    reading, writing = await asyncio.open_connection("127.0.0.1", server.port)
    yield Client(reading, writing)
    writing.close()


async def test_a_head_that_comes_again_is_read_as_the_first_time(client: Client, app: App) -> None:
    for body in (b"a", b"bb", b"c" * 60_000, b"", b"dd"):
        said = await client.ask(request(body))

        assert said == {"path": "/graphql", "length": str(len(body)), "body": body.decode()[:50], "x": ""}
    assert app.prompts == [True] * 5


async def test_other_heads_in_between_stay_themselves(client: Client) -> None:
    said = [
        await client.ask(request(b"1", more=more, path=path))
        for more, path in [
            (b"", b"/graphql"),
            (b"x: one\r\n", b"/graphql"),
            (b"", b"/elsewhere"),
            (b"x: two\r\n", b"/graphql"),
            (b"", b"/graphql"),
            (b"x: one\r\n", b"/graphql"),
            (b"", b"/elsewhere"),
        ]
    ]

    assert [(each["x"], each["path"]) for each in said] == [
        ("", "/graphql"),
        ("one", "/graphql"),
        ("", "/elsewhere"),
        ("two", "/graphql"),
        ("", "/graphql"),
        ("one", "/graphql"),
        ("", "/elsewhere"),
    ]


@pytest.mark.parametrize("cut", [1, 4, 30, 60, -1, -5])
async def test_a_request_in_pieces_is_one_request(client: Client, cut: int) -> None:
    whole = request(b"hello")

    for _ in range(2):
        assert (await client.ask(whole))["body"] == "hello"
        assert (await client.ask(whole[:cut], whole[cut:]))["body"] == "hello"


async def test_requests_in_one_piece_are_answered_in_order(client: Client) -> None:
    await client.ask(request(b"known"))

    client.writing.write(request(b"1") + request(b"2", more=b"x: y\r\n") + request(b"3"))

    assert [(await client.read())["body"] for _ in range(3)] == ["1", "2", "3"]
    assert (await client.ask(request(b"4")))["body"] == "4"


@pytest.mark.parametrize("next_head", [b"", b"x: y\r\n"])
async def test_what_is_sent_meanwhile_waits_its_turn(client: Client, app: App, next_head: bytes) -> None:
    await client.ask(request(b"known"))

    client.writing.write(request(b"wait"))
    await asyncio.wait_for(app.waits.wait(), 20)
    client.writing.write(request(b"next", more=next_head))
    await client.writing.drain()
    for _ in range(50):  # the bytes are there long before
        await asyncio.sleep(0)
    app.go.set()

    assert [(await client.read())["body"] for _ in range(2)] == ["wait", "next"]


@pytest.mark.parametrize("is_known", [False, True])
async def test_who_leaves_is_no_longer_worked_for(client: Client, app: App, is_known: bool) -> None:
    if is_known:
        await client.ask(request(b"known"))

    client.writing.write(request(b"wait"))
    await asyncio.wait_for(app.waits.wait(), 20)
    client.writing.close()

    await asyncio.wait_for(app.has_left.wait(), 20)


@pytest.mark.parametrize(
    "smuggling",
    [
        b"POST /graphql %bcontent-length: 3\r\ncontent-length: 5\r\n\r\nabcde" % TAIL,
        b"POST /graphql %bcontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" % TAIL,
        b"POST /graphql %bcontent-length: 1\r\n x: y\r\n\r\na" % TAIL.replace(b"x\r\n", b"x\n"),
    ],
)
async def test_a_known_head_opens_no_way_for_a_strange_one(client: Client, smuggling: bytes) -> None:
    await client.ask(request(b"abc"))
    await client.ask(request(b"abcde"))

    client.writing.write(smuggling)

    async with asyncio.timeout(20):
        answer = await client._reading.read(12)
    assert answer in (b"HTTP/1.1 400", b"")


async def test_an_answer_may_ask_to_be_the_last(server: HttpServer, client: Client) -> None:
    await client.ask(request(b"known"))

    said = await client.ask(request(b"bye", more=b"connection: close\r\n"))

    assert said["body"] == "bye"
    async with asyncio.timeout(20):
        assert await client._reading.read() == b""
