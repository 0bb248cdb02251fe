"""Clients on bare sockets: thousands of WebSockets that listen, and requests that come answered or not.

Run as a process of its own: `python -m benchmarks.realtime.clients` reads a JSON job from standard input,
prints `ready` when all is open, and the measurement when the time is over.
"""

import asyncio
import json
import resource
import select
import socket
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import cast

import httptools
import orjson
import uvloop

QUERY = "query($n: Int!) { echo(n: $n) items { tag } }"
AT = b'"at":'
TOGETHER = 200
TEXT, PING = 0x81, 0x89  # first bytes of frames that are whole messages
UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\n"
    b"user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\r\n\r\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """`sockets` WebSockets; each subscribes to a topic, in turn, unless there are none."""

    port: int
    sockets: int
    topics: int = 0
    warm_up: float = 2.0
    seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """Milliseconds from clock to clock, and how many events; `busy`: what of a core the clients took."""

    deliveries: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    lost: int
    busy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """`per_second` requests, evenly, over at most so many connections."""

    port: int
    per_second: float
    seconds: float
    connections: int = 2_000


@dataclass(slots=True, kw_only=True)
class Answered:
    """What became of the requests; `mixed_up`: answers to somebody else's question."""

    sent: int = 0
    answered: int = 0
    shed: int = 0
    mixed_up: int = 0
    failed: int = 0
    lost: int = 0
    not_sent: int = 0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    shed_p99_ms: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)


