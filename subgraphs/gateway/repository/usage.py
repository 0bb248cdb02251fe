"""How operations are used: what routers reported, in hours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    CursorResult,
    Float,
    Select,
    cast,
    delete,
    exists,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy.types import BigInteger

from common.access.principal import Principal
from common.db.repository import Repository
from subgraphs.gateway.models import ClientDocument, Operation, OperationUsage
from subgraphs.gateway.repository.graphs import mine

_MOST_CLIENTS = 200
"""Client versions shown of one operation: those that used it most."""

# Batches of several routers must not wait for each other in a circle.
_ALONE = text("select pg_advisory_xact_lock(hashtextextended('gateway.usage:' || :graph, 0))")
_KNOWN = text(
    """
    select known.id, known.sha256, known.name
    from jsonb_to_recordset(cast(:rows as jsonb)) as given (sha256 text, name text)
    join gateway.operations as known
        on known.graph_id = :graph and known.sha256 = given.sha256 and known.name = given.name
    """
)
_ADD_OPERATIONS = text(
    """
    insert into gateway.operations as known
        (id, organization_id, graph_id, sha256, name, kind, first_seen, last_seen)
    select id, :organization, :graph, sha256, name, kind, seen, seen
    from jsonb_to_recordset(cast(:rows as jsonb))
        as given (id uuid, sha256 text, name text, kind text, seen timestamptz)
    on conflict (graph_id, sha256, name) do update
        set last_seen = greatest(known.last_seen, excluded.last_seen),
            kind = case when known.kind = '' then excluded.kind else known.kind end
    returning id, sha256, name
    """
)
_ADD_TEXTS = text(
    """
    insert into gateway.documents (graph_id, sha256, organization_id, body, checked_in, needed_at)
    select :graph, sha256, :organization, body, '', :now
    from jsonb_to_recordset(cast(:rows as jsonb)) as given (sha256 text, body text)
    on conflict (graph_id, sha256) do nothing
    """
)
_ADD_USAGE = text(
    """
    insert into gateway.operation_usage as known
        (operation_id, hour, client, version, organization_id, graph_id,
         count, errors, duration_ms, slowest_ms, buckets, last_seen)
    select operation_id, hour, client, version, :organization, :graph,
         count, errors, duration_ms, slowest_ms, buckets, seen
    from jsonb_to_recordset(cast(:rows as jsonb))
        as given (operation_id uuid, hour timestamptz, client text, version text,
                  count bigint, errors bigint, duration_ms double precision, slowest_ms double precision,
                  buckets bigint[], seen timestamptz)
    on conflict (operation_id, hour, client, version) do update
        set count = known.count + excluded.count,
            errors = known.errors + excluded.errors,
            duration_ms = known.duration_ms + excluded.duration_ms,
            slowest_ms = greatest(known.slowest_ms, excluded.slowest_ms),
            buckets = (
                select array_agg(coalesce(old, 0) + coalesce(new, 0) order by place)
                from unnest(known.buckets, excluded.buckets) with ordinality as pair (old, new, place)
            ),
            last_seen = greatest(known.last_seen, excluded.last_seen)
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageKey:
    """Which usage of which operation: since then, of one client or of all."""

    operation_id: UUID
    since: datetime
    client: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageTotal:
    """What was done with an operation, all together or by one client version."""

    client: str
    version: str
    count: int
    errors: int
    duration_ms: float
    slowest_ms: float
    first_seen: datetime
    last_seen: datetime


