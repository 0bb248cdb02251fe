"""Heads of requests that a connection has seen before: what was read of one holds for the next.

A client sends the same lines with every request, but for the length of the body. Reading them takes a
callback for each, which is more than all that the router does with them afterwards.
"""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from router.pipeline.lane import Way

LONGEST = 8_192
MOST = 4
"""Heads that one connection remembers."""

TRIES = 16
"""A connection whose heads differ each time, by a trace say, is not worth remembering them."""

HEADERS_READ = "atrium.headers"
"""In the scope: the headers as `headers_of` gives them, and their bytes in all."""

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: ?([0-9]{1,9})\r\n", re.IGNORECASE)
_UNUSUAL = frozenset(
    {b"connection", b"content-encoding", b"expect", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
"""Headers on which more depends than what the application makes of them."""

Headers = list[tuple[bytes, bytes]]


class Split(NamedTuple):
    """A whole request in one piece: its head without the digits of its length, and its body."""

    key: bytes
    digits: bytes
    body: bytes


def split(data: bytes) -> Split | None:
    """The request, if these bytes are exactly one with a length."""
    end = data.find(_END, 0, LONGEST) + len(_END)
    if end < len(_END):
        return None
    length = _LENGTH.search(data, 0, end)
    if length is None:
        return None
    digits = length[1]
    if len(data) != end + int(digits):
        return None
    return Split(data[: length.start(1)] + data[length.end(1) : end], digits, data[end:])


@dataclass(slots=True)
class _Known:
    """What the parser made of a head. `way`: how its requests go on the lane, if they may."""

    scope: dict[str, Any]
    headers: Headers
    at: int
    way: Way | None


class RepeatedHeads:
    """The heads of one connection, each with the scope that the server's parser made of it."""

    __slots__ = ("_hits", "_known", "_tries")

    def __init__(self) -> None:
        self._known: dict[bytes, _Known] = {}
        self._tries = 0
        self._hits = 0

    @property
    def are_worth_it(self) -> bool:
        """Whether to go on looking and learning."""
        return self._tries < TRIES or self._hits > 0

    def way_of(self, request: Split) -> Way | None:
        """How a request whose head is known goes on the lane."""
        known = self._known.get(request.key)
        if known is None or known.way is None:
            return None
        self._hits = TRIES
        return known.way

    def scope_of(self, request: Split) -> dict[str, Any] | None:
        """The scope of a request whose head is known, made for it alone."""
        known = self._known.get(request.key)
        if known is None:
            return None
        self._hits = min(self._hits + 1, TRIES)
        template, headers, at = known.scope, known.headers, known.at
        own = headers.copy()
        own[at] = (b"content-length", request.digits)
        scope = template.copy()
        scope["headers"] = own
        scope["state"] = template["state"].copy()
        read, size = template[HEADERS_READ]
        scope[HEADERS_READ] = ({**read, "content-length": request.digits.decode()}, size)
        return scope

    def learn(
        self,
        request: Split,
        scope: dict[str, Any],
        read: tuple[dict[str, str], int],
        way: Way | None = None,
    ) -> None:
        """Remember what the parser made of a head, if there is nothing unusual in it."""
        self._tries += 1
        if self._hits:
            self._hits -= 1
        headers: Headers = scope["headers"]
        names = [name for name, _ in headers]
        if scope["http_version"] != "1.1" or not _UNUSUAL.isdisjoint(names):
            return
        if names.count(b"content-length") != 1:
            return
        at = names.index(b"content-length")
        if headers[at][1] != request.digits:
            return
        if len(self._known) == MOST:
            del self._known[next(iter(self._known))]
        by_name, size = read
        template = {**scope, "state": scope["state"].copy(), HEADERS_READ: (by_name.copy(), size)}
        self._known[request.key] = _Known(template, headers.copy(), at, way)
