"""Which heads are plain, and that everything else is left to the parser."""

import time

import pytest

from router.subgraph_client.plain_head import LONGEST, headers_in, plain_length

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("head", "length"),
    [
        (OK + b"content-length: 2\r\n\r\n", 2),
        (OK + b"Content-Type: application/json\r\nCONTENT-LENGTH:0017 \r\nx-y: \xc3\xa9\r\n\r\n", 17),
        (b"HTTP/1.1 200 \r\ncontent-length: 0\r\ndate:\r\n\r\n", 0),
        (OK + b"x-content-length: 5\r\ncontent-length-x: 6\r\ncontent-length: 7\r\n\r\n", 7),
    ],
)
def test_a_plain_head_says_how_long_its_body_is(head: bytes, length: int) -> None:
    assert plain_length(head + b"{}") == (len(head), length)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n",
        b"HTTP/1.1 204 None\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200OK\r\ncontent-length: 2\r\n\r\n",
        b" HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n",
        OK + b"\r\n",
        OK + b"content-length: 2\r\ncontent-length: 2\r\n\r\n",
        OK + b"content-length: 2\r\nContent-Length: 3\r\n\r\n",
        OK + b"content-length: 2, 2\r\n\r\n",
        OK + b"content-length: -2\r\n\r\n",
        OK + b"content-length: +2\r\n\r\n",
        OK + b"content-length: 0x2\r\n\r\n",
        OK + b"content-length: 99999999999\r\n\r\n",
        OK + b"content-length : 2\r\n\r\n",
        OK + b"content-length:\r\n 2\r\n\r\n",
        OK + b"content-length: 2\r\n x: folded\r\n\r\n",
        OK + b"content-length: 2\n\r\n\r\n",
        OK + b"content-length: 2\r\nx: a\rb\r\n\r\n",
        OK + b"content-length: 2\r\nx: a\x00b\r\n\r\n",
        OK + b"content-length: 2\r\nno colon\r\n\r\n",
        OK + b"content-length: 2\r\n: no name\r\n\r\n",
        OK + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\ncontent-length: 2\r\n\r\n",
        OK + b"content-length: 2\r\ncontent-encoding: gzip\r\n\r\n",
        OK + b"content-length: 2\r\nconnection: close\r\n\r\n",
        OK + b"content-length: 2\r\nkeep-alive: timeout=1\r\n\r\n",
        OK + b"upgrade: x\r\ncontent-length: 2\r\n\r\n",
        OK + b"content-length: 2\r\nSet-Cookie: a=b\r\n\r\n",
        OK + b"x: " + b"y" * LONGEST + b"\r\ncontent-length: 2\r\n\r\n",
    ],
)
def test_any_other_head_is_the_parsers(head: bytes) -> None:
    assert plain_length(head + b"{}") is None


@pytest.mark.parametrize("line", [b"a: b\r\n", b"aaaaaaaaaaaaaaaa", b"a:\r\n", b"content-lengt: 1\r\n"])
def test_hostile_heads_take_no_time(line: bytes) -> None:
    begun = time.thread_time()

    assert plain_length(OK + line * 20_000) is None
    assert time.thread_time() - begun < 2


def test_headers_are_read_when_somebody_asks() -> None:
    head = OK + b"Content-Length: 2\r\nX-Name:  \xc3\xa9 \r\nx-name: last\r\nempty:\r\n\r\n"

    assert headers_in(head) == {"content-length": "2", "x-name": "last", "empty": ""}
