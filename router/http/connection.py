"""One HTTP connection under uvicorn: a request that is whole is answered at once, and in one piece.

uvicorn begins a task when a head is complete, parses each head anew, sets a timer after each answer, writes
head and body apart and checks every header with two regular expressions. All that is more than what the
router does for a small request; where nothing unusual is asked for it is done without here.
"""

from asyncio import Event, TimerHandle, Transport
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from router.http.direct import Direct
from router.http.on_lane import LaneDoor, Rider
from router.http.repeated_head import RepeatedHeads, Split, split
from router.http.scope import headers_read
from router.prompt import Prompt
from router.wire.exchange import HeaderList

_STATUS_LINES = {
    status.value: b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode())
    for status in HTTPStatus
    if status >= HTTPStatus.OK and status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
}
CUT = "atrium.response.cut"
"""The type of an ASGI message of ours: end the connection at once, whatever is still buffered."""

HEAD_TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_NOT_PLAIN = frozenset({b"connection", b"transfer-encoding"})
_OF_MANY_ANSWERS = frozenset(
    {
        b"cache-control",
        b"content-type",
        b"cross-origin-resource-policy",
        b"date",
        b"vary",
        b"x-content-type-options",
    }
)
_MOST_WRITTEN = 256

Header = tuple[bytes, bytes]
_WRITTEN: dict[Header, bytes] = {}
"""Headers that many answers have, as lines; none that could hold a secret."""


def _written(header: Header) -> bytes | None:
    """The header as a line; None if it would be more than one, or says what becomes of the connection."""
    name, value = header
    if name in _NOT_PLAIN:
        return None
    line = b"%b: %b\r\n" % (name, value)
    if line.count(b"\n") != 1 or line.count(b"\r") != 1 or b"\0" in line:
        return None
    if name in _OF_MANY_ANSWERS and len(line) < 200:
        if len(_WRITTEN) == _MOST_WRITTEN:
            _WRITTEN.clear()
        _WRITTEN[header] = line
    return line


class Cycle(RequestResponseCycle, Direct):
    """One request and its answer. All but whole answers of known length are uvicorn's own business."""

    _head: tuple[bytes, int] | None = None

    def take_body(self) -> bytes | None:
        """Direct: the body, once it is whole."""
        if self.more_body or self.disconnected or self.response_complete:
            return None
        body, self.body = bytes(self.body), bytearray()
        self.message_event.clear()
        return body

    def answer(self, status: int, headers: HeaderList, body: bytes) -> bool:
        """Direct: all of a plain answer at once."""
        if self.response_started:
            return False
        head = self._plain_head(status, (*headers, (b"content-length", str(len(body)).encode())))
        if head is None:
            return False
        self.response_started, self.waiting_for_100_continue = True, False
        self._finish(head[0], body)
        return True

    async def send(self, message: Any) -> None:
        """ASGI: the head of a plain answer waits for the body that follows it."""
        if self._head is not None:
            (head, length), self._head = self._head, None
            body = message.get("body", b"")
            if len(body) == length and not message.get("more_body") and not self.disconnected:
                self._finish(head, body)
                return
            self.transport.write(head)
            self.chunked_encoding, self.expected_content_length = False, length
        elif not self.response_started:
            self._head = self._plain_head(message.get("status", 0), message.get("headers", ()))
            if self._head is not None:
                self.response_started, self.waiting_for_100_continue = True, False
                return
        elif message["type"] == CUT:
            self.disconnected = True
            self.transport.abort()
            return
        await super().send(message)

    def _plain_head(self, status: int, headers: Iterable[Header]) -> tuple[bytes, int] | None:
        """Head and length of an answer after which the connection goes on; None for every other."""
        line = _STATUS_LINES.get(status)
        if line is None or not self.keep_alive or self.access_log or self.disconnected:
            return None
        if self.flow.write_paused or self.scope["method"] == "HEAD":
            return None
        length = -1
        lines = [line]
        for name, value in (*self.default_headers, *headers):
            header = (name, value)
            written = _WRITTEN.get(header) or _written(header)
            if written is None:
                return None  # uvicorn says what is wrong with it
            if name == b"content-length":
                length = int(value)
            lines.append(written)
        lines.append(b"\r\n")
        return None if length < 0 else (b"".join(lines), length)

    def _finish(self, head: bytes, body: bytes) -> None:
        self.transport.writelines((head, body))
        self.response_complete = True
        self.message_event.set()
        self.on_response()


