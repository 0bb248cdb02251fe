"""Identifiers: UUIDv7 in the database, `Type:uuid` in base64url outside."""

import base64
import binascii
import os
import re
import time
from uuid import UUID

from common.errors import DomainError, Kind

_TEXT = re.compile(r"[A-Za-z0-9_-]{1,200}")
_TYPE = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")


class InvalidId(DomainError):
    """The text is no global id of the type that was asked for."""

    code = "INVALID_ID"
    kind = Kind.INVALID

    def __init__(self, expected: str | None = None) -> None:
        super().__init__(f"This is not an id of type {expected!r}." if expected else "This is not an id.")


def uuid7() -> UUID:
    """A new UUIDv7 (RFC 9562): sorted by time, to a quarter of a microsecond, then random."""
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | tail)


def to_global_id(type_name: str, id: UUID) -> str:
    """The opaque id clients see.

    ("User", UUID("0190...")) becomes "VXNlcjowMTkw..."
    """
    return base64.urlsafe_b64encode(f"{type_name}:{id}".encode()).rstrip(b"=").decode()


def split_global_id(text: object) -> tuple[str, UUID]:
    """Type and uuid of a global id; raises InvalidId. Exactly one text stands for each id."""
    if not isinstance(text, str) or not _TEXT.fullmatch(text):
        raise InvalidId
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
        type_name, _, tail = raw.partition(":")
        id = UUID(tail)
    except (binascii.Error, ValueError) as error:
        raise InvalidId from error
    if not _TYPE.fullmatch(type_name) or to_global_id(type_name, id) != text:
        raise InvalidId
    return type_name, id


def from_global_id(text: str, expected_type: str) -> UUID:
    """The uuid in a global id of the expected type; raises InvalidId."""
    try:
        type_name, id = split_global_id(text)
    except InvalidId as error:
        raise InvalidId(expected_type) from error
    if type_name != expected_type:
        raise InvalidId(expected_type)
    return id
