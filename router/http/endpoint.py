"""POST and GET of the graph: a bare ASGI callable, because Starlette would cost as much as the rest."""

import asyncio
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from dataclasses import replace
from math import inf
from typing import Any, TypeVar

from starlette.types import Receive, Scope, Send

from router.deadlines import deadlines_of
from router.errors import ClientError, Overloaded
from router.http.admission import Admission
from router.http.compression import smaller
from router.http.direct import Direct, direct
from router.http.explorer import Explorer
from router.http.scope import (
    ClientLeft,
    check_headers,
    client_address_of,
    headers_of,
    read_body,
    request_id_of,
)
from router.http.streams import Streams
from router.pipeline.batch import Answering, Batches, is_batch
from router.pipeline.respond import refused
from router.pipeline.router import Router
from router.pipeline.values import Streamed
from router.wire.compression import opened
from router.wire.exchange import Incoming, Outgoing
from router.wire.negotiate import wants_page
from router.wire.rate_limits import rate_limit_headers

Result = TypeVar("Result")

CLOSE = (b"connection", b"close")
PATIENCE = 0.5  # most answers are there before it is worth a task to listen for the end
LINGER_SECONDS = 2.0
LINGER_BYTES = 64 * 1024 * 1024


class GraphQLEndpoint:
    """Reads one request, lets the pipeline answer it, writes the answer."""

    def __init__(
        self,
        router: Router,
        answer: Answering,
        explorer: Explorer | None,
        streams: Streams,
        batches: Batches | None,
        admission: Admission,
    ) -> None:
        self._router = router
        self._admission = admission
        self._streams = streams
        self._batches = batches
        settings = router.settings
        self._max_header_bytes = settings.max_header_bytes
        self._max_body_bytes, self._body_seconds = settings.max_body_bytes, settings.timeouts.body
        self._trusted = settings.trusted_proxies, settings.address_header
        self._compress_above: float = settings.compress_above if settings.compress else inf
        self._answer = answer
        self._explorer = explorer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        headers = headers_of(scope)
        request_id = request_id_of(headers)
        if self._admission.is_overfull:  # refused as cheaply as can be; the server drops what body it has
            self._admission.refused += 1
            unread = Incoming(method=scope["method"], headers=headers, request_id=request_id)
            await write(refused(Overloaded(), unread), send)
            return
        try:
            check_headers(scope, self._max_header_bytes)
            body = b""
            if scope["method"] == "POST":
                limit, seconds = self._max_body_bytes, self._body_seconds
                body = await read_body(receive, headers, limit=limit, seconds=seconds)
            coding = headers.pop("content-encoding", None)
            if coding is not None and body:
                body = opened(body, coding, self._max_body_bytes)
            incoming = Incoming(
                method=scope["method"],
                headers=headers,
                request_id=request_id,
                query_string=scope["query_string"],
                body=body,
                client_address=client_address_of(scope, *self._trusted),
            )
            if self._explorer is not None and is_page_request(incoming):
                await self._explorer.page(request_id)(scope, receive, send)
                return
            answer = self._answer
            if self._batches is not None and is_batch(incoming):
                answer = self._batches.answer
            if self._admission.is_full:
                await unless_left(self._admission.turn(), receive)
            else:
                self._admission.in_flight += 1
            try:
                outgoing = await unless_left(answer(incoming, self._router), receive)
            finally:
                self._admission.leave()
            if incoming.standings:
                limits = rate_limit_headers(incoming.standings.values())
                outgoing = replace(outgoing, headers=(*outgoing.headers, *limits))
            if isinstance(outgoing, Streamed):
                if outgoing.goes_on:
                    self._streams.check_room()
                await self._streams.deliver(outgoing, incoming.client_address, receive, send)
                return
        except ClientLeft:
            return
        except Overloaded as refusal:  # its body was read: the connection can go on
            await write(refused(refusal, incoming), send)
            return
        except ClientError as refusal:
            unread = Incoming(method=scope["method"], headers=headers, request_id=request_id)
            await write_and_close(refused(refusal, unread), receive, send)
            return
        if len(outgoing.body) >= self._compress_above:
            outgoing = await smaller(outgoing, headers.get("accept-encoding"))
        await write(outgoing, send)


