"""Who asked what how often: what routers count and hand to whoever keeps it, also as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import orjson

from common.ids import uuid7
from common.operations.documents import LONGEST_CLIENT, LONGEST_DOCUMENT, LONGEST_VERSION, digest_of

BOUNDS_MS = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
"""The upper bounds of the buckets of durations; one more bucket holds what took longer."""
MOST_USAGES = 1_000
LARGEST_BATCH = 4 * 1024 * 1024
"""In bytes, as JSON."""
LONGEST_NAME = 200
OTHERS = "(others)"
"""The client, or the operation, that stands for those that were not counted one by one."""


class UsageRefused(Exception):
    """What came is not a batch of usage; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationUsage:
    """What one operation of one client version did since the batch before.

    `client`: as registered, or `application:` and the id for API keys whose application registered nothing,
    or what the request says (DEFAULT_CLIENT: nothing). `version` is empty if it names none. `document`:
    SHA-256 of the text, in hex, or OTHERS. `operation`: its name, empty for none. `buckets` count by
    duration, see BOUNDS_MS.
    """

    client: str
    version: str
    document: str
    operation: str
    kind: str
    is_registered: bool
    count: int
    errors: int
    duration_ms: float
    slowest_ms: float
    buckets: tuple[int, ...]
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageBatch:
    """Bounded. `graph` None: the platform's own. `documents`: texts by digest, each sent once by a process.

    Texts that clients made up themselves have their literals replaced: what people wrote into them is no
    business of a report. `lost`: requests that were never told apart for want of room. `id`: a batch that is
    sent again is counted once.
    """

    id: UUID = field(default_factory=uuid7)
    graph: UUID | None
    usages: tuple[OperationUsage, ...]
    documents: Mapping[str, str] = field(default_factory=dict)
    lost: int = 0


class UsageSink(Protocol):
    """Keeps usage. Whatever it raises costs the batch and nothing else."""

    async def report(self, batch: UsageBatch) -> None:
        """Take one batch."""
        ...


def write_usage(batch: UsageBatch) -> bytes:
    """The batch as JSON."""
    return orjson.dumps(
        {
            "id": str(batch.id),
            "graph": None if batch.graph is None else str(batch.graph),
            "lost": batch.lost,
            "documents": dict(batch.documents),
            "usages": [_written(usage) for usage in batch.usages],
        }
    )


def read_usage(text: bytes) -> UsageBatch:
    """The batch in a JSON text that anybody may have sent; raises UsageRefused."""
    if len(text) > LARGEST_BATCH:
        raise UsageRefused(f"it is larger than {LARGEST_BATCH} bytes")
    try:
        return usage_of(orjson.loads(text))
    except orjson.JSONDecodeError as cause:
        raise UsageRefused(f"it is not JSON: {cause.msg}") from cause


def usage_of(whole: Any) -> UsageBatch:
    """The batch in a JSON value that anybody may have sent; raises UsageRefused."""
    try:
        return _batch(whole)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as cause:
        raise UsageRefused(f"it is malformed ({type(cause).__name__}: {cause!s:.80})") from cause


def _written(usage: OperationUsage) -> dict[str, Any]:
    return {
        "client": usage.client,
        "version": usage.version,
        "document": usage.document,
        "operation": usage.operation,
        "kind": usage.kind,
        "registered": usage.is_registered,
        "count": usage.count,
        "errors": usage.errors,
        "duration_ms": usage.duration_ms,
        "slowest_ms": usage.slowest_ms,
        "buckets": list(usage.buckets),
        "last_seen": usage.last_seen.isoformat(),
    }


def _batch(whole: Mapping[str, Any]) -> UsageBatch:
    usages = tuple(_usage(each) for each in _list(whole["usages"], MOST_USAGES))
    documents = {digest: _text(body, LONGEST_DOCUMENT) for digest, body in whole["documents"].items()}
    if len(documents) > MOST_USAGES or any(digest_of(body) != digest for digest, body in documents.items()):
        raise ValueError("a document is not what its digest says")
    graph = whole["graph"]
    return UsageBatch(
        id=UUID(_text(whole["id"], 36)),
        graph=None if graph is None else UUID(_text(graph, 36)),
        usages=usages,
        documents=documents,
        lost=_count(whole["lost"]),
    )


def _usage(each: Mapping[str, Any]) -> OperationUsage:
    buckets = tuple(_count(count) for count in _list(each["buckets"], len(BOUNDS_MS) + 1))
    if len(buckets) != len(BOUNDS_MS) + 1:
        raise ValueError("the buckets are others than ours")
    return OperationUsage(
        client=_text(each["client"], LONGEST_CLIENT),
        version=_text(each["version"], LONGEST_VERSION),
        document=_text(each["document"], 64),
        operation=_text(each["operation"], LONGEST_NAME),
        kind=_text(each["kind"], 20),
        is_registered=each["registered"] is True,
        count=_count(each["count"]),
        errors=_count(each["errors"]),
        duration_ms=_duration(each["duration_ms"]),
        slowest_ms=_duration(each["slowest_ms"]),
        buckets=buckets,
        last_seen=datetime.fromisoformat(_text(each["last_seen"], 40)).astimezone(UTC),
    )


def _list(value: object, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise TypeError(f"not a list of at most {most}")
    return value


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise TypeError(f"not a text of at most {longest} characters")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("not a count")
    return value


def _duration(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e15:
        raise TypeError("not a duration")
    return float(value)
