"""Answers of many responses or parts over HTTP: server-sent events and multipart.

An open stream is the task of its request, which sees the client leave, and nothing else: heartbeats come from
a wheel, events are written by the feeds they come from. A client that reads slowly has its events wait in an
outbox; one that takes nothing for a while is cut off.
"""

import asyncio
from contextlib import suppress
from random import random

from starlette.types import Receive, Send

from router.errors import ClientError, ShuttingDown, TooManyStreams
from router.http.begun import Begun
from router.http.connection import CUT
from router.http.holdings import Holdings, holder
from router.http.outbox import Lost, Outbox
from router.http.vigil import Vigils
from router.http.wheel import Wheel
from router.pipeline.feeds import Leave
from router.pipeline.respond import log_failure
from router.pipeline.router import Router
from router.pipeline.values import Streamed
from router.settings import DeliverySettings
from router.wire.encode import FRAMINGS, encode, errors_of, masked
from router.wire.event import Event

NOT_BUFFERED = (b"x-accel-buffering", b"no")  # by proxies


class Streams:
    """The streams that are open; `stop` ends them all, and every one that is still to come."""

    def __init__(self, router: Router, holdings: Holdings, vigils: Vigils, lost: Lost) -> None:
        settings = router.settings
        self._limit = settings.streams.max_open
        self._holdings = holdings
        self._vigils = vigils
        self._lost = lost
        self._delivery = settings.delivery
        self._beats = Wheel(settings.streams.heartbeat)
        self._open: set[Stream] = set()
        self._somebody_left = asyncio.Event()
        self._is_stopping = False

    @property
    def open_streams(self) -> int:
        """How many there are."""
        return len(self._open)

    def check_room(self) -> None:
        """Raises TooManyStreams when there is none for one more."""
        if len(self._open) >= self._limit:
            raise TooManyStreams(self._limit)

    async def deliver(self, streamed: Streamed, address: str | None, receive: Receive, send: Send) -> None:
        """One stream, from its head to its end; raises TooManyConnections before its head."""
        caller = holder(streamed.caller.principal)
        origin = self._holdings.origin(address)
        from_address, of_caller = self._holdings.from_address, self._holdings.of_caller
        try:
            from_address.take(origin)
            try:
                of_caller.take(caller)
                try:
                    await self._deliver(streamed, receive, send)
                finally:
                    of_caller.give_back(caller)
            finally:
                from_address.give_back(origin)
        finally:
            await streamed.source.close()

    async def _deliver(self, streamed: Streamed, receive: Receive, send: Send) -> None:
        stream = Stream(streamed, self._delivery, self._lost, send)
        vigil = self._vigils.keep(streamed.caller, streamed.asked_with, stream.end)
        beats = bool(FRAMINGS[streamed.mode].heartbeat)
        spoke = self._beats.add(stream.beat) if beats else None
        self._open.add(stream)
        try:
            if self._is_stopping and streamed.goes_on:
                stream.end(ShuttingDown())
            await stream.serve(receive)
        finally:
            self._open.discard(stream)
            self._somebody_left.set()
            if spoke is not None:
                self._beats.remove(spoke, stream.beat)
            vigil.stop()

    async def all_left(self) -> None:
        """Return when none is open."""
        while self._open:
            self._somebody_left.clear()
            await self._somebody_left.wait()

    def stop(self, seconds: float = 0.0) -> None:
        """The process ends: tell every client within this time, so that it asks elsewhere."""
        self._is_stopping = True
        self.end_all(seconds)

    def end_all(self, seconds: float = 0.0) -> None:
        """End those that are open, and tell every client that it may ask again."""
        loop = asyncio.get_running_loop()
        for stream in tuple(self._open):
            if not stream.goes_on:
                continue
            if seconds:
                loop.call_later(seconds * random(), stream.end, ShuttingDown())  # noqa: S311  # no secret
            else:
                stream.end(ShuttingDown())


