"""What died lately, for whoever keeps an answer about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, text

from common.db.repository import Repository
from common.ids import uuid7
from subgraphs.auth.models import Revocation

SESSION = "session"
API_KEY = "api_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocations:
    """Sessions and keys that died since a position; ask again from `position`."""

    position: str
    session_ids: frozenset[UUID]
    api_key_ids: frozenset[UUID]


class RevocationRepository(Repository):
    """Rows of `auth.revocations`."""

    async def record(self, kind: str, subject_ids: Iterable[UUID], now: datetime) -> None:
        """Note the deaths in the transaction that causes them."""
        rows = [
            {"id": uuid7(), "kind": kind, "subject_id": subject_id, "recorded_at": now}
            for subject_id in subject_ids
        ]
        if rows:
            await self.session.execute(insert(Revocation).values(rows))

    async def since(self, position: str | None) -> Revocations:
        """What died since; `None` gives everything that is kept.

        A position is the oldest transaction that was still running: what it and all later ones write is
        given next time, so nothing is missed however long a commit takes, and some things come twice.
        """
        query = text("select up_to, kind, subject_id from auth.revocations_since(cast(:since as text))")
        rows = (await self.session.execute(query, {"since": position})).all()
        return Revocations(
            position=rows[0].up_to,
            session_ids=frozenset(row.subject_id for row in rows if row.kind == SESSION),
            api_key_ids=frozenset(row.subject_id for row in rows if row.kind == API_KEY),
        )

    async def delete_old_for_system(self, recorded_before: datetime) -> int:
        """Forget what every cache has forgotten by now."""
        old = delete(Revocation).where(Revocation.recorded_at < recorded_before)
        return len((await self.session.execute(old.returning(Revocation.id))).all())
