"""Who is asking: the one value that policies, row-level security and logs read."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class PrincipalKind(StrEnum):
    """What sort of caller it is."""

    ANONYMOUS = "anonymous"
    USER = "user"
    APPLICATION = "application"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A verified caller. `organisation_id` is the one organisation this request acts in.

    `session_id` is set for people who signed in, `key_id` for API keys. `scopes` are permission names
    such as `applications:write`.
    """

    kind: PrincipalKind
    id: UUID | None = None
    organisation_id: UUID | None = None
    scopes: frozenset[str] = frozenset()
    session_id: UUID | None = None
    key_id: UUID | None = None

    @property
    def is_anonymous(self) -> bool:
        """Nobody has signed in."""
        return self.kind is PrincipalKind.ANONYMOUS


ANONYMOUS = Principal(kind=PrincipalKind.ANONYMOUS)
