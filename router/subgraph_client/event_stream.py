"""Subscriptions as server-sent events: the client side of graphql-sse, distinct connections mode."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson

from router.subgraph_client.answer import decode
from router.subgraph_client.event_source import MAX_EVENT_BYTES, Listened
from router.subgraph_client.http_stream import OpenAnswer, Silence, StreamPool, unless_silent, whole
from router.subgraph_client.protocol import Failure, SubgraphRequest, SubgraphResponse

MEDIA_TYPE = "text/event-stream"
LAST_EVENT_ID = "last-event-id"


@dataclass(frozen=True, slots=True)
class Sent:
    """One event of a stream; a comment, which is a sign of life, has no name."""

    name: str
    data: bytes
    id: str | None = None


class EventStreamParser:
    """Bytes as they come → events (HTML Living Standard, §9.2.6). Lines end with LF, CR LF or CR."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[bytes] = []
        self._length = 0
        self._id: str | None = None
        self._is_first = True

    def feed(self, piece: bytes) -> Iterator[Sent]:
        """The events that are complete now; raises OverflowError when one is too large."""
        if self._is_first:
            self._is_first = False
            piece = piece.removeprefix(b"\xef\xbb\xbf")
        text = self._rest + piece
        if text.endswith(b"\r"):  # the LF may be on its way
            text, held = text[:-1], b"\r"
        else:
            held = b""
        *lines, rest = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = rest + held
        if len(self._rest) + self._length > MAX_EVENT_BYTES:
            raise OverflowError
        for line in lines:
            yield from self._line(line)

    def _line(self, line: bytes) -> Iterator[Sent]:
        if not line:
            if self._data:
                yield Sent(self._name or "message", b"\n".join(self._data), self._id)
            self._name, self._data, self._length = "", [], 0
            return
        if line.startswith(b":"):
            yield Sent("", b"")
            return
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match field:
            case b"data":
                self._length += len(value)
                if self._length > MAX_EVENT_BYTES:
                    raise OverflowError
                self._data.append(value)
            case b"event":
                self._name = value.decode("utf-8", "replace")
            case b"id" if b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
            case _:
                pass


class EventStreamSource:
    """One request per subscription; what the subgraph sends `id:` with can be gone on behind."""

    def __init__(self, listened: Listened, pool: StreamPool) -> None:
        self._listened = listened
        self._pool = pool

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """One response per event, until the source ends; raises SubgraphUnavailable."""
        body = orjson.dumps(request.payload)
        headers = self._listened.headers(request.context, body)
        headers |= {"accept": MEDIA_TYPE, "content-type": "application/json", "cache-control": "no-cache"}
        if request.last_event_id is not None:
            headers[LAST_EVENT_ID] = request.last_event_id
        async with self._pool.opened(self._listened, headers=headers, body=body) as answer:
            if answer.media_type != MEDIA_TYPE or answer.status != 200:
                yield await plain(answer, self._listened)
                return
            async with aclosing(self._events(answer)) as events:
                async for response in events:
                    yield response

    async def close(self) -> None:
        """The connections belong to the pool."""

    async def _events(self, answer: OpenAnswer) -> AsyncGenerator[SubgraphResponse, None]:
        listened, loop = self._listened, asyncio.get_running_loop()
        parser, silence = EventStreamParser(), Silence(listened.settings.heartbeat)
        async with aclosing(unless_silent(answer.pieces, silence, listened)) as pieces:
            async for piece in pieces:
                try:
                    sent = list(parser.feed(piece))
                except OverflowError as cause:
                    raise listened.unavailable(Failure.BAD_RESPONSE, "sent too large an event") from cause
                for each in sent:
                    match each.name:
                        case "next" | "message":
                            yield listened.event(self._decoded(each.data), each.id or None)
                        case "complete":
                            return
                        case "":
                            silence.beat(loop.time())
                        case _:
                            pass
        raise listened.unavailable(Failure.UNREACHABLE, "broke off the subscription", was_open=True)

    def _decoded(self, data: bytes) -> Any:
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as cause:
            reason = "sent an event that is not JSON"
            raise self._listened.unavailable(Failure.BAD_RESPONSE, reason) from cause


async def plain(answer: OpenAnswer, listened: Listened) -> SubgraphResponse:
    """An answer that is no stream: it says why there will be none; raises SubgraphUnavailable."""
    body = await whole(answer, listened)
    try:
        response = decode(listened.name, body)
    except Exception as cause:
        if not 200 <= answer.status < 300:
            reason = f"answered with the HTTP status {answer.status}"
            raise listened.unavailable(Failure.HTTP_ERROR, reason) from cause
        raise
    if not response.errors:
        raise listened.unavailable(Failure.BAD_RESPONSE, "answered once, where events were asked for")
    return response
