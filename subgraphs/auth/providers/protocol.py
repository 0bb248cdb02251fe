"""The questions auth asks other domains; the front door hands in who answers them.

In one process users' and applications' services answer directly; in several, their signed internal
endpoints (`providers/remote.py`). A question is asked at the moment it matters, so a person who was just
suspended is refused and an application created a moment ago can be given a key: a copy fed by events
would lag behind both.
"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What auth needs to know of a person."""

    user_id: UUID
    email: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A person's place in one organisation and what they may do there."""

    organisation_id: UUID
    scopes: frozenset[str]


class PeopleDirectory(Protocol):
    """users' knowledge. Raises DirectoryUnavailable when it cannot be asked."""

    async def person_by_email(self, email: str) -> Person | None:
        """The person with this address, in whatever case it is written."""
        ...

    async def person(self, user_id: UUID) -> Person | None:
        """The person with this id."""
        ...

    async def memberships_of(self, user_id: UUID) -> tuple[Membership, ...]:
        """The organisations this person is an active member of, the oldest first."""
        ...


class ApplicationDirectory(Protocol):
    """applications' knowledge. Raises DirectoryUnavailable when it cannot be asked."""

    async def organisation_of(self, application_id: UUID) -> UUID | None:
        """The organisation that owns the application; None when there is none (any more)."""
        ...
