"""Where a subscription is to go on: behind the last event that its client has seen."""

from collections.abc import Mapping
from typing import Any

from router.errors import BadRequest

HEADER = "last-event-id"
EXTENSION = "lastEventId"
MAX_LENGTH = 1_024


def position_in(extensions: Mapping[str, Any], headers: Mapping[str, str]) -> str | None:
    """The id in the extension `lastEventId`, else in the header `Last-Event-ID`; raises BadRequest."""
    given = extensions.get(EXTENSION)
    if given is None:
        given = headers.get(HEADER) or None
    if given is None:
        return None
    if not is_position(given):
        raise BadRequest(
            f"The last event's id must be a text of 1 to {MAX_LENGTH} printable ASCII characters."
        )
    return str(given)


def is_position(value: object) -> bool:
    """Nothing that could break out of a header, a line or a log."""
    return isinstance(value, str) and 0 < len(value) <= MAX_LENGTH and value.isascii() and value.isprintable()
