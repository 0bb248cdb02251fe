"""HTTP answers that go on: opened, read piece by piece, noticed when their other end has vanished."""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from router.subgraph_client.event_source import MAX_EVENT_BYTES, Listened
from router.subgraph_client.protocol import Failure

KEEPALIVE = ((socket.TCP_KEEPIDLE, 15), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))
"""A peer that vanished without a word is noticed by the system within half a minute."""


@dataclass(frozen=True, slots=True)
class OpenAnswer:
    """The head of an answer, and the pieces of its body as they come. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    pieces: AsyncGenerator[bytes, None]

    @property
    def media_type(self) -> str:
        """Without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class StreamPool:
    """Connections for answers that go on: as many as are listened to, never those of other queries.

    `max_answer_bytes`: so much may an answer that comes to its end hold.
    """

    def __init__(self, connect_seconds: float, max_answer_bytes: int) -> None:
        self.max_answer_bytes = max_answer_bytes
        self._connect_seconds = connect_seconds
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def opened(
        self, listened: Listened, *, headers: Mapping[str, str], body: bytes
    ) -> AsyncIterator[OpenAnswer]:
        """One POST whose head has come in time; raises SubgraphUnavailable."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._connect_seconds)
        try:
            async with asyncio.timeout(listened.seconds):
                response = await self._opened().post(
                    listened.address, data=body, headers=headers, timeout=timeout, allow_redirects=False
                )
        except TimeoutError as cause:
            raise listened.unavailable(Failure.TIMEOUT, "did not answer in time") from cause
        except (aiohttp.ClientError, OSError, UnicodeError, ValueError) as cause:
            raise listened.unavailable(Failure.UNREACHABLE, "could not be reached") from cause
        try:
            names = {name.lower(): value for name, value in response.headers.items()}
            yield OpenAnswer(response.status, names, _pieces(response, listened))
        finally:
            response.close()

    async def close(self) -> None:
        """Give back every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, force_close=True, socket_factory=_kept_alive)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"accept-encoding": "identity", "user-agent": "atrium-router"},
                read_bufsize=2**18,
            )
        return self._session


async def whole(answer: OpenAnswer, listened: Listened) -> bytes:
    """The body of an answer that turned out to be a plain one; raises SubgraphUnavailable."""
    pieces: list[bytes] = []
    length = 0
    try:
        async with asyncio.timeout(listened.seconds):
            async for piece in answer.pieces:
                length += len(piece)
                if length > MAX_EVENT_BYTES:
                    raise listened.unavailable(Failure.BAD_RESPONSE, "answered with too many bytes")
                pieces.append(piece)
    except TimeoutError as cause:
        raise listened.unavailable(Failure.TIMEOUT, "did not answer in time") from cause
    return b"".join(pieces)


class Silence:
    """How long a peer may be silent: for ever, until its first heartbeat shows that it sends them."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._beat_at: float | None = None
        self._longest = 0.0

    @property
    def limit(self) -> float | None:
        """Seconds without a byte after which it is taken for dead."""
        return None if self._beat_at is None else max(2 * self._interval, 3 * self._longest)

    def beat(self, now: float) -> None:
        """A heartbeat came."""
        if self._beat_at is not None:
            self._longest = max(self._longest, now - self._beat_at)
        self._beat_at = now


async def unless_silent(
    pieces: AsyncGenerator[bytes, None], silence: Silence, listened: Listened
) -> AsyncGenerator[bytes, None]:
    """The pieces; raises SubgraphUnavailable when the heartbeats stay away."""
    while True:
        try:
            async with asyncio.timeout(silence.limit):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError as cause:
            raise listened.unavailable(Failure.TIMEOUT, "is silent", was_open=True) from cause
        yield piece


async def _pieces(response: aiohttp.ClientResponse, listened: Listened) -> AsyncGenerator[bytes, None]:
    try:
        async for piece in response.content.iter_any():
            yield piece
    except (aiohttp.ClientError, OSError) as cause:
        reason = "broke off the subscription"
        raise listened.unavailable(Failure.UNREACHABLE, reason, was_open=True) from cause


def _kept_alive(address: Any) -> socket.socket:
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE:
        made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made