class Connection(HttpToolsProtocol):
    """uvicorn's connection with our cycle, and with a limit for the time that a request's head takes.

    A timer of the connection, not one of each request, looks whether it still waits for the same head as the
    last time: one that began just after it looked has nearly twice `head_seconds`. It also ends connections
    that have been idle for too long.

    A request for the graph that comes whole, after the last one was answered, is begun where its bytes are
    received. If its head is one that uvicorn's parser has read before, on this connection, the parser never
    sees it. All others get a task: much of what runs there, anyio above all, knows asyncio's own tasks only.
    """

    head_seconds = 10.0
    graph_path: str | None = None
    lane: LaneDoor | None = None
    _looking: TimerHandle | None = None
    _head_seen: object = None
    _idle_since: float | None = None
    _is_between = True
    _is_fed = False
    _waiting: tuple[RequestResponseCycle, Any] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._heads = RepeatedHeads()
        self._rider = None if self.lane is None else Rider(self.lane, self)

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """asyncio: it begins."""
        super().connection_made(transport)
        self._looking = self.loop.call_later(self.head_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: it has ended."""
        self._look_no_more()
        super().connection_lost(exc)
        if isinstance(self.cycle, Cycle):
            self.cycle.leave()
        rider, self._rider = self._rider, None  # it knows this one: no work for the collector
        if rider is not None:
            rider.leave()

    def shutdown(self) -> None:
        """uvicorn: this is the last answer."""
        if self._rider is not None and self._rider.is_busy:
            self._rider.close_after()
        else:
            super().shutdown()

    def handle_websocket_upgrade(self) -> None:
        """uvicorn: the rest is another protocol's."""
        self._look_no_more()
        super().handle_websocket_upgrade()

    def _look_no_more(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _look(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        is_riding = self._rider is not None and self._rider.is_busy
        if is_riding or (cycle is not None and not cycle.response_complete):
            self._head_seen = None
        elif self._idle_since is not None:
            self._head_seen = None
            if self.loop.time() - self._idle_since >= self.timeout_keep_alive:
                self.transport.close()
                return
        elif self._head_seen is self.scope:  # None: nothing has come since the connection was made
            self._give_up()
            return
        else:
            self._head_seen = self.scope
        self._looking = self.loop.call_later(self.head_seconds, self._look)

    def _give_up(self) -> None:
        if self.scope is not None:
            self.transport.write(HEAD_TIMEOUT)
        self.transport.close()

    # Requests that come whole.

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes of requests."""
        rider = self._rider
        if rider is not None and rider.is_busy:
            rider.hold(data)
            return
        request = self._whole(data)
        if request is not None:
            way = None if rider is None else self._heads.way_of(request)
            if rider is not None and way is not None:
                idle_since, self._idle_since = self._idle_since, None
                if rider.goes(way, request.body):
                    return
                self._idle_since = idle_since
            scope = self._heads.scope_of(request)
            if scope is not None:
                self._idle_since = None
                self._begin(self._cycle_of(scope, request.body))
                return
        self._idle_since = None
        self._is_between, self._is_fed = False, True
        super().data_received(data)
        self._is_fed = False
        if request is not None and self._is_between and self._is_for_graph(self.scope):
            scope, read = dict(self.scope), headers_read(self.scope)  # type: ignore[arg-type]
            way = None if self.lane is None else self.lane.way_of(scope, read)
            self._heads.learn(request, scope, read, way)
        if self._waiting is not None:
            (cycle, app), self._waiting = self._waiting, None
            if cycle.more_body or not self._is_for_graph(cycle.scope):
                super()._start_asgi_task(cycle, app)
            else:
                self._begin(cycle, app)

    def _is_for_graph(self, scope: Any) -> bool:
        """An operation with one answer, as far as one can see from here."""
        if scope["path"] != self.graph_path or scope["method"] != "POST":
            return False
        accepted = [value for name, value in scope["headers"] if name == b"accept"]
        return not any(b"event-stream" in value or b"multipart" in value for value in accepted)

    def _whole(self, data: bytes) -> Split | None:
        """One request in one piece, if the parser waits for one and nothing else goes on."""
        cycle: RequestResponseCycle | None = self.cycle
        if not self._is_between or not self._heads.are_worth_it or self.limit_concurrency is not None:
            return None
        if cycle is not None and (not cycle.response_complete or not cycle.keep_alive):
            return None
        return None if self.transport.is_closing() or self.flow.write_paused else split(data)

    def _cycle_of(self, scope: Any, body: bytes) -> RequestResponseCycle:
        """As uvicorn makes it, the body read."""
        self.scope = scope
        there = Event()
        there.set()
        cycle = self.cycle = Cycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=there,
            expect_100_continue=False,
            keep_alive=True,
            on_response=self.on_response_complete,
        )
        cycle.body = body  # type: ignore[assignment]  # it is only ever handed on as bytes
        cycle.more_body = False
        return cycle

    def _begin(self, cycle: RequestResponseCycle, app: Any = None) -> None:
        """Run to the first wait, which for many is the end; uvicorn counts it among its tasks meanwhile."""
        prompt = Prompt(cycle.run_asgi(app or self.app), self._prompt_ended, self.loop)
        if not prompt.done():
            self.tasks.add(prompt)  # type: ignore[arg-type]  # it can be cancelled, as they can

    def _prompt_ended(self, prompt: Prompt, raised: BaseException | None) -> None:
        self.tasks.discard(prompt)

    # Called by uvicorn.

    def on_message_begin(self) -> None:
        """The parser sees the first byte of a request."""
        self._is_between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """The parser has seen a whole request."""
        self._is_between = True
        super().on_message_complete()

    def answered(self) -> None:
        """An answer from the lane is out."""
        self.server_state.total_requests += 1
        self._idle_since = self.loop.time()
        self.flow.resume_reading()

    def head_of(self, status: int, headers: HeaderList, length: int) -> bytes:
        """The head of a whole answer."""
        told = (*self.server_state.default_headers, *headers, (b"content-length", b"%d" % length))
        return b"".join([_STATUS_LINES[status], *(b"%b: %b\r\n" % each for each in told), b"\r\n"])

    def on_response_complete(self) -> None:
        """An answer is out. No timer: the connection's own sees when it has been idle for too long."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        else:
            self._idle_since = self.loop.time()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.__class__ = Cycle  # uvicorn has no other way in; ours adds no state of its own
        if self._is_fed and self._waiting is None:
            self._waiting = cycle, app  # until the parser has done with these bytes
        else:
            super()._start_asgi_task(cycle, app)


def connection_with(
    head_seconds: float, graph_path: str | None = None, lane: LaneDoor | None = None
) -> type[Connection]:
    """Connections whose requests must have sent their head in this time."""
    return type(
        "Connection",
        (Connection,),
        {"head_seconds": head_seconds, "graph_path": graph_path, "lane": lane},
    )
