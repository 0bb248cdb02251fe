"""Takes what routers counted: each report once, bounded, by the hour in which it was seen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from common.clock import Clock
from common.db.session import Database, UnitOfWork
from common.ids import uuid7
from common.operations.documents import digest_of
from common.operations.usage import OTHERS, OperationUsage, UsageBatch
from common.telemetry.logs import get_log
from subgraphs.gateway.models import Graph
from subgraphs.gateway.repository.documents import DocumentRepository
from subgraphs.gateway.repository.graphs import GraphRepository
from subgraphs.gateway.repository.usage import UsageRepository
from subgraphs.gateway.settings import GatewaySettings

_CONSUMER = "gateway.usage"
_LARGEST_COUNT = 2**53
_OLDEST = timedelta(days=1)
_DIGEST_LENGTH = 64
_HEX = frozenset("0123456789abcdef")
_KINDS = frozenset({"query", "mutation", "subscription"})

_log = get_log(__name__)


@dataclass(frozen=True, slots=True, order=True)
class _Row:
    """What is counted together."""

    digest: str
    operation: str
    hour: datetime
    client: str
    version: str


class UsageRecorder:
    """Keeps usage for whatever routers report it: only trusted code holds one."""

    def __init__(self, database: Database, clock: Clock, settings: GatewaySettings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings

    async def report(self, batch: UsageBatch) -> None:
        """Take a report, as a router in this process hands it over."""
        await self.record(batch)

    async def record(self, batch: UsageBatch) -> bool:
        """Count a report; False if it was counted before, or there is no such graph."""
        async with self._database.unit_of_work_for_system(domain="gateway", job="usage") as work:
            if not await work.inbox.claim(_CONSUMER, batch.id):
                return False
            graph = await GraphRepository(work.session).by_id_for_system(batch.graph)
            if graph is None:
                _log.warning("usage.of_no_graph", graph=str(batch.graph))
                return False
            await _Recording(work, graph, self._settings, self._clock.now()).record(batch)
        if batch.lost:
            _log.warning("usage.lost", graph=str(graph.id), requests=batch.lost)
        return True


class _Recording:
    def __init__(self, work: UnitOfWork, graph: Graph, settings: GatewaySettings, now: datetime) -> None:
        self._usage = UsageRepository(work.session)
        self._documents = DocumentRepository(work.session)
        self._graph = graph
        self._settings = settings
        self._now = now

    async def record(self, batch: UsageBatch) -> None:
        counted = _counted(batch.usages, self._now)
        if not counted:
            return
        await self._usage.alone_for_system(self._graph.id)
        counted = await self._with_known_operations(counted)
        # Texts before operations, as publications write them: so nobody waits in a circle.
        await self._texts(batch.documents, {row.digest for row in counted})
        ids = await self._operations(counted)
        counted = await self._within_hours(counted, ids)
        ids |= await self._operations({row: counted[row] for row in counted if _key(row) not in ids})
        rows = [
            {
                "operation_id": str(ids[_key(row)]),
                "hour": row.hour,
                "client": row.client,
                "version": row.version,
                "count": usage.count,
                "errors": usage.errors,
                "duration_ms": usage.duration_ms,
                "slowest_ms": usage.slowest_ms,
                "buckets": usage.buckets,
                "seen": usage.last_seen,
            }
            for row, usage in sorted(counted.items(), key=lambda each: each[0])
        ]
        await self._usage.add_usage_for_system(self._graph.id, self._graph.organization_id, rows)

    async def _with_known_operations(
        self, counted: Mapping[_Row, OperationUsage]
    ) -> dict[_Row, OperationUsage]:
        """With operations that there is no room for counted as one."""
        keys = sorted({_key(row) for row in counted})
        known = await self._usage.known_operations_for_system(self._graph.id, keys)
        new = [key for key in keys if key not in known and key != (OTHERS, "")]
        room = 0
        if new:
            count = await self._usage.count_operations_for_system(self._graph.id)
            room = max(0, self._settings.operations_per_graph - count)
        if len(new) <= room:
            return dict(counted)
        refused = frozenset(new[room:])
        _log.warning("usage.operations_full", graph=str(self._graph.id), refused=len(refused))
        return _folded(counted, lambda row: _key(row) in refused)

    async def _operations(self, counted: Mapping[_Row, OperationUsage]) -> dict[tuple[str, str], UUID]:
        """The ids of the operations, which are added where they are not known."""
        seen: dict[tuple[str, str], OperationUsage] = {}
        for row, usage in counted.items():
            known = seen.get(_key(row))
            if known is None or known.last_seen < usage.last_seen:
                seen[_key(row)] = usage
        rows = [
            {
                "id": uuid7(),
                "sha256": digest,
                "name": name,
                "kind": usage.kind if usage.kind in _KINDS else "",
                "seen": usage.last_seen,
            }
            for (digest, name), usage in sorted(seen.items())
        ]
        if not rows:
            return {}
        here = self._graph
        return await self._usage.add_operations_for_system(here.id, here.organization_id, rows)

    async def _texts(self, documents: Mapping[str, str], digests: set[str]) -> None:
        """Keep the texts of operations that are told apart, as long as there is room."""
        texts = {
            digest: body
            for digest, body in sorted(documents.items())
            if digest in digests and "\0" not in body and digest_of(body) == digest
        }
        if not texts:
            return
        here = self._graph
        size = sum(len(body.encode()) for body in texts.values())
        if await self._documents.size(here.id) + size > self._settings.largest_documents:
            _log.warning("usage.texts_full", graph=str(here.id), refused=len(texts))
            return
        await self._usage.add_texts_for_system(here.id, here.organization_id, texts, self._now)

    async def _within_hours(
        self, counted: Mapping[_Row, OperationUsage], ids: Mapping[tuple[str, str], UUID]
    ) -> dict[_Row, OperationUsage]:
        """With rows that their hour has no room for counted as one."""
        hours = sorted({row.hour for row in counted})
        counts = await self._usage.count_hours_for_system(self._graph.id, hours)
        most = self._settings.usage_per_hour
        if sum(counts.values()) + len(counted) <= most:
            return dict(counted)
        places = {row: (ids[_key(row)], row.hour, row.client, row.version) for row in counted}
        known = await self._usage.known_rows_for_system(list(places.values()))
        room = {hour: max(0, most - counts.get(hour, 0)) for hour in hours}
        refused: set[_Row] = set()
        for row in sorted(row for row, place in places.items() if place not in known):
            if room[row.hour] > 0:
                room[row.hour] -= 1
            else:
                refused.add(row)
        if refused:
            _log.warning("usage.hour_full", graph=str(self._graph.id), refused=len(refused))
        return _folded(counted, lambda row: row in refused)


def _counted(usages: Sequence[OperationUsage], now: datetime) -> dict[_Row, OperationUsage]:
    """Usage by row, with texts and figures that the database takes."""
    counted: dict[_Row, OperationUsage] = {}
    for usage in usages:
        if usage.count < 1:
            continue
        seen = min(max(usage.last_seen.astimezone(UTC), now - _OLDEST), now)
        is_digest = len(usage.document) == _DIGEST_LENGTH and set(usage.document) <= _HEX
        row = _Row(
            usage.document if is_digest else OTHERS,
            _storable(usage.operation) if is_digest else "",
            seen.replace(minute=0, second=0, microsecond=0),
            _storable(usage.client),
            _storable(usage.version),
        )
        clean = replace(
            usage,
            count=min(usage.count, _LARGEST_COUNT),
            errors=min(usage.errors, _LARGEST_COUNT),
            buckets=tuple(min(count, _LARGEST_COUNT) for count in usage.buckets),
            last_seen=seen,
        )
        counted[row] = clean if row not in counted else _sum(counted[row], clean)
    return counted


def _folded(
    counted: Mapping[_Row, OperationUsage], is_refused: Callable[[_Row], bool]
) -> dict[_Row, OperationUsage]:
    """With the refused rows of each hour added up in one."""
    folded: dict[_Row, OperationUsage] = {}
    for row, usage in counted.items():
        place = _Row(OTHERS, "", row.hour, OTHERS, "") if is_refused(row) else row
        folded[place] = usage if place not in folded else _sum(folded[place], usage)
    return folded


def _sum(one: OperationUsage, other: OperationUsage) -> OperationUsage:
    return replace(
        one,
        count=one.count + other.count,
        errors=one.errors + other.errors,
        duration_ms=one.duration_ms + other.duration_ms,
        slowest_ms=max(one.slowest_ms, other.slowest_ms),
        buckets=tuple(mine + its for mine, its in zip(one.buckets, other.buckets, strict=True)),
        last_seen=max(one.last_seen, other.last_seen),
    )


def _key(row: _Row) -> tuple[str, str]:
    return row.digest, row.operation


def _storable(text: str) -> str:
    """Without what PostgreSQL or UTF-8 cannot hold: it came from a header."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
