"""Look-ups through the database's named doors, for callers that act for no principal."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row, text

from common.db.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who somebody is, as other domains may know it."""

    user_id: UUID
    email: str
    name: str
    status: str

    @property
    def is_active(self) -> bool:
        """The person may sign in."""
        return self.status == "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What somebody may do in one organisation: the role's key and its permissions."""

    organisation_id: UUID
    role: str
    scopes: frozenset[str]


class LookupRepository(Repository):
    """Each method is one SECURITY DEFINER function."""

    async def person_by_email_for_system(self, email_norm: str) -> Person | None:
        """Who has this folded address."""
        query = text("select id, email, name, status from users.person_by_email(:folded)")
        return _person((await self.session.execute(query, {"folded": email_norm})).one_or_none())

    async def person_for_system(self, id: UUID) -> Person | None:
        """Who this is."""
        query = text("select id, email, name, status from users.person(:id)")
        return _person((await self.session.execute(query, {"id": id})).one_or_none())

    async def grants_for_system(self, user_id: UUID) -> tuple[Grant, ...]:
        """What an active person may do, per active organisation, the oldest membership first."""
        query = text("select organization_id, role, permission from users.grants_of(:id)")
        roles: dict[UUID, str] = {}
        scopes: dict[UUID, set[str]] = {}
        for row in await self.session.execute(query, {"id": user_id}):
            roles[row.organization_id] = row.role
            held = scopes.setdefault(row.organization_id, set())
            if row.permission is not None:
                held.add(row.permission)
        return tuple(
            Grant(organisation_id=id, role=role, scopes=frozenset(scopes[id])) for id, role in roles.items()
        )

    async def belongs_elsewhere_for_system(self, user_id: UUID, here: UUID | None) -> bool:
        """Whether a person is a member of any organisation but this one."""
        query = text("select users.belongs_elsewhere(:id, cast(:here as uuid))")
        return bool((await self.session.execute(query, {"id": user_id, "here": here})).scalar_one())


def _person(row: Row[tuple[UUID, str, str, str]] | None) -> Person | None:
    return None if row is None else Person(user_id=row.id, email=row.email, name=row.name, status=row.status)
