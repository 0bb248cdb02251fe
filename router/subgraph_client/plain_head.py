"""The head that nearly every answer has: status 200, one length, nothing about the connection or a coding.

Read by one regular expression, in a microsecond, where a parser calls back for every header. What it does not
match may be anything, and is the parser's.
"""

import re

LONGEST = 16_384

_NAME = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_VALUE = rb"[\t -~\x80-\xff]*+"
_TELLING = (
    rb"content-length|transfer-encoding|content-encoding|connection|keep-alive|proxy-connection|upgrade|"
    rb"trailer|set-cookie"
)
"""Headers that say where the answer ends, what becomes of the connection, or what must be kept."""

_OTHERS = rb"(?:(?!(?:%b):)%b:%b\r\n)*" % (_TELLING, _NAME, _VALUE)
_HEAD = re.compile(
    rb"HTTP/1\.1 200 %b\r\n%bcontent-length:[\t ]*+([0-9]{1,10}+)[\t ]*+\r\n%b\r\n"
    % (_VALUE, _OTHERS, _OTHERS),
    re.IGNORECASE,
)


def plain_length(data: bytes) -> tuple[int, int] | None:
    """Lengths of head and body of the answer that begins here; None: its head is not plain, or not whole."""
    found = _HEAD.match(data, 0, LONGEST)
    return None if found is None else (found.end(), int(found[1]))


def headers_in(head: bytes) -> dict[str, str]:
    """The headers of a plain head, by their names in lower case; of equal ones the last."""
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:-2])
    return {
        name.decode("latin-1").lower(): value.decode("utf-8", "replace").strip() for name, _, value in lines
    }
