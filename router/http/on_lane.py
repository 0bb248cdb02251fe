"""Requests on the lane, as one connection has them: one at a time, each answered in one piece.

What comes meanwhile is held, since answers have the order of their requests (RFC 9112 §9.3.2).
"""

import logging
from collections.abc import Iterable, Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from router.http.admission import Admission
from router.http.compression import smaller
from router.http.ways import way_of
from router.pipeline.lane import Lane, Ride, Way
from router.pipeline.respond import headers_of
from router.prompt import Prompt
from router.settings import RouterSettings
from router.wire.cors import varying
from router.wire.exchange import HeaderList, Outgoing
from router.wire.negotiate import ResponseMode
from router.wire.rate_limits import rate_limit_headers

if TYPE_CHECKING:
    from router.http.connection import Connection

log = logging.getLogger(__name__)

Header = tuple[bytes, bytes]
MOST_HELD = 65_536
"""Bytes of further requests that are taken while one is answered; then no more are read."""


class LaneDoor:
    """Where connections let requests on the lane."""

    def __init__(self, lane: Lane, admission: Admission, settings: RouterSettings) -> None:
        self.lane = lane
        self.admission = admission
        self.compress_above: float = settings.compress_above if settings.compress else inf
        self.max_body_bytes = settings.max_body_bytes
        self._settings = settings
        self._heads: dict[ResponseMode, tuple[list[Header], bytes]] = {}

    def way_of(self, scope: Mapping[str, Any], read: tuple[Mapping[str, str], int]) -> Way | None:
        """How requests with this head go on the lane; None: they go through the stages."""
        return way_of(scope, read, self._settings)

    def head(self, mode: ResponseMode, standing: list[Header]) -> bytes:
        """The beginning of an answer, up to the value of its request id.

        `standing`: the headers that the server adds to every answer, in a list that it replaces each second.
        """
        known = self._heads.get(mode)
        if known is not None and known[0] is standing:
            return known[1]
        lines = [b"HTTP/1.1 200 OK\r\n"]
        headers = [*standing, *self._told(headers_of(mode, ""))]
        last = next(name for name, _ in headers if name == b"x-request-id")
        lines += [b"%b: %b\r\n" % each for each in headers if each[0] != last]
        head = b"".join([*lines, last, b": "])
        self._heads[mode] = standing, head
        return head

    def told(self, ride: Ride, headers: HeaderList) -> HeaderList:
        """The headers of an answer, with what else its client is told."""
        return (*self._told(headers), *limits_of(ride))

    def _told(self, headers: HeaderList) -> Iterable[Header]:
        # A page of another origin names it, and does not come this way.
        return varying(headers) if self._settings.cors_origins else headers


def limits_of(ride: Ride) -> HeaderList:
    """How the limits stand that it was counted by."""
    return rate_limit_headers(ride.standings.values()) if ride.standings else ()


class Rider:
    """The requests of one connection that go on the lane. `is_busy`: one is being answered."""

    __slots__ = ("_connection", "_door", "_held", "_is_closing", "_prompt", "_ride", "is_busy")

    def __init__(self, door: LaneDoor, connection: "Connection") -> None:
        self._door = door
        self._connection = connection
        self._ride: Ride | None = None
        self._prompt: Prompt | None = None
        self._held = bytearray()
        self._is_closing = False
        self.is_busy = False

    def goes(self, way: Way, body: bytes) -> bool:
        """Begin a request if it may go on the lane; it may have ended by then."""
        door = self._door
        if door.admission.is_full or len(body) > door.max_body_bytes:
            return False
        try:
            ride = door.lane.board(way, body, self)
        except Exception:
            log.exception("a request did not get onto the lane")
            return False  # the stages say what is wrong with it
        if ride is None:
            return False
        door.admission.in_flight += 1
        self._ride, self.is_busy = ride, True
        ride.begin()
        return True

    def hold(self, data: bytes) -> None:
        """More has come meanwhile."""
        self._held += data
        if len(self._held) > MOST_HELD:
            self._connection.flow.pause_reading()

    def close_after(self) -> None:
        """No further request is taken."""
        self._is_closing = True

    def leave(self) -> None:
        """The client has gone."""
        if not self.is_busy:
            return
        self.is_busy = False
        ride, self._ride = self._ride, None
        if ride is not None:
            ride.leave()
        if self._prompt is not None:
            self._prompt.cancel()
        self._door.admission.leave()

    # Taker.

    def take(self, ride: Ride, body: bytes) -> None:
        """Taker: an answer like nearly all."""
        door, way, id = self._door, ride.way, ride.context.request_id
        if self._is_closing or (len(body) >= door.compress_above and way.accept_encoding):
            self.take_other(ride, Outgoing(status=200, body=body, headers=headers_of(way.mode, id)))
            return
        connection = self._connection
        head = door.head(way.mode, connection.server_state.default_headers)
        limits = b"".join([b"%b: %b\r\n" % each for each in limits_of(ride)]) if ride.standings else b""
        head = b"%b%b\r\n%bcontent-length: %d\r\n\r\n" % (head, id.encode(), limits, len(body))
        connection.transport.writelines((head, body))
        self._over()

    def take_other(self, ride: Ride, outgoing: Outgoing) -> None:
        """Taker: any other answer."""
        accepted, headers = ride.way.accept_encoding, self._door.told(ride, outgoing.headers)
        outgoing = Outgoing(status=outgoing.status, body=outgoing.body, headers=headers)
        if len(outgoing.body) < self._door.compress_above or not accepted:
            self._write(outgoing)
        else:
            prompt = Prompt(self._smaller(outgoing, accepted), self._written)
            if not prompt.done():  # else there may be the next one's by now
                self._prompt = prompt

    async def _smaller(self, outgoing: Outgoing, accepted: str) -> None:
        self._write(await smaller(outgoing, accepted))

    def _written(self, prompt: Prompt, raised: BaseException | None) -> None:
        if self._prompt is prompt:
            self._prompt = None
        if raised is not None and self.is_busy:
            log.error("an answer could not be made smaller", exc_info=raised)
            self._connection.transport.abort()

    def _write(self, outgoing: Outgoing) -> None:
        connection = self._connection
        closing = ((b"connection", b"close"),) if self._is_closing else ()
        head = connection.head_of(outgoing.status, (*outgoing.headers, *closing), len(outgoing.body))
        connection.transport.writelines((head, outgoing.body))
        self._over()

    def _over(self) -> None:
        self._ride, self.is_busy = None, False
        self._door.admission.leave()
        connection = self._connection
        if self._is_closing:
            connection.transport.close()
            return
        connection.answered()
        if self._held:
            held = bytes(self._held)
            self._held.clear()
            connection.data_received(held)
