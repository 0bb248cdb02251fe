"""Any bytes at the door, as HTTP, JSON, frames, GraphQL: no crash, no long work, nothing of our inside shown.

Time is that of the processor: a machine that is busy elsewhere is no fault of ours.
"""

import asyncio
import json
import struct
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.router.conftest import SETTINGS, Platform, started

LONGEST = 1.0
PATIENCE = 30.0
SOME = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
QUERY = '{"query":"query Q($t: String!) { echo(text: $t) products { id name } }","variables":{"t":"x"}}'
REQUEST = (
    "POST /graphql HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\naccept: application/json\r\n"
    f"content-length: {len(QUERY)}\r\n\r\n{QUERY}"
).encode()
HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nhost: here\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)
SPICE = [
    b"\r\n", b"\n", b"\0", b"\xff", b" ", b":", b"0", b"9" * 30, b"-1", b"chunked", b"HTTP/9.9",
    b"transfer-encoding: chunked\r\n", b"content-length: 5\r\n", b"expect: 100-continue\r\n",
    b"connection: close\r\n", b"content-encoding: gzip\r\n",
    b"{", b"[" * 200, b'"', b"\\ud800", b"1e999", b"NaN", b"$", b"...", b"@defer ", b"x" * 3000,
]  # fmt: skip


@pytest.fixture(scope="module")
async def router() -> AsyncIterator[Platform]:
    async for each in started(SETTINGS, over_http=False):
        yield each


@st.composite
def spoilt(draw: st.DrawFn, whole: bytes) -> bytes:
    """Something that was right, cut, repeated and seasoned at a few places."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(whole)))
        to = draw(st.integers(at, min(len(whole), at + 40)))
        change = draw(st.sampled_from(["drop", "repeat", "season", "any"]))
        match change:
            case "drop":
                whole = whole[:at] + whole[to:]
            case "repeat":
                whole = whole[:to] + whole[at:]
            case "season":
                whole = whole[:at] + draw(st.sampled_from(SPICE)) + whole[at:]
            case _:
                whole = whole[:at] + draw(st.binary(max_size=8)) + whole[to:]
    return whole


def request_with(body: bytes) -> bytes:
    """A sound request around any body."""
    head = (
        "POST /graphql HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n"
        f"accept: application/json\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@st.composite
def frame(draw: st.DrawFn) -> bytes:
    """A frame (RFC 6455 §5.2): now and then of a reserved kind, unmasked, or not as long as it says."""
    opcode = draw(st.sampled_from([1, 1, 1, 1, 2, 0, 8, 9, 10, 3, 15]))
    head = (0x80 if draw(st.integers(0, 7)) else 0) | (0 if draw(st.integers(0, 7)) else 0x40) | opcode
    message = draw(st.sampled_from([
        b'{"type":"connection_init"}', b'{"type":"ping"}', b'{"id":"1","type":"complete"}', b"", b"\x03\xe8",
        b'{"id":"1","type":"subscribe","payload":{"query":"subscription { reviewAdded { id } }"}}',
        b'{"id":"2","type":"subscribe","payload":' + QUERY.encode() + b"}",
    ]))  # fmt: skip
    payload = draw(st.one_of(st.just(message), spoilt(message)))
    is_masked = draw(st.integers(0, 9)) > 0
    size = len(payload) if draw(st.integers(0, 9)) else draw(st.sampled_from([0, 1, 2**40, 2**63]))
    flag = 0x80 if is_masked else 0
    if size < 126:
        length = bytes([flag | size])
    elif size < 2**16:
        length = bytes([flag | 126]) + struct.pack("!H", size)
    else:
        length = bytes([flag | 127]) + struct.pack("!Q", size)
    return bytes([head]) + length + (b"\0\0\0\0" if is_masked else b"") + payload


NAMES = st.sampled_from(["echo", "products", "id", "name", "child", "fail", "none", "__typename", "__schema"])


@st.composite
def documents(draw: st.DrawFn) -> str:
    """GraphQL text of the right shape, large and repetitive more often than right."""
    pieces: list[str] = []
    for number in range(draw(st.integers(1, 4))):
        field = draw(NAMES)
        inner = draw(NAMES)
        deep = draw(st.sampled_from([1, 3, 40, 1500]))
        wide = draw(st.sampled_from([1, 3, 40, 800]))
        spread = draw(st.sampled_from(["", "...F0 ", "...F1 ", "... on Query { echo } ", "@skip(if: true) "]))
        shape = draw(st.sampled_from([
            "{ " + f"{field} {{ " * deep + inner + " }" * deep + " }",
            "{ " + " ".join(f"a{at}: {field} {{ {inner} }}" for at in range(wide)) + " }",
            "{ " + f"{field} {{ {spread}{inner} }} " * wide + " }",
            f"fragment F{number} on Query {{ {spread}{field} {{ {inner} }} }}",
            "query (" + " ".join(f"$v{at}: {'[' * 3}Int{']' * 3}" for at in range(wide)) + f") {{ {field} }}",
            "{ echo(text: " + "[" * deep + "]" * deep + ") }",
            "{ echo(text: " + json.dumps("\\u0000" * wide) + ") }",
            f"subscription {{ {field} {{ {inner} }} {spread}}}",
        ]))  # fmt: skip
        pieces.append(shape)
    return "\n".join(pieces)


async def said_to(router: Platform, *parts: bytes, leaves: bool = True) -> bytes:
    """Everything that comes back, until the server has no more to say; who `leaves` says so at once."""
    host, port = router.server.url.removeprefix("http://").split(":")
    before = time.process_time()
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            for part in parts:
                writer.write(part)
            if leaves:
                writer.write_eof()
            heard = await reader.read()
        except ConnectionError:
            heard = b""
        finally:
            writer.close()
    assert time.process_time() - before < LONGEST
    assert b"Traceback" not in heard
    assert b'.py"' not in heard
    return heard


async def well(router: Platform) -> bool:
    answer = await router.ask('{ echo(text: "still there") }')
    return bool(answer.body == {"data": {"echo": "still there"}})


@SOME
@given(request=spoilt(REQUEST))
async def test_any_http(router: Platform, request: bytes) -> None:
    heard = await said_to(router, request)

    assert heard == b"" or heard.startswith(b"HTTP/1.1 ")
    assert not heard.startswith(b"HTTP/1.1 5")
    assert await well(router)


@SOME
@given(body=spoilt(QUERY.encode()))
async def test_any_json(router: Platform, body: bytes) -> None:
    heard = await said_to(router, request_with(body), leaves=False)

    status = int(heard.split(b" ", 2)[1])
    assert status < 500
    answer = json.loads(heard.partition(b"\r\n\r\n")[2])
    assert answer.keys() <= {"data", "errors"}
    assert all(isinstance(error["extensions"]["code"], str) for error in answer.get("errors", ()))


@SOME
@given(frames=st.lists(frame(), max_size=6))
async def test_any_frames(router: Platform, frames: list[bytes]) -> None:
    heard = await said_to(router, HANDSHAKE, *frames)

    assert heard.startswith(b"HTTP/1.1 101 ")
    assert b"\x03\xf3" not in heard  # 1011: the server met something that it did not expect
    assert b"INTERNAL_SERVER_ERROR" not in heard
    assert await well(router)


@SOME
@given(text=documents())
async def test_any_document(router: Platform, text: str) -> None:
    heard = await said_to(router, request_with(json.dumps({"query": text}).encode()), leaves=False)

    assert int(heard.split(b" ", 2)[1]) < 500
    answer = json.loads(heard.partition(b"\r\n\r\n")[2])
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    assert "INTERNAL_SERVER_ERROR" not in codes
