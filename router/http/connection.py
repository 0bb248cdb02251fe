"""One HTTP connection under uvicorn: an answer that is whole goes out in one piece.

uvicorn writes head and body apart, which is two system calls and two packets, and checks every header with
two regular expressions: 0.02 ms for each request, a tenth of what a small answer costs altogether.
"""

from asyncio import TimerHandle, Transport
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_STATUS_LINES = {
    status.value: b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode())
    for status in HTTPStatus
    if status >= HTTPStatus.OK and status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
}
CUT = "atrium.response.cut"
"""The type of an ASGI message of ours: end the connection at once, whatever is still buffered."""

HEAD_TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_NOT_PLAIN = frozenset({b"connection", b"transfer-encoding"})


class Cycle(RequestResponseCycle):
    """One request and its answer. All but whole answers of known length are uvicorn's own business."""

    _head: tuple[bytes, int] | None = None

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
            self._head = self._plain_head(message)
            if self._head is not None:
                self.response_started, self.waiting_for_100_continue = True, False
                return
        elif message["type"] == CUT:
            self.disconnected = True
            self.transport.abort()
            return
        await super().send(message)

    def _plain_head(self, message: Any) -> tuple[bytes, int] | None:
        """Head and length of an answer after which the connection goes on; None for every other."""
        line = _STATUS_LINES.get(message.get("status", 0))
        if line is None or not self.keep_alive or self.access_log or self.disconnected:
            return None
        if self.flow.write_paused or self.scope["method"] == "HEAD":
            return None
        length = -1
        parts = [line]
        for name, value in (*self.default_headers, *message["headers"]):
            if name == b"content-length":
                length = int(value)
            elif name in _NOT_PLAIN:
                return None
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"\r\n")
        head = b"".join(parts)
        lines = len(parts) // 4 + 2
        if length < 0 or head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
            return None  # uvicorn says what is wrong with it
        return head, length

    def _finish(self, head: bytes, body: bytes) -> None:
        self.transport.writelines((head, body))
        self.response_complete = True
        self.message_event.set()
        self.on_response()


class Connection(HttpToolsProtocol):
    """uvicorn's connection with our cycle, and with a limit for the time that a request's head takes.

    A timer of the connection, not one of each request, looks whether it still waits for the same head as the
    last time: one that began just after it looked has nearly twice `head_seconds`.
    """

    head_seconds = 10.0
    _looking: TimerHandle | None = None
    _head_seen: object = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """asyncio: it begins."""
        super().connection_made(transport)
        self._looking = self.loop.call_later(self.head_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: it has ended."""
        self._look_no_more()
        super().connection_lost(exc)

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
        is_answering = cycle is not None and not cycle.response_complete
        is_idle = self.timeout_keep_alive_task is not None  # which uvicorn ends by itself
        if is_answering or is_idle:
            self._head_seen = None
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

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.__class__ = Cycle  # uvicorn has no other way in; ours adds no state of its own
        super()._start_asgi_task(cycle, app)


def connection_with(head_seconds: float) -> type[Connection]:
    """Connections whose requests must have sent their head in this time."""
    return type("Connection", (Connection,), {"head_seconds": head_seconds})