class Listener:
    """One WebSocket. Everything is as bare as can be: the clients share the machine with the router."""

    def __init__(self, port: int, topic: int | None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        self._topic = topic
        self.socket.sendall(UPGRADE)

    def initialise(self) -> None:
        """Once it is upgraded."""
        self._read_until(b"\r\n\r\n")
        self._send({"type": "connection_init"})

    def subscribe(self) -> None:
        """Once it is initialised."""
        self._read_until(b"connection_ack")
        topic = self._topic
        if topic is not None:
            query = "subscription($topic: Int!) { tick(topic: $topic) { topic number at text } }"
            asked = {"query": query, "variables": {"topic": topic}}
            self._send({"id": "1", "type": "subscribe", "payload": asked})
        self._rest = b""
        self.socket.setblocking(False)

    def take(self, latencies: list[float]) -> bool:
        """What has come; False if the server has closed."""
        try:
            data = self.socket.recv(65_536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        now = time.monotonic()
        if self._rest:
            data, self._rest = self._rest + data, b""
        end = len(data)
        at = 0
        while at + 2 <= end:
            size, begin = data[at + 1], at + 2
            if size == 126:
                size, begin = int.from_bytes(data[at + 2 : at + 4]), at + 4
            if begin + size > end:
                break
            if data[at] == TEXT:
                place = data.find(AT, begin, begin + size)
                if place > 0:
                    moment = data[place + len(AT) : data.index(b",", place + len(AT))]
                    latencies.append(now - float(moment))
            elif data[at] == PING:
                self.socket.send(bytes((0x8A, 0x80 | size, 0, 0, 0, 0)) + data[begin : begin + size])
            at = begin + size
        self._rest = data[at:]
        return end > 0

    def _read_until(self, mark: bytes) -> None:
        while mark not in self._rest:
            received = self.socket.recv(65_536)
            if not received:
                raise ConnectionError(f"the server closed the socket: {self._rest!r}")
            self._rest += received

    def _send(self, message: dict[str, object]) -> None:
        text = orjson.dumps(message)
        size = len(text)
        head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2)
        self.socket.sendall(head + b"\0\0\0\0" + text)


def listen(job: Listening) -> Delivered:
    """Open all, then measure."""
    listeners: dict[int, Listener] = {}
    poll = select.epoll()
    for first in range(0, job.sockets, TOGETHER):
        numbers = range(first, min(first + TOGETHER, job.sockets))
        some = [Listener(job.port, number % job.topics if job.topics else None) for number in numbers]
        for listener in some:
            listener.initialise()
        for listener in some:
            listener.subscribe()
            listeners[listener.socket.fileno()] = listener
            poll.register(listener.socket, select.EPOLLIN)
    latencies: list[float] = []
    lost = _take(poll, listeners, latencies, job.warm_up)
    print("ready", flush=True)
    latencies.clear()
    cpu = time.process_time()
    lost += _take(poll, listeners, latencies, job.seconds)
    cpu = time.process_time() - cpu
    seen = sorted(latency * 1000 for latency in latencies) or [0.0]
    return Delivered(
        deliveries=len(latencies),
        p50_ms=percentile(seen, 0.5),
        p99_ms=percentile(seen, 0.99),
        worst_ms=round(seen[-1], 1),
        lost=lost,
        busy=round(cpu / job.seconds, 2),
    )


def _take(poll: select.epoll, listeners: dict[int, Listener], latencies: list[float], seconds: float) -> int:
    """What comes in this time; gives how many sockets were closed."""
    end, lost = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        for number, _ in poll.poll(left):
            if not listeners[number].take(latencies):
                poll.unregister(number)
                lost += 1
    return lost


class Asker(asyncio.Protocol):
    """One keep-alive connection with at most one request on it."""

    def __init__(self, traffic: "Sending") -> None:
        self._traffic = traffic
        self._parser = httptools.HttpResponseParser(self)
        self._body = b""
        self._number: int | None = None
        self._began = 0.0
        self.is_open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._number is not None:
            self._traffic.answered.lost += 1

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """httptools: a piece of it."""
        self._body += body

    def on_message_complete(self) -> None:
        """httptools: the answer is whole."""
        status, body = self._parser.get_status_code(), self._body
        self._parser, self._body = httptools.HttpResponseParser(self), b""
        number, self._number = self._number, None
        assert number is not None
        self._traffic.took(number, status, body, time.monotonic() - self._began)
        self._traffic.free.append(self)

    def ask(self, number: int, body: bytes) -> None:
        """Send one."""
        self._number, self._began = number, time.monotonic()
        self._transport.write(
            b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"accept: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )


class Sending:
    """Requests at the moments they are due."""

    def __init__(self, job: Traffic) -> None:
        self._job = job
        self.free: list[Asker] = []
        self.answered = Answered()
        self._open = 0
        self._good: list[float] = []
        self._shed: list[float] = []
        self._statuses: Counter[int] = Counter()

    def took(self, number: int, status: int, body: bytes, seconds: float) -> None:
        """An answer."""
        self._statuses[status] += 1
        if status in (429, 503):
            self.answered.shed += 1
            self._shed.append(seconds * 1000)
        elif status != 200 or b'"errors"' in body[:20]:
            self.answered.failed += 1
        elif not body.startswith(b'{"data":{"echo":%d,"items":[' % number):
            self.answered.mixed_up += 1
        else:
            self.answered.answered += 1
            self._good.append(seconds * 1000)

    async def run(self) -> Answered:
        """Until the time is over and every request has its answer."""
        job, answered, number = self._job, self.answered, 0
        end, due = time.monotonic() + job.seconds, time.monotonic()
        print("ready", flush=True)
        while (now := time.monotonic()) < end:
            while due <= now:
                due += 1 / job.per_second
                number += 1
                asker = await self._asker()
                if asker is None:
                    answered.not_sent += 1
                    continue
                answered.sent += 1
                asker.ask(number, orjson.dumps({"query": QUERY, "variables": {"n": number}}))
            await asyncio.sleep(0.001)
        async with asyncio.timeout(60):
            while answered.sent > sum(self._statuses.values()) + answered.lost:
                await asyncio.sleep(0.01)
        good, shed = sorted(self._good) or [0.0], sorted(self._shed) or [0.0]
        answered.p50_ms, answered.p99_ms = percentile(good, 0.5), percentile(good, 0.99)
        answered.shed_p99_ms = percentile(shed, 0.99)
        answered.statuses = {str(status): count for status, count in self._statuses.items()}
        return answered

    async def _asker(self) -> Asker | None:
        while self.free:
            asker = self.free.pop()
            if asker.is_open:
                return asker
            self._open -= 1
        if self._open >= self._job.connections:
            return None
        self._open += 1
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(lambda: Asker(self), "127.0.0.1", self._job.port))[1]


def percentile(values: list[float], share: float) -> float:
    """Of sorted values."""
    return round(values[min(len(values) - 1, int(len(values) * share))], 1)


def main() -> None:
    """One job from standard input."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    kind, job = json.load(sys.stdin)
    if kind == "listen":
        result: Delivered | Answered = listen(Listening(**job))
    else:
        result = uvloop.run(Sending(Traffic(**job)).run())
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
