"""Who may see and end sessions, and who may see and make API keys: pure functions of caller and row.

Row-level security draws the outer line (own sessions, own organisation); these rules stand inside it.
"""

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from common.access.principal import Principal, PrincipalKind
from common.access.scopes import has_scope

SESSIONS_READ = "sessions:read"
SESSIONS_WRITE = "sessions:write"
KEYS_READ = "keys:read"
KEYS_WRITE = "keys:write"


class SessionLike(Protocol):
    """What the rules read of a session."""

    @property
    def user_id(self) -> UUID:
        """Whose it is."""
        ...

    @property
    def organization_ids(self) -> Iterable[UUID]:
        """Where it acted."""
        ...


def may_see_session(principal: Principal, session: SessionLike) -> bool:
    """A person sees their own; an administrator those that acted in the organisation."""
    return _is_own(principal, session.user_id) or (
        _acted_here(principal, session) and has_scope(principal, SESSIONS_READ)
    )


def may_end_session(principal: Principal, session: SessionLike) -> bool:
    """A person ends their own; an administrator those that acted in the organisation."""
    return _is_own(principal, session.user_id) or (
        _acted_here(principal, session) and has_scope(principal, SESSIONS_WRITE)
    )


def may_list_sessions_of(principal: Principal, user_id: UUID) -> bool:
    """Whether it makes sense to ask for this person's sessions at all."""
    return _is_own(principal, user_id) or has_scope(principal, SESSIONS_READ)


def may_see_keys(principal: Principal, organisation_id: UUID, application_id: UUID) -> bool:
    """Keys are seen with `keys:read` in their organisation; an application sees its own only."""
    return _reaches(principal, organisation_id, application_id) and has_scope(principal, KEYS_READ)


def may_manage_keys(principal: Principal, organisation_id: UUID, application_id: UUID) -> bool:
    """Keys are made and revoked with `keys:write` in their organisation; by an application its own only."""
    return _reaches(principal, organisation_id, application_id) and has_scope(principal, KEYS_WRITE)


def scopes_not_held(principal: Principal, scopes: Iterable[str]) -> tuple[str, ...]:
    """Those of the scopes that the caller does not have and therefore cannot give."""
    return tuple(sorted({scope for scope in scopes if not has_scope(principal, scope)}))


def _is_own(principal: Principal, user_id: UUID) -> bool:
    return principal.kind is PrincipalKind.USER and principal.id == user_id


def _acted_here(principal: Principal, session: SessionLike) -> bool:
    return principal.organisation_id is not None and principal.organisation_id in session.organization_ids


def _reaches(principal: Principal, organisation_id: UUID, application_id: UUID) -> bool:
    if principal.organisation_id != organisation_id:
        return False
    return principal.kind is PrincipalKind.USER or (
        principal.kind is PrincipalKind.APPLICATION and principal.id == application_id
    )
