"""Published events for subscribers: woken over the bus, read from the log, fanned out in this process.

One feed per organisation that somebody listens to reads the log once for all its listeners. A wake-up that
got lost costs delay, never an event: every feed also looks on its own, slowly.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import orjson

from common.errors import DomainError, Kind
from common.events.bus import MISSED, Bus
from common.events.log import WAKE_CHANNEL, EventLog, LoggedEvent
from common.telemetry.logs import get_log

_BATCH = 500
_QUEUE_SIZE = 1000

_log = get_log(__name__)


class SubscriberTooSlow(DomainError):
    """The subscriber left too many events unread; it may come back with the last position it saw."""

    code = "SUBSCRIBER_TOO_SLOW"
    kind = Kind.UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("This subscription was too slow and has ended. Subscribe again.")


@dataclass(eq=False, slots=True, kw_only=True)
class _Listener:
    topics: frozenset[str]
    queue: asyncio.Queue[LoggedEvent | None] = field(default_factory=lambda: asyncio.Queue(_QUEUE_SIZE))
    is_too_slow: bool = False

    def end(self) -> None:
        """Give what is unread up; the listener sees the end next."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)

    def offer(self, event: LoggedEvent) -> None:
        """Hand over an event of a wanted topic; a full queue ends the listener."""
        if event.envelope.topic not in self.topics or self.is_too_slow:
            return
        if self.queue.full():
            self.is_too_slow = True
            self.end()
            return
        self.queue.put_nowait(event)


@dataclass(eq=False, slots=True, kw_only=True)
class _Feed:
    """The events of one organisation, for all who listen in this process."""

    organisation_id: UUID
    position: int
    listeners: set[_Listener] = field(default_factory=set)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    reader: asyncio.Task[None] | None = None

    @property
    def topics(self) -> frozenset[str]:
        return frozenset[str]().union(*(listener.topics for listener in self.listeners))


class Hub:
    """Where subscriptions listen; one per process and event loop."""

    def __init__(self, bus: Bus, log: EventLog, *, poll: timedelta = timedelta(seconds=5)) -> None:
        self._bus = bus
        self._log = log
        self._poll = poll.total_seconds()
        self._feeds: dict[UUID, _Feed] = {}
        self._changing = asyncio.Lock()
        self._waker: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to take wake-ups."""
        self._waker = asyncio.create_task(self._take_wakes())

    async def close(self) -> None:
        """End every listener."""
        tasks = [feed.reader for feed in self._feeds.values() if feed.reader] + (
            [self._waker] if self._waker else []
        )
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for feed in self._feeds.values():
            for listener in feed.listeners:
                listener.end()
        self._feeds.clear()

    async def listen(
        self, topics: Collection[str], *, organisation_id: UUID, after: int | None = None
    ) -> AsyncGenerator[LoggedEvent, None]:
        """The organisation's events of these topics, behind position `after` or from now on, in order."""
        seen = await self._log.last_position(organisation_id) if after is None else after
        listener = _Listener(topics=frozenset(topics))
        feed = await self._join(organisation_id, listener)
        try:
            async for event in self._backlog(organisation_id, listener.topics, seen, feed.position):
                seen = event.position
                yield event
            while (event_or_end := await listener.queue.get()) is not None:
                if event_or_end.position > seen:
                    seen = event_or_end.position
                    yield event_or_end
            if listener.is_too_slow:
                raise SubscriberTooSlow
        finally:
            await self._leave(feed, listener)

    async def position(self, organisation_id: UUID) -> int:
        """Where the organisation's events end at the moment."""
        return await self._log.last_position(organisation_id)

    def listener_count(self, organisation_id: UUID) -> int:
        """How many listen to an organisation's events in this process."""
        feed = self._feeds.get(organisation_id)
        return len(feed.listeners) if feed else 0

    async def _join(self, organisation_id: UUID, listener: _Listener) -> _Feed:
        async with self._changing:
            feed = self._feeds.get(organisation_id)
            if feed is None:
                position = await self._log.last_position(organisation_id)
                feed = self._feeds[organisation_id] = _Feed(
                    organisation_id=organisation_id, position=position
                )
                feed.reader = asyncio.create_task(self._read(feed))
            feed.listeners.add(listener)
            return feed

    async def _leave(self, feed: _Feed, listener: _Listener) -> None:
        feed.listeners.discard(listener)
        async with self._changing:
            if feed.listeners or self._feeds.get(feed.organisation_id) is not feed:
                return
            del self._feeds[feed.organisation_id]
            if feed.reader is not None:
                feed.reader.cancel()
                await asyncio.gather(feed.reader, return_exceptions=True)

    async def _backlog(
        self, organisation_id: UUID, topics: frozenset[str], after: int, until: int
    ) -> AsyncIterator[LoggedEvent]:
        """What the log holds between a resumed position and where the feed stands."""
        while after < until:
            events = await self._log.read(organisation_id, sorted(topics), after, _BATCH)
            for event in events:
                yield event
            if len(events) < _BATCH:
                return
            after = events[-1].position

    async def _read(self, feed: _Feed) -> None:
        """Bring the feed up to date whenever it is woken, and now and then anyway."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll):
                    await feed.woken.wait()
            feed.woken.clear()
            try:
                await self._advance(feed)
            except DomainError as error:  # PostgreSQL is away: what it holds is read when it is back
                _log.warning("hub.not_read", reason=error.code)

    async def _advance(self, feed: _Feed) -> None:
        while True:
            topics = feed.topics
            events = await self._log.read(feed.organisation_id, sorted(topics), feed.position, _BATCH)
            if not feed.topics <= topics:
                continue  # somebody came meanwhile who wants more: read again for all
            self._hand_out(feed, events)
            if len(events) < _BATCH:
                return

    def _hand_out(self, feed: _Feed, events: Sequence[LoggedEvent]) -> None:
        for event in events:
            feed.position = event.position
            for listener in tuple(feed.listeners):
                listener.offer(event)

    async def _take_wakes(self) -> None:
        async with self._bus.subscribe(WAKE_CHANNEL) as messages:
            async for message in messages:
                for organisation_id in self._woken_by(message):
                    feed = self._feeds.get(organisation_id)
                    if feed is not None:
                        feed.woken.set()

    def _woken_by(self, message: str) -> Collection[UUID]:
        if message == MISSED:
            return tuple(self._feeds)
        try:
            return [UUID(text) for text in orjson.loads(message)["organizations"]]
        except (ValueError, KeyError, TypeError):
            _log.warning("hub.strange_wake")
            return tuple(self._feeds)


def wake_message(organisations: Collection[UUID]) -> str:
    """The wake-up after events of these organisations were published."""
    return orjson.dumps({"organizations": sorted(str(id) for id in organisations)}).decode()
