"""Operations that clients have sent, as a file of JSON lines tells them (docs/schema-checks.md)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

MAX_OPERATION = 1024 * 1024
"""Characters of one operation; a longer one is no operation that a client sent."""


class OperationsUnreadable(Exception):
    """The file is not what was agreed; says which line and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who sent an operation, how often and when; times are kept as they were written."""

    name: str = ""
    version: str = ""
    count: int = 1
    first_seen: str = ""
    last_seen: str = ""

    @property
    def label(self) -> str:
        """Name and version as one word or two."""
        return f"{self.name or 'unknown'} {self.version}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedOperation:
    """One operation with everybody who sent it.

    `shapes` are the variables that were given, with values replaced: None where any variables are possible.
    """

    text: str
    name: str
    clients: tuple[Client, ...]
    shapes: tuple[Mapping[str, Any], ...] | None = None

    @property
    def digest(self) -> str:
        """The operation's SHA-256 in hexadecimal."""
        return sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def count(self) -> int:
        """How often it was sent, by all clients."""
        return sum(client.count for client in self.clients)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    text: str
    name: str
    client: Client
    shapes: tuple[Mapping[str, Any], ...] | None


def read_operations(text: str) -> tuple[RecordedOperation, ...]:
    """The operations of a file, each once with all its clients; raises OperationsUnreadable."""
    found: dict[tuple[str, str], list[_Line]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            read = _read_line(number, line)
            found.setdefault((read.text, read.name), []).append(read)
    return tuple(_joined(lines) for lines in found.values())


def _joined(lines: Sequence[_Line]) -> RecordedOperation:
    shapes = [line.shapes for line in lines]
    known = tuple(shape for one in shapes for shape in one or ())
    clients: dict[str, list[Client]] = {}
    for line in lines:
        clients.setdefault(line.client.label, []).append(line.client)
    return RecordedOperation(
        text=lines[0].text,
        name=lines[0].name,
        clients=tuple(_one_client(same) for same in clients.values()),
        shapes=None if any(one is None for one in shapes) else known,
    )


def _one_client(same: Sequence[Client]) -> Client:
    seen = [client.first_seen for client in same if client.first_seen]
    last = [client.last_seen for client in same if client.last_seen]
    return Client(
        name=same[0].name,
        version=same[0].version,
        count=sum(client.count for client in same),
        first_seen=min(seen, default=""),
        last_seen=max(last, default=""),
    )


def _read_line(number: int, line: str) -> _Line:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise OperationsUnreadable(f"Line {number} is not JSON: {error}.") from error
    if not isinstance(entry, dict):
        raise OperationsUnreadable(f'Line {number} must be a JSON object with "document".')
    text = entry.get("document", entry.get("text"))
    if not isinstance(text, str) or len(text) > MAX_OPERATION:
        raise OperationsUnreadable(
            f'Line {number} needs "document", a string of at most {MAX_OPERATION:,} characters.'
        )
    client = _object(number, entry, "client")
    count = entry.get("count", 1)
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise OperationsUnreadable(f'Line {number}: "count" must be a whole number, not negative.')
    return _Line(
        text=text,
        name=_string(number, entry, "operationName"),
        client=Client(
            name=_string(number, client, "name"),
            version=_string(number, client, "version"),
            count=count,
            first_seen=_string(number, entry, "firstSeen"),
            last_seen=_string(number, entry, "lastSeen"),
        ),
        shapes=_shapes(number, entry),
    )


def _object(number: int, entry: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = entry.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise OperationsUnreadable(f'Line {number}: "{key}" must be a JSON object.')
    return value


def _string(number: int, entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise OperationsUnreadable(f'Line {number}: "{key}" must be a string.')
    return value


def _shapes(number: int, entry: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...] | None:
    value = entry.get("variables")
    if value is None:
        return None
    shapes = value if isinstance(value, list) else [value]
    if not all(isinstance(shape, dict) for shape in shapes):
        raise OperationsUnreadable(f'Line {number}: "variables" must be a JSON object, or a list of them.')
    return tuple(shapes)
