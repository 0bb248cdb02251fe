"""Who may do what with graphs: pure functions of the principal and the row."""

from uuid import UUID

from common.access.principal import Principal
from common.access.scopes import has_scope, require_organisation, require_scope
from subgraphs.gateway.errors import SubgraphReserved

READ, PUBLISH, ACTIVATE = "schemas:read", "schemas:publish", "schemas:activate"

READ_OPERATIONS, PUBLISH_OPERATIONS = "operations:read", "operations:publish"
PROTECT = "operations:protect"
READ_LIMITS, WRITE_LIMITS = "limits:read", "limits:write"


def may_read_in(principal: Principal, organisation_id: UUID) -> bool:
    """Graphs of the organisation the caller acts in, with `schemas:read`."""
    acts_here = not principal.is_anonymous and principal.organisation_id == organisation_id
    return acts_here and has_scope(principal, READ)


def require_read_any(principal: Principal) -> None:
    """Go on with `schemas:read` or `operations:read`: both are about graphs."""
    if not has_scope(principal, READ_OPERATIONS):
        require_scope(principal, READ)


def require_publish(principal: Principal, *, activates: bool) -> UUID:
    """The organisation in which the caller may publish, and activate if that is wanted as well."""
    require_scope(principal, PUBLISH)
    if activates:
        require_scope(principal, ACTIVATE)
    return require_organisation(principal)


def require_activate(principal: Principal) -> UUID:
    """The organisation in which the caller may choose the active supergraph."""
    require_scope(principal, ACTIVATE)
    return require_organisation(principal)


def require_publish_operations(principal: Principal) -> UUID:
    """The organisation in which the caller may publish and retire operations of clients."""
    require_scope(principal, PUBLISH_OPERATIONS)
    return require_organisation(principal)


def require_protect(principal: Principal) -> UUID:
    """The organisation in which the caller may choose how strictly clients are kept to their operations."""
    require_scope(principal, PROTECT)
    return require_organisation(principal)


def refuse_reserved(name: str, reserved: frozenset[str]) -> None:
    """Raise SubgraphReserved unless the name is free for others than the platform."""
    if name in reserved:
        raise SubgraphReserved(name)
