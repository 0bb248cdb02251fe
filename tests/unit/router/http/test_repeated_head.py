"""What a connection remembers of heads: scopes that no request can spoil for the next, nothing unusual."""

from typing import Any

import pytest

from router.http.repeated_head import HEADERS_READ, LONGEST, MOST, TRIES, RepeatedHeads, Split, split
from router.http.scope import headers_of, headers_read

HEAD = b"POST /graphql HTTP/1.1\r\nhost: x\r\nContent-Length: %d\r\naccept: */*\r\n\r\n"


def whole(body: bytes, head: bytes = HEAD) -> Split:
    found = split(head % len(body) + body)
    assert found is not None
    return found


def scope(*more: tuple[bytes, bytes], length: bytes = b"2") -> dict[str, Any]:
    headers = [(b"host", b"x"), (b"content-length", length), (b"accept", b"*/*"), *more]
    return {"http_version": "1.1", "headers": headers, "state": {}, "path": "/graphql"}


def learned(*more: tuple[bytes, bytes]) -> RepeatedHeads:
    heads, first = RepeatedHeads(), scope(*more)
    heads.learn(whole(b"{}"), first, headers_read(first))
    return heads


def test_the_length_is_each_requests_own() -> None:
    again = learned().scope_of(whole(b"{...}"))

    assert again is not None
    assert again["headers"] == scope(length=b"5")["headers"]
    assert headers_of(again) == {"host": "x", "content-length": "5", "accept": "*/*"}


@pytest.mark.parametrize(
    "data",
    [
        HEAD % 2 + b"{",
        HEAD % 2 + b"{}{",
        HEAD % 0,
        HEAD.replace(b"%d", b"2x") + b"{}",
        HEAD.replace(b"%d", b"+2") + b"{}",
        HEAD.replace(b"%d", b"9999999999") + b"{}",
        HEAD.replace(b"\r\n\r\n", b"\r\n") % 2 + b"{}",
        b"POST / HTTP/1.1\r\nx: %b\r\n" % (b"y" * LONGEST) + HEAD % 2 + b"{}",
        b"POST / HTTP/1.1\r\n\r\ncontent-length: 2\r\n{}",
    ],
)
def test_what_is_not_exactly_one_request_is_the_parsers(data: bytes) -> None:
    found = split(data)

    assert found is None or (found.body, found.digits) == (b"", b"0")


@pytest.mark.parametrize(
    "header",
    [
        (b"content-length", b"2"),
        (b"transfer-encoding", b"chunked"),
        (b"connection", b"close"),
        (b"expect", b"100-continue"),
        (b"upgrade", b"websocket"),
        (b"content-encoding", b"gzip"),
    ],
)
def test_unusual_heads_are_not_learned(header: tuple[bytes, bytes]) -> None:
    assert learned(header).scope_of(whole(b"{}")) is None


def test_a_head_that_differs_in_anything_else_is_another() -> None:
    heads = learned()

    assert heads.scope_of(whole(b"{}", HEAD.replace(b"*/*", b"*/ *"))) is None
    assert heads.scope_of(whole(b"{}", HEAD.replace(b"Content", b"content"))) is None


def test_one_request_spoils_nothing_for_the_next() -> None:
    heads = learned()
    first = heads.scope_of(whole(b"{}"))
    assert first is not None
    first["headers"].append((b"x-evil", b"1"))
    first["state"]["seen"] = True
    first["path"] = "/elsewhere"
    headers_of(first)["x-evil"] = "1"

    second = heads.scope_of(whole(b"{}"))

    assert second is not None
    assert {key: second[key] for key in scope()} == scope()
    assert second[HEADERS_READ] == headers_read(scope())


def test_few_are_kept_and_changing_ones_not_at_all() -> None:
    heads = RepeatedHeads()
    for number in range(TRIES):
        head = HEAD.replace(b"*/*", b"%b" % str(number).encode())
        heads.learn(whole(b"{}", head), scope(), ({}, 0))

    assert len(heads._known) == MOST
    assert not heads.are_worth_it