def is_page_request(incoming: Incoming) -> bool:
    """A browser opens the address of the graph."""
    return (
        incoming.method in ("GET", "HEAD")
        and not any(name in incoming.query_string for name in (b"query=", b"documentId=", b"extensions="))
        and wants_page(incoming.headers.get("accept"))
    )


def unless_left(answering: Awaitable[Result], receive: Receive) -> Coroutine[Any, Any, Result]:
    """The answer; given up, with ClientLeft, when it takes long and the client hangs up meanwhile."""
    server = direct(receive)
    return _unless_left(answering, receive) if server is None else _unless_cut_off(answering, server)


async def _unless_left(answering: Awaitable[Result], receive: Receive) -> Result:
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    watch, deadlines = _Watch(receive, task, loop), deadlines_of(loop)
    deadlines.watch(watch)
    try:
        return await answering
    except asyncio.CancelledError:
        if not watch.has_left or task is None or task.uncancel():
            raise
        raise ClientLeft from None
    finally:
        deadlines.forget(watch)
        watch.end()


async def _unless_cut_off(answering: Awaitable[Result], server: Direct) -> Result:
    """The same, where the server says at once that the client has hung up."""
    task = server.answering = asyncio.current_task()
    try:
        return await answering
    except asyncio.CancelledError:
        if not server.has_left or task is None or task.uncancel():
            raise
        raise ClientLeft from None
    finally:
        server.answering = None


class _Watch:
    """Begins to listen for the end of a client when its answer is late, and then gives the answer up."""

    __slots__ = ("_answering", "_listening", "_loop", "_receive", "deadline", "has_left")

    def __init__(
        self, receive: Receive, answering: asyncio.Task[Any] | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._receive = receive
        self._answering = answering
        self._loop = loop
        self._listening: asyncio.Task[None] | None = None
        self.deadline = loop.time() + PATIENCE
        self.has_left = False

    def time_out(self) -> None:
        """It takes long."""
        self._listening = self._loop.create_task(self._listen())

    def end(self) -> None:
        """It is there, or will not be."""
        if self._listening is not None:
            self._listening.cancel()

    async def _listen(self) -> None:
        if (await self._receive())["type"] == "http.disconnect" and self._answering is not None:
            self.has_left = True
            self._answering.cancel()


async def write(outgoing: Outgoing, send: Send) -> None:
    """The answer onto the socket."""
    server = direct(send)
    if server is not None and server.answer(outgoing.status, outgoing.headers, outgoing.body):
        return
    headers = [*outgoing.headers, (b"content-length", str(len(outgoing.body)).encode())]
    with suppress(OSError, RuntimeError):  # the client may just have left: then nobody misses the answer
        await send({"type": "http.response.start", "status": outgoing.status, "headers": headers})
        await send({"type": "http.response.body", "body": outgoing.body})


async def write_and_close(outgoing: Outgoing, receive: Receive, send: Send) -> None:
    """The answer, then the end of the connection, since the rest of the body was not read.

    The client may still be sending: if the connection broke at once it would never see the answer, so a
    little more is read and thrown away.
    """
    headers = [*outgoing.headers, (b"content-length", str(len(outgoing.body)).encode()), CLOSE]
    await send({"type": "http.response.start", "status": outgoing.status, "headers": headers})
    await send({"type": "http.response.body", "body": outgoing.body, "more_body": True})
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            await _discard(receive)
    await send({"type": "http.response.body", "body": b""})


async def _discard(receive: Receive) -> None:
    left = LINGER_BYTES
    while left > 0:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return
        left -= len(message.get("body", b""))
