"""The open subscriptions to one subgraph: identical ones are opened once, and heard by many.

Identical: the same document and variables, and nothing else that the subgraph gets to see of who asks
differs either; of a public subgraph, which is not told who asks, only the former. A listener that comes back
behind an event joins those who listen if that event, or where they began, is remembered; else it has a source
of its own. The last one that leaves closes the source.

A source waits for the quickest of its listeners. One that falls too far behind that goes on from where it is
with a source of its own if its events have ids, else it is ended.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Hashable
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeAlias

import orjson

from common.access.principal import ANONYMOUS
from router.context import RequestContext
from router.errors import InternalError
from router.settings import SubscriptionSettings
from router.subgraph_client.asking import Asking, Waiting, straight_of
from router.subgraph_client.lasting import TOO_SLOW, Open, Patience, lasting
from router.subgraph_client.listeners import Listener, TooFarBehind
from router.subgraph_client.protocol import (
    Listening,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)

log = logging.getLogger(__name__)

Seen: TypeAlias = Callable[[RequestContext], Hashable]
"""Everything that a subgraph gets to see of who asks."""

REMEMBERED = 100
"""Events with ids that a source keeps for listeners that come back."""


class ListeningClient:
    """A client whose subscriptions last, and are shared; queries and mutations go straight through.

    `seen` None: they are not shared. `is_current` False: its address is no longer in use, so that a
    subscription that is lost there is not tried again.
    """

    execute: Callable[[SubgraphRequest], Coroutine[Any, Any, SubgraphResponse]]
    ask: Callable[[SubgraphRequest, Waiting], Asking | None]

    def __init__(
        self,
        name: str,
        inner: SubgraphClient,
        settings: SubscriptionSettings,
        seen: Seen | None = None,
        *,
        attempt_seconds: float = 10.0,
    ) -> None:
        self.execute = inner.execute
        straight = straight_of(inner)
        if straight is not None:
            self.ask = straight.ask
        self.is_current = True
        self.lost = 0
        self._name = name
        self._inner = inner
        self._settings = settings
        self._seen = seen if settings.share else None
        self._is_public = settings.source(name).is_public
        self._patience = Patience(
            seconds=settings.reconnect, attempt=attempt_seconds, may_go_on=lambda: self.is_current
        )
        self._sources: dict[Hashable, list[_Source]] = {}

    @property
    def open_sources(self) -> int:
        """How many subscriptions the subgraph serves."""
        return sum(map(len, self._sources.values()))

    @property
    def listeners(self) -> int:
        """How many hear them."""
        return sum(source.listeners for sources in self._sources.values() for source in sources)

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse, None]:
        """One response per event, until the source ends.

        Raises SubgraphUnavailable, or Interrupted when the request's interruption says so.
        """
        if self._is_public:
            request = replace(request, context=_nobody(request.context))
        while True:
            try:
                async with aclosing(self._heard(request)) as events:
                    async for response in events:
                        if response.event_id is not None:
                            request = request.behind(response.event_id)
                        yield response
                return
            except TooFarBehind as cause:
                if request.last_event_id is None:
                    reason = "sent more events than could be answered"
                    raise SubgraphUnavailable(self._name, TOO_SLOW, reason) from cause

    async def close(self) -> None:
        """End every subscription, then give back every connection."""
        self.is_current = False
        for sources in tuple(self._sources.values()):
            for source in tuple(sources):
                await source.close()
        self._sources.clear()
        await self._inner.close()

    async def _heard(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse, None]:
        """The events of one source; raises TooFarBehind when it went on without us."""
        key = self._key(request)
        source = self._joinable(key, request) or self._opened(key, request)
        listener = source.join(request.last_event_id, self._settings.max_pending)
        interruption = None if request.listening is None else request.listening.interruption
        if interruption is not None:
            interruption.wakes(listener.interrupt)
        try:
            while True:
                try:
                    response = await listener.next()
                except StopAsyncIteration:
                    return
                yield response
        except SubgraphUnavailable as away:
            raise away.again() from away
        finally:
            if interruption is not None:
                interruption.wakes(None)
            await self._leave(key, source, listener)

    def _key(self, request: SubgraphRequest) -> Hashable:
        """What makes a subscription the same as another; something unique where nobody may share."""
        is_alone = request.listening is not None and request.listening.is_alone
        if is_alone or (self._seen is None and not self._is_public):
            return object()
        try:
            body = orjson.dumps([request.document, request.operation_name, request.variables])
        except TypeError:
            return object()
        return body, None if self._is_public or self._seen is None else self._seen(request.context)

    def _joinable(self, key: Hashable, request: SubgraphRequest) -> "_Source | None":
        sources = self._sources.get(key, ())
        return next((source for source in sources if source.admits(request.last_event_id)), None)

    def _opened(self, key: Hashable, request: SubgraphRequest) -> "_Source":
        # Whoever asked first is not the only one who may end it.
        plain = replace(request, listening=Listening(last_event_id=request.last_event_id))
        source = _Source(self._name, plain, self._inner.subscribe, self._patience, self._note_lost)
        self._sources.setdefault(key, []).append(source)
        return source

    async def _leave(self, key: Hashable, source: "_Source", listener: Listener[SubgraphResponse]) -> None:
        source.leave(listener)
        if source.listeners:
            return
        sources = self._sources.get(key)
        if sources is not None and source in sources:
            sources.remove(source)
            if not sources:
                del self._sources[key]
        await source.close()

    def _note_lost(self) -> None:
        self.lost += 1


class _Source:
    """One subscription at the subgraph: a task that hands its events out."""

    def __init__(
        self, name: str, request: SubgraphRequest, open: Open, patience: Patience, lost: Callable[[], None]
    ) -> None:
        self._name = name
        self._request_id = request.context.request_id
        self._began_behind = request.last_event_id
        self._listeners: set[Listener[SubgraphResponse]] = set()
        self._recent: deque[SubgraphResponse] = deque(maxlen=REMEMBERED)
        self._handed_out = 0
        self._is_over = False
        self._room = asyncio.Event()
        self._events = lasting(open, request, patience, lost)
        self._task = asyncio.create_task(self._run())

    @property
    def listeners(self) -> int:
        """How many there are."""
        return len(self._listeners)

    def admits(self, last_event_id: str | None) -> bool:
        """Whoever comes with this position misses nothing here, and gets nothing they do not want."""
        if self._is_over:
            return False
        if last_event_id is None:
            return self._began_behind is None
        return self._place_behind(last_event_id) is not None

    def join(self, last_event_id: str | None, max_pending: int) -> Listener[SubgraphResponse]:
        """A new listener, which gets what is remembered behind its position first."""
        listener: Listener[SubgraphResponse] = Listener(max_pending, self._room.set)
        place = None if last_event_id is None else self._place_behind(last_event_id)
        if place is not None:
            for response in tuple(self._recent)[place:]:
                listener.offer(response)
        self._listeners.add(listener)
        self._room.set()
        return listener

    def leave(self, listener: Listener[SubgraphResponse]) -> None:
        """It listens no more."""
        self._listeners.discard(listener)
        self._room.set()

    async def close(self) -> None:
        """End the subscription at the subgraph."""
        self._is_over = True
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._end(None)

    def _place_behind(self, last_event_id: str) -> int | None:
        """From where on the remembered events are new; None: something may be missing."""
        for place in range(len(self._recent) - 1, -1, -1):
            if self._recent[place].event_id == last_event_id:
                return place + 1
        has_all = self._handed_out == len(self._recent)
        return 0 if has_all and last_event_id == self._began_behind else None

    async def _run(self) -> None:
        try:
            async with aclosing(self._events) as events:
                async for response in events:
                    self._hand_out(response)
                    await self._until_there_is_room()
        except SubgraphUnavailable as away:
            self._end(away)
        except Exception:  # nobody else would hear of it
            log.exception("a subscription failed", extra={"request_id": self._request_id})
            self._end(SubgraphUnavailable(self._name, InternalError.code, "could not be listened to"))
        else:
            self._end(None)

    def _hand_out(self, response: SubgraphResponse) -> None:
        if not response.is_shared:
            response = replace(response, is_shared=True)
        self._handed_out += 1
        if response.event_id is not None:
            self._recent.append(response)
        for listener in tuple(self._listeners):
            if not listener.offer(response):
                self._listeners.discard(listener)

    async def _until_there_is_room(self) -> None:
        while self._listeners and all(listener.is_half_full for listener in self._listeners):
            self._room.clear()
            await self._room.wait()

    def _end(self, reason: SubgraphUnavailable | None) -> None:
        self._is_over = True
        for listener in tuple(self._listeners):
            listener.end(reason)


def _nobody(context: RequestContext) -> RequestContext:
    """A context that tells nothing about who asks."""
    return replace(
        context, principal=ANONYMOUS, headers={}, client_address=None, user_agent=None, traceparent=None
    )
