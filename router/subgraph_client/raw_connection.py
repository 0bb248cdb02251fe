"""One kept-alive HTTP/1.1 connection on a bare asyncio protocol, one exchange at a time.

A general HTTP client costs 0.2 ms of CPU for each exchange, more than everything else the router does for
it; this costs 0.01 ms. It does what a POST of JSON needs, and no more: no redirects, no cookies, no
`Expect`, no upgrade.
"""

import asyncio
import zlib
from collections.abc import Callable
from typing import Any, Protocol

import httptools

from router.deadlines import Deadlines
from router.prompt import Arrival
from router.subgraph_client.exchange import HttpAnswer, NoAnswer
from router.subgraph_client.plain_head import plain_length
from router.subgraph_client.protocol import Failure

MAX_HEADER_BYTES = 65_536
_GZIP_OR_ZLIB = 47
_LENGTHS = frozenset({b"content-length", b"transfer-encoding"})


class Asker(Protocol):
    """Waits for one answer, and hears of it, or of why there is none, exactly once."""

    def come(self, answer: HttpAnswer, /) -> None:
        """It is there."""
        ...

    def fail(self, raised: NoAnswer, /) -> None:
        """It will not come."""
        ...


class RawConnection(asyncio.Protocol):
    """Sends a request, gathers its answer. After a failure it is closed and of no more use.

    Whoever has it is rid of it, by `released`, before the asker hears of an answer.

    An answer that is a plain head and so many bytes is read here; for every other there is a parser, which
    then is given it from its first byte.
    """

    deadline: float
    _headers: list[tuple[bytes, bytes]]
    _body: list[bytes]
    _status: int
    _received: int
    _missing: int
    _head_length: int
    _header_bytes: int
    _body_bytes: int
    _has_begun: bool
    _has_head: bool
    _has_length: bool
    _is_complete: bool
    _is_kept_alive: bool
    _has_more: bool

    def __init__(
        self, max_answer_bytes: int, deadlines: Deadlines, released: Callable[["RawConnection"], None]
    ) -> None:
        self._limit = max_answer_bytes
        self._deadlines = deadlines
        self._released = released
        self._transport: Any = None
        self._asker: Asker | None = None
        self._parser: Any = None
        self._clear()
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        """Whether another exchange may begin."""
        return self._transport is not None and self._asker is None and not self._transport.is_closing()

    def ask(self, request: bytes, deadline: float, asker: Asker) -> None:
        """Send a request on an open connection."""
        self._asker, self.deadline = asker, deadline
        self._deadlines.watch(self)
        self._transport.write(request)

    async def exchange(self, request: bytes, deadline: float) -> HttpAnswer:
        """One request, one whole answer; raises NoAnswer."""
        if self._transport is None:
            self._released(self)
            raise NoAnswer(Failure.UNREACHABLE, "closed the connection", was_reset=True)
        arrival: Arrival[HttpAnswer] = Arrival(self._deadlines.loop)
        self.ask(request, deadline, arrival)
        try:
            return await arrival
        except BaseException:
            self.give_up()
            raise

    def give_up(self) -> None:
        """Nobody waits for the answer any more; it may still be on its way, so the connection goes."""
        if self._asker is not None:
            self.close()
            self._end()

    def close(self) -> None:
        """Let the connection go at once."""
        if self._transport is not None:
            self._transport.abort()

    def time_out(self) -> None:
        """No answer by the deadline."""
        self._fail(NoAnswer(Failure.TIMEOUT, "did not answer in time"))

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes of the answer; without a question they mean that the server has lost the thread."""
        if self._asker is None:
            self.close()
        elif self._missing:
            self._more_of_body(data)
        elif self._has_begun or not self._is_plain(data):
            self._parse(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side has gone, perhaps to say that the answer is whole."""
        self._transport = None
        if not self._has_begun and not self._missing:
            self._fail(NoAnswer(Failure.UNREACHABLE, "closed the connection", was_reset=True))
        elif self._has_head and exc is None and not self._has_length:
            self._done()
        else:
            self._fail(NoAnswer(Failure.BAD_RESPONSE, "broke off its answer"))

    # Plain answers.

    def _is_plain(self, data: bytes) -> bool:
        """Take the beginning of an answer that needs no parser; False: it needs one."""
        plain = plain_length(data)
        if plain is None:
            return False
        head, length = plain
        if length > self._limit:
            self._fail(self._too_large())
            return True
        missing = head + length - len(data)
        if missing < 0:
            return False
        if missing:
            self._body.append(data)
            self._head_length, self._missing = head, missing
        else:
            self._come(data, head)
        return True

    def _more_of_body(self, data: bytes) -> None:
        self._missing -= len(data)
        if self._missing < 0:  # more than one answer: nobody knows what the rest belongs to
            self.close()
            data = data[: self._missing]
            self._missing = 0
        self._body.append(data)
        if not self._missing:
            whole, self._body = b"".join(self._body), []
            self._come(whole, self._head_length)

    def _come(self, whole: bytes, head: int) -> None:
        asker = self._end()
        if asker is not None:
            asker.come(HttpAnswer(200, whole[head:], head=whole[:head]))

    # All other answers.

    def _parse(self, data: bytes) -> None:
        if self._parser is None:
            self._parser = httptools.HttpResponseParser(self)
        self._has_begun = True
        self._received += len(data)
        if self._received > self._limit + MAX_HEADER_BYTES:
            self._fail(self._too_large())
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(_not_http())
        except httptools.HttpParserError:
            self._has_more = True
            if not self._is_complete:
                self._fail(_not_http())
        if self._is_complete:
            self._done()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or trailer."""
        if self._is_complete:
            self._has_more = True
            return
        name = name.lower()
        if name in _LENGTHS:
            self._has_length = True
        self._headers.append((name, value))
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADER_BYTES:
            self._fail(NoAnswer(Failure.BAD_RESPONSE, "answered with too many headers"))

    def on_headers_complete(self) -> None:
        """The body follows, if there is one."""
        if self._is_complete:
            self._has_more = True
            return
        self._has_head = True
        self._status = self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        if self._is_complete:
            self._has_more = True
            return
        self._body_bytes += len(data)
        if self._body_bytes > self._limit:
            self._fail(self._too_large())
        else:
            self._body.append(data)

    def on_message_complete(self) -> None:
        """The answer is whole, unless it was only an interim one."""
        if self._is_complete:
            return
        if self._status < 200:
            self._clear()
            self._has_begun = True
            return
        self._is_kept_alive = self._parser.should_keep_alive()
        self._is_complete = True

    def _clear(self) -> None:
        self._headers = []
        self._body = []
        self._status = self._received = self._missing = self._header_bytes = self._body_bytes = 0
        self._has_begun = self._has_head = self._has_length = False
        self._is_complete = self._is_kept_alive = self._has_more = False

    def _done(self) -> None:
        """The parser has everything."""
        if self._asker is None:
            return
        answer: HttpAnswer | None = None
        failure = NoAnswer(Failure.BAD_RESPONSE, "broke off its answer")
        try:
            answer = self._parsed()
        except NoAnswer as raised:
            failure = raised
        asker = self._end()
        if asker is None:
            return
        if answer is None:
            asker.fail(failure)
        else:
            asker.come(answer)

    def _fail(self, failure: NoAnswer) -> None:
        self.close()
        asker = self._end()
        if asker is not None:
            asker.fail(failure)

    def _end(self) -> Asker | None:
        """The exchange is over: the connection goes back to whoever lent it. Gives who is to hear of it."""
        asker, self._asker = self._asker, None
        if asker is not None:
            self._deadlines.forget(self)
            self._released(self)
        return asker

    def _parsed(self) -> HttpAnswer:
        """What the parser found; the connection is ready for the next, or closed."""
        if self._has_more or not self._is_kept_alive:
            self.close()
        try:
            return self._answer()
        finally:
            self._clear()

    def _answer(self) -> HttpAnswer:
        headers: dict[str, str] = {}
        set_cookies: list[str] = []
        for raw_name, raw_value in self._headers:
            name, value = raw_name.decode("latin-1"), raw_value.decode("utf-8", "replace").strip()
            if name == "set-cookie":
                set_cookies.append(value)
            headers[name] = value
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        encoding = headers.get("content-encoding")
        if encoding is not None and encoding.lower() != "identity":
            body = self._decompressed(body, encoding.lower())
        return HttpAnswer(self._status, body, headers, tuple(set_cookies))

    def _decompressed(self, body: bytes, encoding: str) -> bytes:
        """The body although we asked for none of this; never more than the limit."""
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise NoAnswer(Failure.BAD_RESPONSE, "answered in an encoding that nobody asked for")
        unpacked = zlib.decompressobj(_GZIP_OR_ZLIB)
        try:
            plain = unpacked.decompress(body, self._limit + 1)
        except zlib.error as cause:
            raise NoAnswer(Failure.BAD_RESPONSE, "broke off its answer") from cause
        if len(plain) > self._limit:
            raise self._too_large()
        if not unpacked.eof:
            raise NoAnswer(Failure.BAD_RESPONSE, "broke off its answer")
        return plain

    def _too_large(self) -> NoAnswer:
        return NoAnswer(Failure.BAD_RESPONSE, f"answered with more than {self._limit} bytes")


def _not_http() -> NoAnswer:
    return NoAnswer(Failure.BAD_RESPONSE, "did not answer in HTTP")
