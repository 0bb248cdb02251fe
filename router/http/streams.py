"""Answers of many responses or parts over HTTP: server-sent events and multipart.

A client that reads slowly slows its own events: at most one of them waits here for it, beside what the
socket's buffer holds. One that takes nothing for a while is cut off.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from time import time
from typing import Any

from starlette.types import Receive, Send

from router.errors import ClientError, Forbidden, ShuttingDown, TokenExpired, TooManyStreams
from router.http.begun import Begun
from router.http.connection import CUT
from router.pipeline.respond import log_failure
from router.pipeline.router import Router
from router.pipeline.values import Streamed
from router.wire.encode import FRAMINGS, encode, errors_of, masked

NOT_BUFFERED = (b"x-accel-buffering", b"no")  # by proxies


class Stalled(Exception):
    """The client takes nothing any more."""


class Streams:
    """The streams that are open; `stop` ends them all, and every one that is still to come."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._limit = router.settings.streams.max_open
        self._open: set[Stream] = set()
        self._is_stopping = False

    @property
    def open_streams(self) -> int:
        """How many there are."""
        return len(self._open)

    def check_room(self) -> None:
        """Raises TooManyStreams when there is none for one more."""
        if len(self._open) >= self._limit:
            raise TooManyStreams(self._limit)

    async def deliver(self, streamed: Streamed, receive: Receive, send: Send) -> None:
        """One stream, from its head to its end."""
        stream = Stream(streamed, self._router, send)
        self._open.add(stream)
        try:
            if self._is_stopping and streamed.goes_on:
                stream.end(ShuttingDown())
            await stream.serve(receive)
        finally:
            self._open.discard(stream)

    def stop(self) -> None:
        """The process ends: tell every client, so that it asks elsewhere."""
        self._is_stopping = True
        self.end_all()

    def end_all(self) -> None:
        """End those that are open, and tell every client that it may ask again."""
        for stream in tuple(self._open):
            if stream.goes_on:
                stream.end(ShuttingDown())


class Stream:
    """One answer: a task that passes events on, one that sees the client leave, a timer that beats."""

    def __init__(self, streamed: Streamed, router: Router, send: Send) -> None:
        self._streamed = streamed
        self._settings = router.settings.streams
        self._revocations = router.door.revocations
        self._framing = FRAMINGS[streamed.mode]
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._ending: asyncio.Future[ClientError] = self._loop.create_future()
        self._timers: list[asyncio.TimerHandle] = []
        self._beating: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._last_write = 0.0
        self._is_over = False

    @property
    def goes_on(self) -> bool:
        """It has no end of its own."""
        return self._streamed.goes_on

    def end(self, reason: ClientError) -> None:
        """Stop the events and tell the client why."""
        if not self._ending.done():
            self._ending.set_result(reason)

    async def serve(self, receive: Receive) -> None:
        """Until the source has no more events, the client leaves or takes nothing, or somebody ends it."""
        forget = self._watch_caller()
        tasks: list[asyncio.Task[None]] = []
        try:
            async with aclosing(self._streamed.responses):
                await self._begin()
                try:
                    tasks = [asyncio.create_task(self._deliver()), asyncio.create_task(until_left(receive))]
                    ends: set[asyncio.Future[Any]] = {*tasks, self._ending}
                    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    await _stopped(tasks)
            await self._say_why(has_left=not tasks[1].cancelled())
        finally:
            forget()
            self._is_over = True
            for timer in self._timers:
                timer.cancel()
            await _stopped([] if self._beating is None else [self._beating])

    def _watch_caller(self) -> Callable[[], None]:
        caller = self._streamed.caller
        if caller.expires_at is not None:
            left = max(caller.expires_at - time(), 0.0)
            expired = TokenExpired("The access token has expired.")
            self._timers.append(self._loop.call_later(left, self.end, expired))
        revoked = Forbidden("The session has ended or the API key was revoked.")
        return self._revocations.watch(caller.principal, lambda: self.end(revoked))

    async def _begin(self) -> None:
        headers = [*self._streamed.headers, NOT_BUFFERED]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": self._framing.opened, "more_body": True})
        self._last_write = self._loop.time()
        if self._framing.heartbeat:
            self._beat_later()

    async def _deliver(self) -> None:
        streamed, framing = self._streamed, self._framing
        try:
            async for response in streamed.responses:
                await self._write(framing.event(encode(response)))
            await self._finish(framing.completed)
        except ClientError as refusal:
            await self._finish(framing.failed(encode(errors_of(refusal))))
        except Stalled:
            await self._cut()
        except OSError:  # it has just left
            self._is_over = True
        except Exception as failure:  # the last resort
            log_failure(failure, streamed.request_id)
            await self._finish(framing.failed(encode(masked(streamed.request_id))))

    async def _say_why(self, *, has_left: bool) -> None:
        if has_left or self._is_over or not self._ending.done():
            return
        reason = self._ending.result()
        ended = self._framing.interrupted if isinstance(reason, ShuttingDown) else self._framing.failed
        await self._finish(ended(encode(errors_of(reason))))

    async def _finish(self, last: bytes) -> None:
        try:
            await self._write(last, more=False)
        except Stalled:
            await self._cut()

    async def _write(self, frame: bytes, *, more: bool = True) -> None:
        """Wait for the client to take it; raises Stalled when it does not."""
        async with self._turn:
            if self._is_over:
                return
            self._is_over = not more
            self._last_write = self._loop.time()
            message = {"type": "http.response.body", "body": frame, "more_body": more}
            writing = Begun(self._send(message))
            if writing.is_done:
                return
            try:
                async with asyncio.timeout(self._settings.stall):
                    await writing
            except TimeoutError as cause:
                raise Stalled from cause

    async def _cut(self) -> None:
        """An end that waits for the client to take what is buffered would wait for ever."""
        self._is_over = True
        with suppress(RuntimeError):  # a server that cannot do it waits for its own limits
            await self._send({"type": CUT})

    def _beat_later(self) -> None:
        silent = self._loop.time() - self._last_write
        wait = max(self._settings.heartbeat - silent, 0.001)
        self._timers[:] = [timer for timer in self._timers if timer.when() > self._loop.time()]
        self._timers.append(self._loop.call_later(wait, self._beat))

    def _beat(self) -> None:
        """Show that the answer lives, if nothing else did so lately or is just about to."""
        silent = self._loop.time() - self._last_write
        if silent >= self._settings.heartbeat and not self._turn.locked() and not self._is_over:
            self._beating = asyncio.create_task(self._write_heartbeat())
        self._beat_later()

    async def _write_heartbeat(self) -> None:
        try:
            await self._write(self._framing.heartbeat)
        except Stalled:
            await self._cut()
        except OSError:
            self._is_over = True


async def until_left(receive: Receive) -> None:
    """Return when the client hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _stopped(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
