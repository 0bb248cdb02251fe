"""The questions auth asks other domains; the front door hands in who answers them.

In one process users' and applications' services answer directly; in several, their signed internal
endpoints (`providers/remote.py`). A question is asked at the moment it matters, so a person who was just
suspended is refused and an application created a moment ago can be given a key: a copy fed by events
would lag behind both.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID


class Person(Protocol):
    """What auth needs to know of a person."""

    @property
    def user_id(self) -> UUID:
        """Who it is."""
        ...

    @property
    def email(self) -> str:
        """Where mail reaches them."""
        ...

    @property
    def is_active(self) -> bool:
        """They may sign in."""
        ...


class Membership(Protocol):
    """A person's place in one organisation and what they may do there."""

    @property
    def organisation_id(self) -> UUID:
        """Where."""
        ...

    @property
    def scopes(self) -> frozenset[str]:
        """What they may do there."""
        ...


class PeopleDirectory(Protocol):
    """users' knowledge. Raises DirectoryUnavailable when it cannot be asked."""

    async def person_by_email(self, email: str) -> Person | None:
        """The person with this address, in whatever case it is written."""
        ...

    async def person(self, user_id: UUID) -> Person | None:
        """The person with this id."""
        ...

    async def memberships_of(self, user_id: UUID) -> Sequence[Membership]:
        """The organisations this person is an active member of, the oldest first."""
        ...


class ApplicationDirectory(Protocol):
    """applications' knowledge. Raises DirectoryUnavailable when it cannot be asked."""

    async def organisation_of(self, application_id: UUID) -> UUID | None:
        """The organisation that owns the application; None when there is none (any more)."""
        ...