class UsageRepository(Repository):
    """Rows of `gateway.operation_usage`, and what is seen of `gateway.operations`."""

    async def versions_used(self, graph_id: UUID, client: str, since: datetime) -> frozenset[str]:
        """The versions of a client that sent anything since then, the hour of it included."""
        query = (
            select(OperationUsage.version)
            .where(
                OperationUsage.graph_id == graph_id,
                OperationUsage.hour >= since - timedelta(hours=1),
                OperationUsage.client == client,
            )
            .distinct()
        )
        return frozenset((await self.session.execute(query)).scalars())

    async def totals(self, principal: Principal, keys: Sequence[UsageKey]) -> dict[UsageKey, UsageTotal]:
        """What was done with each operation."""
        found: dict[UsageKey, UsageTotal] = {}
        for since, client in dict.fromkeys((key.since, key.client) for key in keys):
            ids = [key.operation_id for key in keys if (key.since, key.client) == (since, client)]
            query = _summed(principal, ids, since, client).group_by(OperationUsage.operation_id)
            for row in (await self.session.execute(query)).all():
                key = UsageKey(operation_id=row.operation_id, since=since, client=client)
                found[key] = _total(row, client or "", "")
        return found

    async def by_client(
        self, principal: Principal, keys: Sequence[UsageKey]
    ) -> dict[UsageKey, tuple[UsageTotal, ...]]:
        """The same by client version, who used it most first."""
        found: dict[UsageKey, tuple[UsageTotal, ...]] = {}
        for since, client in dict.fromkeys((key.since, key.client) for key in keys):
            ids = [key.operation_id for key in keys if (key.since, key.client) == (since, client)]
            query = (
                _summed(principal, ids, since, client)
                .add_columns(OperationUsage.client, OperationUsage.version)
                .group_by(OperationUsage.operation_id, OperationUsage.client, OperationUsage.version)
                .order_by(func.sum(OperationUsage.count).desc())
            )
            for row in (await self.session.execute(query)).all():
                key = UsageKey(operation_id=row.operation_id, since=since, client=client)
                standing = found.get(key, ())
                if len(standing) < _MOST_CLIENTS:
                    found[key] = (*standing, _total(row, row.client, row.version))
        return found

    async def used_versions(
        self, principal: Principal, keys: Sequence[tuple[UUID, str, str]], since: datetime
    ) -> dict[tuple[UUID, str, str], UsageTotal]:
        """What each client version (graph, client, version) did since then, all operations together."""
        by = (OperationUsage.graph_id, OperationUsage.client, OperationUsage.version)
        query = (
            select(*by, *_sums())
            .where(
                mine(OperationUsage.organization_id, principal),
                OperationUsage.hour >= since,
                tuple_(*by).in_(keys),
            )
            .group_by(*by)
        )
        return {
            (row.graph_id, row.client, row.version): _total(row, row.client, row.version)
            for row in (await self.session.execute(query)).all()
        }

    async def alone_for_system(self, graph_id: UUID) -> None:
        """Go on when nobody else reports usage of the graph, until the unit of work ends."""
        await self.session.execute(_ALONE, {"graph": str(graph_id)})

    async def known_operations_for_system(
        self, graph_id: UUID, keys: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], UUID]:
        """Those of the operations (digest of the document and name) that are known, by id."""
        rows = [{"sha256": sha256, "name": name} for sha256, name in keys]
        found = await self.session.execute(_KNOWN, {"graph": graph_id, "rows": _json(rows)})
        return {(row.sha256, row.name): row.id for row in found.all()}

    async def count_operations_for_system(self, graph_id: UUID) -> int:
        """How many operations of a graph are told apart."""
        query = select(func.count()).select_from(Operation).where(Operation.graph_id == graph_id)
        return (await self.session.execute(query)).scalar_one()

    async def count_hours_for_system(self, graph_id: UUID, hours: Sequence[datetime]) -> dict[datetime, int]:
        """How many rows each of these hours has."""
        query = (
            select(OperationUsage.hour, func.count())
            .where(OperationUsage.graph_id == graph_id, OperationUsage.hour.in_(hours))
            .group_by(OperationUsage.hour)
        )
        return {row.hour: row[1] for row in (await self.session.execute(query)).all()}

    async def known_rows_for_system(
        self, keys: Sequence[tuple[UUID, datetime, str, str]]
    ) -> frozenset[tuple[UUID, datetime, str, str]]:
        """Those of the rows (operation, hour, client, version) that are there."""
        by = (
            OperationUsage.operation_id,
            OperationUsage.hour,
            OperationUsage.client,
            OperationUsage.version,
        )
        rows = (await self.session.execute(select(*by).where(tuple_(*by).in_(keys)))).all()
        return frozenset((row[0], row[1], row[2], row[3]) for row in rows)

    async def add_operations_for_system(
        self, graph_id: UUID, organisation_id: UUID, rows: Sequence[Mapping[str, Any]]
    ) -> dict[tuple[str, str], UUID]:
        """Add operations (id, sha256, name, kind, seen), or note that they were seen; their ids."""
        found = await self.session.execute(
            _ADD_OPERATIONS, {"graph": graph_id, "organization": organisation_id, "rows": _json(rows)}
        )
        return {(row.sha256, row.name): row.id for row in found.all()}

    async def add_texts_for_system(
        self, graph_id: UUID, organisation_id: UUID, texts: Mapping[str, str], now: datetime
    ) -> None:
        """Keep texts by digest, unless they are there."""
        rows = [{"sha256": digest, "body": body} for digest, body in texts.items()]
        await self.session.execute(
            _ADD_TEXTS,
            {"graph": graph_id, "organization": organisation_id, "now": now, "rows": _json(rows)},
        )

    async def add_usage_for_system(
        self, graph_id: UUID, organisation_id: UUID, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Add what was used to what was used before in the same hours; each row once."""
        await self.session.execute(
            _ADD_USAGE, {"graph": graph_id, "organization": organisation_id, "rows": _json(rows)}
        )

    async def forget_usage_for_system(self, before: datetime) -> int:
        """Let go of hours that ended before then."""
        done = await self.session.execute(delete(OperationUsage).where(OperationUsage.hour < before))
        assert isinstance(done, CursorResult)
        return done.rowcount

    async def forget_operations_for_system(self, seen_before: datetime) -> int:
        """Let go of operations that nobody registered, uses, or has sent since then."""
        done = await self.session.execute(
            delete(Operation).where(
                func.coalesce(Operation.last_seen, Operation.first_seen) < seen_before,
                ~exists().where(OperationUsage.operation_id == Operation.id),
                ~exists().where(
                    ClientDocument.graph_id == Operation.graph_id, ClientDocument.sha256 == Operation.sha256
                ),
            )
        )
        assert isinstance(done, CursorResult)
        return done.rowcount


def _sums() -> tuple[Any, ...]:
    return (
        cast(func.sum(OperationUsage.count), BigInteger).label("count"),
        cast(func.sum(OperationUsage.errors), BigInteger).label("errors"),
        cast(func.sum(OperationUsage.duration_ms), Float).label("duration_ms"),
        func.max(OperationUsage.slowest_ms).label("slowest_ms"),
        func.min(OperationUsage.hour).label("first_seen"),
        func.max(OperationUsage.last_seen).label("last_seen"),
    )


def _summed(
    principal: Principal, operation_ids: Sequence[UUID], since: datetime, client: str | None
) -> Select[Any]:
    query = select(OperationUsage.operation_id, *_sums()).where(
        mine(OperationUsage.organization_id, principal),
        OperationUsage.operation_id.in_(operation_ids),
        OperationUsage.hour >= since,
    )
    return query if client is None else query.where(OperationUsage.client == client)


def _total(row: Any, client: str, version: str) -> UsageTotal:
    return UsageTotal(
        client=client,
        version=version,
        count=row.count,
        errors=row.errors,
        duration_ms=row.duration_ms,
        slowest_ms=row.slowest_ms,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(list(rows)).decode()
