"""Raw connections behave: every form an answer may have, connections kept, shared out and let go."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest

from router.subgraph_client.exchange import HttpAnswer, NoAnswer
from router.subgraph_client.protocol import Failure
from router.subgraph_client.raw_pool import RawPool, _Host, address_of
from tests.fakes.http_server import serving_raw

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture
async def pool() -> AsyncIterator[RawPool]:
    pool = RawPool(connect_seconds=30, connections_per_host=2, max_answer_bytes=1_000, idle_seconds=10)
    yield pool
    await pool.close()


async def post(
    pool: RawPool, url: str, *, seconds: float = 30, headers: dict[str, str] | None = None
) -> HttpAnswer:
    address = address_of(url)
    assert address is not None
    return await pool.post(address, headers=headers or {}, body=b"question", seconds=seconds)


class Server:
    """Answers every question with the same bytes, in pieces; counts its connections."""

    def __init__(self, answer: bytes, *, pieces: int | None = None, closes: bool = False) -> None:
        self._answer = answer
        self._pieces = pieces or len(answer) or 1
        self._closes = closes
        self.connections = 0
        self.heads: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            try:
                self.heads.append(await reader.readuntil(b"question"))
            except asyncio.IncompleteReadError:
                break
            for start in range(0, len(self._answer), self._pieces):
                writer.write(self._answer[start : start + self._pieces])
                await writer.drain()
                await asyncio.sleep(0)
            if self._closes:
                break
        writer.close()


CHUNKED = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\nx-trailer: 1\r\n\r\n"
)


def packed(body: bytes, encoding: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: %s\r\ncontent-length: %d\r\n\r\n"
    return head % (encoding, len(body)) + body


@pytest.mark.parametrize("pieces", [1, 7, None])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(OK, id="plain"),
        pytest.param(CHUNKED, id="chunked"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + OK, id="interim"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK, id="hints"),
        pytest.param(packed(gzip.compress(b"ok", mtime=0), b"gzip"), id="gzip"),
        pytest.param(packed(zlib.compress(b"ok"), b"deflate"), id="deflate"),
        pytest.param(packed(b"ok", b"identity"), id="identity"),
    ],
)
async def test_every_form_of_an_answer_is_read(pool: RawPool, answer: bytes, pieces: int | None) -> None:
    server = Server(answer, pieces=pieces)

    async with serving_raw(server) as url:
        answers = [await post(pool, url) for _ in range(3)]
        await pool.close()

    assert [(each.status, each.body) for each in answers] == [(200, b"ok")] * 3
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nok", id="until the end of the connection"),
        pytest.param(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", id="HTTP/1.0"),
        pytest.param(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", id="close"),
    ],
)
async def test_a_connection_that_ends_is_not_used_again(pool: RawPool, answer: bytes) -> None:
    server = Server(answer, closes=True)

    async with serving_raw(server) as url:
        bodies = [(await post(pool, url)).body for _ in range(2)]

    assert bodies == [b"ok", b"ok"]
    assert server.connections == 2


async def test_bytes_after_the_answer_end_the_connection_and_are_nobodys_answer(pool: RawPool) -> None:
    server = Server(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")

    async with serving_raw(server) as url:
        answers = [await post(pool, url) for _ in range(2)]
        await pool.close()

    assert [(each.body, dict(each.headers)) for each in answers] == [(b"ok", {"content-length": "2"})] * 2
    assert server.connections == 2


async def test_headers_and_cookies_are_read(pool: RawPool) -> None:
    answer = b"HTTP/1.1 201 X\r\nSet-Cookie: a=1\r\nX-Y:  z \r\nset-cookie: b=2\r\ncontent-length: 0\r\n\r\n"

    async with serving_raw(Server(answer)) as url:
        got = await post(pool, url, headers={"x-asked": "ü"})
        await pool.close()

    assert (got.status, got.body, got.set_cookies, got.headers["x-y"]) == (201, b"", ("a=1", "b=2"), "z")


async def test_the_request_says_where_it_goes_and_how_long_it_is(pool: RawPool) -> None:
    server = Server(OK)

    async with serving_raw(server) as url:
        await post(pool, f"{url}/path/x?y=z", headers={"a": "b"})
        await pool.close()

    host = url.removeprefix("http://").rstrip("/")
    head = f"POST /path/x?y=z HTTP/1.1\r\nhost: {host}\r\na: b\r\ncontent-length: 8\r\n\r\nquestion"
    assert server.heads == [head.encode()]


@pytest.mark.parametrize("value", ["a\r\nevil: 1", "a\nb", "a\rb", "a\0b"])
async def test_a_header_cannot_smuggle_in_another(pool: RawPool, value: str) -> None:
    server = Server(OK)

    async with serving_raw(server) as url:
        with pytest.raises(NoAnswer):
            await post(pool, url, headers={"x": value})

    assert server.heads == []


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", Failure.BAD_RESPONSE),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000, Failure.BAD_RESPONSE),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"ff\r\n" + b"x" * 255,
            Failure.BAD_RESPONSE,
        ),
        (packed(b"not gzip", b"gzip"), Failure.BAD_RESPONSE),
        (packed(gzip.compress(b"ok", mtime=0)[:-5], b"gzip"), Failure.BAD_RESPONSE),
        (packed(gzip.compress(b" " * 5_000, mtime=0), b"gzip"), Failure.BAD_RESPONSE),
        (packed(b"ok", b"br"), Failure.BAD_RESPONSE),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n" + b"x" * 1001, Failure.BAD_RESPONSE),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", Failure.BAD_RESPONSE),
        (b"", Failure.UNREACHABLE),
    ],
)
async def test_what_is_no_answer_is_refused(pool: RawPool, answer: bytes, failure: Failure) -> None:
    async with serving_raw(Server(answer, closes=True)) as url:
        with pytest.raises(NoAnswer) as refused:
            await post(pool, url)

    assert refused.value.failure is failure


async def test_an_endless_answer_is_cut_off(pool: RawPool) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 10_000)
            try:
                await writer.drain()
            except ConnectionError:
                break

    async with serving_raw(connected) as url:
        with pytest.raises(NoAnswer, match="more than 1000 bytes"):
            await post(pool, url)


async def test_a_connection_closed_while_idle_is_replaced(pool: RawPool) -> None:
    server = Server(OK, closes=True)

    async with serving_raw(server) as url:
        await post(pool, url)
        while any(each.is_open for host in pool._hosts.values() for each in host.idle):
            await asyncio.sleep(0)
        second = await post(pool, url)

    assert second.body == b"ok"


async def test_no_more_connections_than_allowed_and_everyone_gets_a_turn(pool: RawPool) -> None:
    at_once = most = 0

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal at_once, most
        while True:
            try:
                await reader.readuntil(b"question")
            except asyncio.IncompleteReadError:
                break
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0)
            at_once -= 1
            writer.write(OK)
        writer.close()

    async with serving_raw(connected) as url:
        answers = await asyncio.gather(*(post(pool, url) for _ in range(20)))
        await pool.close()

    assert len(answers) == 20
    assert most <= 2


async def test_waiting_for_a_turn_ends_and_lost_turns_are_handed_on(pool: RawPool) -> None:
    hold, asked = asyncio.Event(), asyncio.Semaphore(0)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                await reader.readuntil(b"question")
            except asyncio.IncompleteReadError:
                break
            asked.release()
            await hold.wait()
            writer.write(OK)
        writer.close()

    async with serving_raw(connected) as url:
        holding = [asyncio.ensure_future(post(pool, url)) for _ in range(2)]
        await asked.acquire()
        await asked.acquire()
        with pytest.raises(NoAnswer) as refused:
            await post(pool, url, seconds=0.02)
        given_up = asyncio.ensure_future(post(pool, url))
        await asyncio.sleep(0)
        given_up.cancel()
        patient = asyncio.ensure_future(post(pool, url))
        hold.set()
        await asyncio.gather(*holding, patient)
        await asyncio.gather(*(post(pool, url) for _ in range(4)))
        await pool.close()

    assert refused.value.failure is Failure.TIMEOUT


async def test_a_turn_that_comes_too_late_goes_to_the_next() -> None:
    host = _Host(1, 4.0, asyncio.get_running_loop())
    await host.enter(5)
    late = asyncio.ensure_future(host.enter(5))
    await asyncio.sleep(0)

    host.leave()  # its turn has come
    late.cancel()  # but it does not want it any more
    with pytest.raises(asyncio.CancelledError):
        await late

    assert host.in_use == 0


async def test_a_request_that_is_given_up_closes_its_connection(pool: RawPool) -> None:
    ended = asyncio.Event()
    asked = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"question")
        asked.set()
        with suppress(ConnectionError):
            await reader.read()
        ended.set()
        writer.close()

    async with serving_raw(connected) as url:
        asking = asyncio.ensure_future(post(pool, url))
        await asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.wait_for(ended.wait(), 5)


@pytest.mark.parametrize(
    "url",
    [
        "https://a/",
        "http://",
        "http://u:p@a/",
        "http://a/ü",
        "http://a:x/",
        "ftp://a/",
        "http://a/ b",
        "",
        "x",
        "http://a/#f",
    ],
)
def test_unusual_addresses_are_left_to_the_library(url: str) -> None:
    assert address_of(url) is None
