"""Who may do what with applications: pure functions of the principal and the row."""

from uuid import UUID

from common.access.principal import Principal
from common.access.scopes import has_scope


def may_read_in(principal: Principal, organisation_id: UUID) -> bool:
    """Applications of the organisation the caller acts in, with `applications:read`."""
    return _acts_in(principal, organisation_id) and has_scope(principal, "applications:read")


def may_write_in(principal: Principal, organisation_id: UUID) -> bool:
    """Create and change applications of the organisation the caller acts in, with `applications:write`."""
    return _acts_in(principal, organisation_id) and has_scope(principal, "applications:write")


def _acts_in(principal: Principal, organisation_id: UUID) -> bool:
    return not principal.is_anonymous and principal.organisation_id == organisation_id
