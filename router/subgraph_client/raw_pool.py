"""Raw connections to every plain HTTP address: kept alive, limited, the one used last handed out first."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from urllib.parse import urlsplit

from router.deadlines import Deadlines, deadlines_of
from router.subgraph_client.exchange import HttpAnswer, NoAnswer
from router.subgraph_client.protocol import Failure
from router.subgraph_client.raw_connection import Asker, RawConnection

_FORBIDDEN = ("\r", "\n", "\0")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a POST goes: the host to connect to, and the lines of the request that never change."""

    host: str
    port: int
    first_lines: bytes

    def with_lines(self, headers: Mapping[str, str]) -> "Address":
        """The address with headers that every request to it has."""
        return Address(self.host, self.port, self.first_lines + lines_of(headers))


@lru_cache(maxsize=256)
def address_of(url: str) -> Address | None:
    """The address, if it is one that raw connections reach: plain HTTP, nothing unusual in it."""
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        return None
    if parts.scheme != "http" or not parts.hostname or "@" in parts.netloc or parts.fragment:
        return None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not (target + parts.netloc).isascii() or any(each <= " " or each == "\x7f" for each in url):
        return None
    lines = f"POST {target} HTTP/1.1\r\nhost: {parts.netloc}\r\n"
    return Address(parts.hostname, port, lines.encode())


@dataclass(slots=True)
class _Host:
    """The connections to one host and port."""

    places: int
    idle_seconds: float
    loop: asyncio.AbstractEventLoop
    idle: list[RawConnection] = field(default_factory=list)
    in_use: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    is_closed: bool = False

    async def enter(self, seconds: float) -> None:
        """Take one of the places, at once or when one becomes free; raises NoAnswer."""
        if self.in_use < self.places:
            self.in_use += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException as cause:
            if turn.done() and not turn.cancelled():
                self.leave()  # the turn had come just now
            if isinstance(cause, TimeoutError):
                raise NoAnswer(Failure.TIMEOUT, "had no connection free in time") from cause
            raise

    def leave(self) -> None:
        """Hand the place on to whoever has waited longest."""
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.in_use -= 1

    def kept(self, now: float) -> RawConnection | None:
        """The connection used last, if it still stands; older ones are let go."""
        while self.idle:
            connection = self.idle.pop()
            if connection.is_open and now - connection.idle_since < self.idle_seconds:
                return connection
            connection.close()
        return None

    def take_back(self, connection: RawConnection) -> None:
        """An exchange is over; the connection waits for the next, if it still stands."""
        if connection.is_open:
            if self.is_closed:
                connection.close()
            else:
                connection.idle_since = self.loop.time()
                self.idle.append(connection)
        self.leave()


class RawPool:
    """Every raw connection of the process."""

    _deadlines: Deadlines

    def __init__(
        self, *, connect_seconds: float, connections_per_host: int, max_answer_bytes: int, idle_seconds: float
    ) -> None:
        self._connect_seconds = connect_seconds
        self._connections_per_host = connections_per_host
        self._max_answer_bytes = max_answer_bytes
        self._idle_seconds = idle_seconds
        self._hosts: dict[tuple[str, int], _Host] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def post(
        self, address: Address, *, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> HttpAnswer:
        """One POST, one whole answer; raises NoAnswer."""
        request = request_of(address, lines_of(headers), body)
        return await self.exchange(address, request, seconds)

    async def exchange(
        self, address: Address, request: bytes, seconds: float, deadline: float = inf
    ) -> HttpAnswer:
        """The answer to a whole request; raises NoAnswer. `deadline` (on the loop's clock) holds too."""
        loop = self._loop or self._begun()
        now = loop.time()
        deadline = min(now + seconds, deadline)
        key = address.host, address.port
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = _Host(self._connections_per_host, self._idle_seconds, loop)
        if host.in_use < host.places:
            host.in_use += 1
        else:
            await host.enter(deadline - now)
            now = loop.time()
        connection = host.kept(now)
        if connection is None:
            try:
                connection = await self._connected(host, address, deadline - now)
            except BaseException:
                host.leave()
                raise
        return await connection.exchange(request, deadline)

    def ask(
        self, address: Address, request: bytes, seconds: float, deadline: float, asker: Asker
    ) -> RawConnection | None:
        """Send on a connection that is free at once; None: there is none, `exchange` waits for one."""
        host = self._hosts.get((address.host, address.port))
        if host is None or host.in_use >= host.places:
            return None
        now = host.loop.time()
        connection = host.kept(now)
        if connection is not None:
            host.in_use += 1
            connection.ask(request, min(now + seconds, deadline), asker)
        return connection

    async def close(self) -> None:
        """Close what is idle; what is in use closes when its exchange has ended."""
        for host in self._hosts.values():
            host.is_closed = True
            for connection in host.idle:
                connection.close()
            host.idle.clear()
        self._hosts.clear()

    def _begun(self) -> asyncio.AbstractEventLoop:
        self._loop = asyncio.get_running_loop()
        self._deadlines = deadlines_of(self._loop)
        return self._loop

    async def _connected(self, host: _Host, address: Address, seconds: float) -> RawConnection:
        loop = asyncio.get_running_loop()
        connection = RawConnection(self._max_answer_bytes, self._deadlines, host.take_back)
        try:
            async with asyncio.timeout(min(self._connect_seconds, max(seconds, 0))):
                await loop.create_connection(lambda: connection, address.host, address.port)
        except TimeoutError as cause:
            raise NoAnswer(Failure.UNREACHABLE, "could not be reached in time") from cause
        except (OSError, UnicodeError) as cause:  # the latter: no name of a host, such as a..b
            raise NoAnswer(Failure.UNREACHABLE, "could not be reached") from cause
        return connection


def lines_of(headers: Mapping[str, str]) -> bytes:
    """Headers as lines of a request; raises NoAnswer for what would be more than one line."""
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    text = "".join(lines)
    if text.count("\n") != len(lines) or text.count("\r") != len(lines) or "\0" in text:
        raise NoAnswer(Failure.UNREACHABLE, "cannot be sent a header with a line break in it")
    return text.encode("utf-8", "replace")


def request_of(address: Address, lines: bytes, body: bytes) -> bytes:
    """A whole POST."""
    return b"%b%bcontent-length: %d\r\n\r\n%b" % (address.first_lines, lines, len(body), body)
