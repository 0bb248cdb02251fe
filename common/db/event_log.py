"""The event log, read from PostgreSQL under row-level security."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from common.access.principal import Principal, PrincipalKind
from common.db.session import Database
from common.events.envelope import Envelope
from common.events.log import LoggedEvent

_LAST = text("select coalesce(max(position), 0) from events.log where organization_id = :organization")
_READ = text(
    "select position, id, topic, version, key, organization_id, actor_id, request_id, occurred_at, payload"
    " from events.log where organization_id = :organization and position > :after"
    " and topic = any(cast(:topics as text[])) order by position limit :limit"
)


class DatabaseEventLog:
    """Reads `events.log`, each time as the organisation that listens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_position(self, organisation_id: UUID) -> int:
        """Where the organisation's events end at the moment; 0 before the first."""
        async with self._database.unit_of_work(domain="events", principal=_reader(organisation_id)) as work:
            found = await work.session.execute(_LAST, {"organization": organisation_id})
            return int(found.scalar_one())

    async def read(
        self, organisation_id: UUID, topics: Sequence[str], after: int, limit: int
    ) -> Sequence[LoggedEvent]:
        """The organisation's next events of these topics behind a position, oldest first."""
        wanted = {"organization": organisation_id, "after": after, "topics": list(topics), "limit": limit}
        async with self._database.unit_of_work(domain="events", principal=_reader(organisation_id)) as work:
            rows = (await work.session.execute(_READ, wanted)).all()
        return [
            LoggedEvent(
                position=row.position,
                envelope=Envelope(
                    id=row.id,
                    topic=row.topic,
                    version=row.version,
                    key=row.key,
                    organisation_id=row.organization_id,
                    actor_id=row.actor_id,
                    request_id=row.request_id,
                    occurred_at=row.occurred_at,
                    payload=row.payload,
                ),
            )
            for row in rows
        ]


def _reader(organisation_id: UUID) -> Principal:
    return Principal(kind=PrincipalKind.SYSTEM, organisation_id=organisation_id)
