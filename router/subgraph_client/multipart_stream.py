"""Subscriptions as parts of one HTTP answer: the client side of `subscriptionSpec=1.0`."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from email.message import Message
from typing import Any

import orjson

from router.subgraph_client.event_source import MAX_EVENT_BYTES, Listened
from router.subgraph_client.event_stream import plain
from router.subgraph_client.http_stream import OpenAnswer, Silence, StreamPool, unless_silent
from router.subgraph_client.protocol import Failure, SubgraphRequest, SubgraphResponse

MEDIA_TYPE = "multipart/mixed"
ACCEPT = 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json'
MAX_HEAD_BYTES = 16_384


class PartsParser:
    """Bytes as they come → bodies of parts (RFC 2046 §5.1.1). `is_closed`: the last one has come."""

    def __init__(self, boundary: str, max_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._delimiter = b"\r\n--" + boundary.encode("latin-1")
        self._rest = b"\r\n"  # the first delimiter may stand at the very beginning
        self._has_begun = False
        self.is_closed = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The bodies that are complete now; raises OverflowError when one is too large."""
        self._rest += piece
        while not self._note_closed():
            place = self._rest.find(self._delimiter)
            if place < 0:
                break
            section, self._rest = self._rest[:place], self._rest[place + len(self._delimiter) :]
            if self._has_begun:
                yield _body(section)
            self._has_begun = True
        if len(self._rest) > self._max_bytes + MAX_HEAD_BYTES:
            raise OverflowError

    def _note_closed(self) -> bool:
        """A delimiter with two hyphens behind it is the last."""
        self.is_closed = self.is_closed or (self._has_begun and self._rest.startswith(b"--"))
        return self.is_closed


class MultipartSource:
    """One request per subscription; an event's id stands in the extensions of its response."""

    def __init__(self, listened: Listened, pool: StreamPool) -> None:
        self._listened = listened
        self._pool = pool

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """One response per event, until the source ends; raises SubgraphUnavailable."""
        body = orjson.dumps(request.payload)
        headers = self._listened.headers(request.context, body)
        headers |= {"accept": ACCEPT, "content-type": "application/json"}
        async with self._pool.opened(self._listened, headers=headers, body=body) as answer:
            boundary = boundary_of(answer.headers.get("content-type", ""))
            if answer.media_type != MEDIA_TYPE or answer.status != 200 or boundary is None:
                yield await plain(answer, self._listened)
                return
            async with aclosing(self._events(answer, boundary)) as events:
                async for response in events:
                    yield response

    async def close(self) -> None:
        """The connections belong to the pool."""

    async def _events(self, answer: OpenAnswer, boundary: str) -> AsyncGenerator[SubgraphResponse, None]:
        listened, loop = self._listened, asyncio.get_running_loop()
        parser, silence = PartsParser(boundary), Silence(listened.settings.heartbeat)
        async with aclosing(unless_silent(answer.pieces, silence, listened)) as pieces:
            async for piece in pieces:
                try:
                    bodies = list(parser.feed(piece))
                except OverflowError as cause:
                    raise listened.unavailable(Failure.BAD_RESPONSE, "sent too large an event") from cause
                for body in bodies:
                    part = self._decoded(body)
                    if part.get("payload") is not None:
                        yield listened.event(part["payload"])
                    elif part.get("errors"):
                        yield listened.refusal(part["errors"])
                        return
                    else:
                        silence.beat(loop.time())
                if parser.is_closed:
                    return
        raise listened.unavailable(Failure.UNREACHABLE, "broke off the subscription", was_open=True)

    def _decoded(self, body: bytes) -> dict[str, Any]:
        try:
            part = orjson.loads(body)
        except orjson.JSONDecodeError as cause:
            reason = "sent an event that is not JSON"
            raise self._listened.unavailable(Failure.BAD_RESPONSE, reason) from cause
        if not isinstance(part, dict):
            raise self._listened.unavailable(Failure.BAD_RESPONSE, "sent an event of unknown shape")
        return part


def boundary_of(content_type: str) -> str | None:
    """The boundary that a content type names; `-` where it names none, as some servers do."""
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_param("boundary", "-")
    if not isinstance(boundary, str) or not 0 < len(boundary) <= 70 or not boundary.isascii():
        return None
    return boundary


def _body(section: bytes) -> bytes:
    """What stands behind the empty line that ends the head of a part; all of it, if there is no head."""
    head, found, body = section.partition(b"\r\n\r\n")
    return body if found else head
