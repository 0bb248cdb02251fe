"""People and memberships as a test wants them, behind the protocol of auth."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from common.ids import uuid7


@dataclass(frozen=True, slots=True, kw_only=True)
class FakePerson:
    """Somebody."""

    user_id: UUID
    email: str
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeMembership:
    """Somebody's place somewhere."""

    organisation_id: UUID
    scopes: frozenset[str]


@dataclass(slots=True)
class FakePeopleDirectory:
    """Knows whom the test added."""

    people: dict[UUID, FakePerson] = field(default_factory=dict)
    memberships: dict[UUID, tuple[FakeMembership, ...]] = field(default_factory=dict)

    def add(self, *places: tuple[UUID, Sequence[str]], email: str | None = None) -> FakePerson:
        """Somebody with their places: organisation and permissions there."""
        user_id = uuid7()
        person = FakePerson(user_id=user_id, email=email or f"{user_id.hex}@example.com")
        self.people[user_id] = person
        self.memberships[user_id] = tuple(
            FakeMembership(organisation_id=where, scopes=frozenset(scopes)) for where, scopes in places
        )
        return person

    def suspend(self, user_id: UUID) -> None:
        """They may not come in any more."""
        self.people[user_id] = replace(self.people[user_id], is_active=False)

    async def person_by_email(self, email: str) -> FakePerson | None:
        """Whoever has this address."""
        return next((p for p in self.people.values() if p.email.lower() == email.strip().lower()), None)

    async def person(self, user_id: UUID) -> FakePerson | None:
        """Whoever has this id."""
        return self.people.get(user_id)

    async def memberships_of(self, user_id: UUID) -> Sequence[FakeMembership]:
        """Where they belong."""
        return self.memberships.get(user_id, ())
