"""Ids of events towards subscribers: a position in the log, in a form that nobody calculates with."""

import base64
import binascii
import re

from common.db.pages import InvalidCursor

_PLAIN = re.compile(rb"event:([0-9]{1,18})")


def event_id_of(position: int) -> str:
    """The id of the event at this position."""
    return base64.urlsafe_b64encode(f"event:{position}".encode()).rstrip(b"=").decode()


def position_of(event_id: str) -> int:
    """Where the event stands; raises InvalidCursor.

    It needs no signature: the log shows an organisation its own events only.
    """
    try:
        raw = base64.b64decode(event_id + "=" * (-len(event_id) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor from error
    found = _PLAIN.fullmatch(raw)
    if found is None:
        raise InvalidCursor
    return int(found.group(1))
