"""Events on their way to clients: a feed runs one subscription, or one answer in parts, for all who listen.

Identical subscriptions are one feed: each event is fetched, projected and encoded once. Identical means what
it means for queries (`share.py`), with one thing more: a subscription that begins at a position of its own,
which an argument or the client's last event says, has a feed to itself.

A feed hands every event to its listeners at once; what waits for a slow client waits at that client's
connection. Only a feed that nobody else may join goes at the pace of its listener, so that a long replay does
not look like a slow client.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping
from contextlib import aclosing
from typing import Any, Protocol

from router.operation.model import Field, Operation
from router.wire.event import Event

Events = AsyncGenerator[Event, None]
Leave = Callable[[], None]

_closing: set["asyncio.Task[None]"] = set()
"""Feeds that close their source; the loop holds tasks weakly."""

POSITIONS = frozenset(
    {"after", "before", "cursor", "from", "lastEventId", "offset", "position", "since"}
)  # names of arguments


class Listener(Protocol):
    """One client's side of a feed. Nothing of it may wait but `room`."""

    def take(self, event: Event) -> None:
        """An event."""
        ...

    def finish(self, problem: Exception | None) -> None:
        """There are no more; None: the source has ended properly."""
        ...

    @property
    def is_congested(self) -> bool:
        """Events wait for the client."""
        ...

    async def room(self) -> None:
        """Return when there is room for more, or nobody to wait for."""
        ...


class Source(Protocol):
    """Something that can be listened to, once for each client that opened it."""

    @property
    def goes_on(self) -> bool:
        """It has no end of its own: a subscription."""
        ...

    def listen(self, listener: Listener) -> Leave:
        """Begin; what is given back ends it."""
        ...

    async def close(self) -> None:
        """Nobody listens, or nobody does any more."""
        ...


class Feed:
    """A task that takes events from their source and hands them out, until the last listener leaves."""

    __slots__ = ("_events", "_is_private", "_listeners", "_on_end", "_task")

    def __init__(self, events: Events, *, on_end: Callable[["Feed"], None] | None = None) -> None:
        self._events = events
        self._on_end = on_end
        self._is_private = on_end is None
        self._listeners: dict[Listener, None] = {}  # in the order they came; thousands may leave at once
        self._task: asyncio.Task[None] | None = None

    @property
    def listeners(self) -> int:
        """How many there are."""
        return len(self._listeners)

    def join(self, listener: Listener) -> Leave:
        """From now on it gets every event."""
        self._listeners[listener] = None
        if self._task is None:
            self._task = asyncio.create_task(self._run())

        def leave() -> None:
            if listener in self._listeners:
                del self._listeners[listener]
                if not self._listeners:
                    self._stop()

        return leave

    def _stop(self) -> None:
        self._end()
        if self._task is not None:
            _closing.add(self._task)
            self._task.add_done_callback(_closing.discard)
            self._task.cancel()

    def _end(self) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(self)

    async def _run(self) -> None:
        problem: Exception | None = None
        try:
            async with aclosing(self._events) as events:
                async for event in events:
                    for listener in tuple(self._listeners):
                        listener.take(event)
                    await self._pace()
        except Exception as cause:  # the listeners know what to say of it
            problem = cause
        self._end()
        listeners, self._listeners = self._listeners, {}
        for listener in listeners:
            listener.finish(problem)

    async def _pace(self) -> None:
        for listener in tuple(self._listeners):
            if listener.is_congested:
                if self._is_private:
                    await listener.room()
                else:
                    await asyncio.sleep(0)  # clients that do read get rid of a burst meanwhile
                return


class Private:
    """A source for one listener."""

    __slots__ = ("_events", "_is_begun", "goes_on")

    def __init__(self, events: Events, *, goes_on: bool) -> None:
        self._events = events
        self._is_begun = False
        self.goes_on = goes_on

    def listen(self, listener: Listener) -> Leave:
        """Begin; what is given back ends it."""
        self._is_begun = True
        return Feed(self._events).join(listener)

    async def close(self) -> None:
        """Nobody will listen, unless somebody does: a feed closes its events itself."""
        if not self._is_begun:
            await self._events.aclose()


class Feeds:
    """The feeds that may be joined."""

    def __init__(self) -> None:
        self._open: dict[Hashable, Feed] = {}
        self.joined = 0
        """How many listeners joined a feed that was there."""

    def __len__(self) -> int:
        return len(self._open)

    def listen(self, key: Hashable, make: Callable[[], Events], listener: Listener) -> Leave:
        """Join the feed of this key, or begin it."""
        feed = self._open.get(key)
        if feed is None:
            feed = self._open[key] = Feed(make(), on_end=lambda feed: self._forget(key, feed))
        else:
            self.joined += 1
        return feed.join(listener)

    def _forget(self, key: Hashable, feed: Feed) -> None:
        if self._open.get(key) is feed:
            del self._open[key]


class Shared:
    """A subscription that may be somebody else's already."""

    __slots__ = ("_feeds", "_key", "_make")
    goes_on = True

    def __init__(self, feeds: Feeds, key: Hashable, make: Callable[[], Events]) -> None:
        self._feeds = feeds
        self._key = key
        self._make: Callable[[], Events] | None = make

    def listen(self, listener: Listener) -> Leave:
        """Begin; what is given back ends it."""
        make, self._make = self._make, None  # it holds on to the supergraph, which may be another one soon
        assert make is not None, "it is listened to once"
        return self._feeds.listen(self._key, make, listener)

    async def close(self) -> None:
        """Nothing has begun."""


def begins_somewhere(operation: Operation, variables: Mapping[str, Any]) -> bool:
    """An argument says from where on there shall be events, so that now is not the same as a moment ago."""
    return any(
        argument.name in POSITIONS and not _is_null(argument.value, argument.variables, variables)
        for field in operation.selections
        if isinstance(field, Field)
        for argument in field.arguments
    )


def _is_null(value: str, names: frozenset[str], variables: Mapping[str, Any]) -> bool:
    if names:
        return all(variables.get(name) is None for name in names)
    return value == "null"