class Stream:
    """One answer."""

    __slots__ = (
        "_ended",
        "_framing",
        "_has_news",
        "_is_begun",
        "_is_over",
        "_leave",
        "_of",
        "_outbox",
        "_send",
        "_streamed",
    )

    def __init__(self, streamed: Streamed, delivery: DeliverySettings, lost: Lost, send: Send) -> None:
        self._streamed = streamed
        self._framing = FRAMINGS[streamed.mode]
        self._send = send
        self._outbox: Outbox[tuple[bytes, bool]] = Outbox(delivery, self._write, self._give_up, lost)
        self._of = self if streamed.goes_on else None
        self._leave: Leave | None = None
        self._ended: ClientError | None = None
        self._is_begun = False
        self._is_over = False
        self._has_news = False

    @property
    def goes_on(self) -> bool:
        """It has no end of its own."""
        return self._streamed.goes_on

    async def serve(self, receive: Receive) -> None:
        """Until the source has no more events, the client leaves or takes nothing, or somebody ends it."""
        try:
            await self._begin()
            if self._ended is not None:
                self._say_why(self._ended)
            elif not self._is_over:
                self._leave = self._streamed.source.listen(self)
            await until_left(receive)
        finally:
            self._stop()
            self._is_over = True
            self._outbox.close()

    async def _begin(self) -> None:
        headers = [*self._streamed.headers, NOT_BUFFERED]
        with suppress(OSError, RuntimeError):
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._send({"type": "http.response.body", "body": self._framing.opened, "more_body": True})
        self._is_begun = True

    def take(self, event: Event) -> None:
        """Listener: an event."""
        self._has_news = True
        frame = self._framing.event(event.json, event.id)
        self._outbox.put((frame, True), len(frame), of=self._of)

    def finish(self, problem: Exception | None) -> None:
        """Listener: there are no more."""
        self._leave = None
        if problem is None:
            self._finish(self._framing.completed)
        elif isinstance(problem, ClientError):
            self._finish(self._framing.failed(encode(errors_of(problem))))
        else:
            error_id = log_failure(problem, self._streamed.request_id)
            self._finish(self._framing.failed(encode(masked(self._streamed.request_id, error_id))))

    @property
    def is_congested(self) -> bool:
        """Listener: something waits for the client."""
        return self._outbox.is_congested

    async def room(self) -> None:
        """Listener: return when there is room for more."""
        await self._outbox.room()

    def end(self, reason: ClientError) -> None:
        """Stop the events and tell the client why."""
        if self._is_over or self._ended is not None:
            return
        self._ended = reason
        if self._is_begun:
            self._stop()
            self._outbox.forget()
            self._say_why(reason)

    def _say_why(self, reason: ClientError) -> None:
        ended = self._framing.interrupted if isinstance(reason, ShuttingDown) else self._framing.failed
        self._finish(ended(encode(errors_of(reason))))

    def beat(self) -> None:
        """Show that the answer lives, if nothing else did so lately or is just about to."""
        if self._is_begun and not self._has_news and not self._outbox.is_congested and not self._is_over:
            self._outbox.put((self._framing.heartbeat, True), 0)
        self._has_news = False

    def _finish(self, last: bytes) -> None:
        if not self._is_over:
            self._is_over = True
            self._outbox.put((last, False), len(last))

    def _stop(self) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()

    async def _write(self, frame: tuple[bytes, bool]) -> None:
        body, more = frame
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    def _give_up(self) -> None:
        """An end that waits for the client to take what is buffered would wait for ever."""
        self._stop()
        self._is_over = True
        with suppress(OSError, RuntimeError):  # a server that cannot do it waits for its own limits
            Begun(self._send({"type": CUT}))


async def until_left(receive: Receive) -> None:
    """Return when the client hangs up, or has its whole answer."""
    while (await receive())["type"] != "http.disconnect":
        pass
