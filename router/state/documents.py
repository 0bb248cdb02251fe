"""Documents that several router processes keep by hash, in Redis: a cache, of which nothing has to be there.

Whoever asks never waits for a Redis that is away: after a failure nobody asks for a while.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

PREFIX = "atrium:documents:"
LIFETIME = 86_400
"""Seconds; as long as a document is asked for by somebody who has to look here, it begins anew."""
PAUSE = 1.0
CONNECTIONS = 4
_LOST = (RedisError, OSError, TimeoutError)


class RedisDocuments:
    """Documents at an address; used from one event loop. `failures`: questions without an answer."""

    def __init__(self, url: str, *, seconds: float = 0.25, clock: Callable[[], float] = monotonic) -> None:
        self.failures = 0
        self._seconds = seconds
        self._clock = clock
        self._away_until = 0.0
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=seconds,
            socket_timeout=None,  # the questions have their own time
            socket_connect_timeout=seconds,
            retry=Retry(NoBackoff(), 0),
        )
        self._client = Redis.from_pool(pool)

    async def get(self, digest: str) -> str | None:
        """The text that was kept under this digest; not to be believed."""
        raw = await self._asked(lambda: self._client.getex(PREFIX + digest, ex=LIFETIME))
        try:
            return None if raw is None else bytes(raw).decode()
        except UnicodeDecodeError:
            return None

    async def put(self, digest: str, text: str) -> None:
        """Keep it for a day."""
        raw = text.encode("utf-8", "surrogatepass")
        await self._asked(lambda: self._client.set(PREFIX + digest, raw, ex=LIFETIME))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _asked(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        if self._clock() < self._away_until:
            return None
        try:
            async with asyncio.timeout(self._seconds):
                return await ask()
        except _LOST:
            self.failures += 1
            self._away_until = self._clock() + PAUSE
            return None
