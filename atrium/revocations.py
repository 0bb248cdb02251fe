"""Revoked sessions and keys, told to this process' router: asked each second, at once after a wake-up.

Where Redis is at hand, wake-ups come over it. Without them the asking alone keeps the promise: nobody is let
in longer than a second or two after the revocation was committed.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol
from uuid import UUID

from common.events.bus import Bus
from common.events.log import WAKE_CHANNEL
from common.telemetry.logs import get_log

_SECONDS = 1.0

_log = get_log(__name__)


class News(Protocol):
    """What died since a position."""

    @property
    def position(self) -> str:
        """Where to go on."""
        ...

    @property
    def session_ids(self) -> Collection[UUID]:
        """Sessions whose tokens are good no more."""
        ...

    @property
    def api_key_ids(self) -> Collection[UUID]:
        """API keys to ask about anew."""
        ...


class Listener(Protocol):
    """The router's memory of revocations."""

    def revoke_session(self, session_id: UUID) -> None:
        """No token of this session is good any more."""
        ...

    def revoke_key(self, key_id: UUID) -> None:
        """Ask anew for this API key."""
        ...


async def follow(
    ask: Callable[[str | None], Awaitable[News]], listener: Listener, woken: asyncio.Event
) -> None:
    """Keep the listener informed, for ever."""
    position, is_away = None, False
    while True:
        woken.clear()
        try:
            news = await ask(position)
        except Exception as problem:  # auth is away: what is known stays known, and is asked for again
            if not is_away:
                _log.warning("revocations.unknown", reason=str(problem))
            is_away = True
        else:
            position, is_away = news.position, False
            for session_id in news.session_ids:
                listener.revoke_session(session_id)
            for key_id in news.api_key_ids:
                listener.revoke_key(key_id)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS):
                await woken.wait()


async def wake(woken: asyncio.Event, bus: Bus) -> None:
    """Set it whenever events were published, for ever."""
    async with bus.subscribe(WAKE_CHANNEL) as messages:
        async for _ in messages:
            woken.set()
