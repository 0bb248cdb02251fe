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
from router.subgraph_client.raw_connection import RawConnection

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
        host = self._hosts.get((address.host, address.port))
        if host is None:
            host = self._hosts[address.host, address.port] = _Host(self._connections_per_host)
        if host.in_use < host.places:
            host.in_use += 1
        else:
            await host.enter(deadline - now)
            now = loop.time()
        connection: RawConnection | None = None
        try:
            connection = self._kept(host, now)
            if connection is None:
                connection = await self._connected(address, deadline - loop.time())
            return await connection.exchange(request, deadline)
        finally:
            self._give_back(host, connection, loop.time())

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

    def _kept(self, host: _Host, now: float) -> RawConnection | None:
        """The connection used last, if it still stands; older ones are let go."""
        while host.idle:
            connection = host.idle.pop()
            if connection.is_open and now - connection.idle_since < self._idle_seconds:
                return connection
            connection.close()
        return None

    async def _connected(self, address: Address, seconds: float) -> RawConnection:
        loop = asyncio.get_running_loop()
        connection = RawConnection(self._max_answer_bytes, self._deadlines)
        try:
            async with asyncio.timeout(min(self._connect_seconds, max(seconds, 0))):
                await loop.create_connection(lambda: connection, address.host, address.port)
        except TimeoutError as cause:
            raise NoAnswer(Failure.UNREACHABLE, "could not be reached in time") from cause
        except (OSError, UnicodeError) as cause:  # the latter: no name of a host, such as a..b
            raise NoAnswer(Failure.UNREACHABLE, "could not be reached") from cause
        return connection

    def _give_back(self, host: _Host, connection: RawConnection | None, now: float) -> None:
        if connection is not None and connection.is_open:
            if host.is_closed:
                connection.close()
            else:
                connection.idle_since = now
                host.idle.append(connection)
        host.leave()


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
