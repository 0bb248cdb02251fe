"""What a principal must bring along, as one-line checks for policies and services."""

from uuid import UUID

from common.access.principal import Principal, PrincipalKind
from common.errors import Forbidden, Unauthenticated


class ScopeMissing(Forbidden):
    """The caller's credentials do not reach this far."""

    code = "SCOPE_MISSING"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the permission {scope!r}.", extensions={"scope": scope})


def has_scope(principal: Principal, scope: str) -> bool:
    """Whether the credentials carry this permission."""
    return scope in principal.scopes


def require_scope(principal: Principal, scope: str) -> None:
    """Go on only with this permission."""
    require_known(principal)
    if not has_scope(principal, scope):
        raise ScopeMissing(scope)


def require_known(principal: Principal) -> None:
    """Go on only if somebody has signed in."""
    if principal.is_anonymous:
        raise Unauthenticated


def require_user(principal: Principal) -> UUID:
    """The id of the person who asks; applications and strangers are refused."""
    require_known(principal)
    if principal.kind is not PrincipalKind.USER or principal.id is None:
        raise Forbidden("Only a person may do this.")
    return principal.id


def require_organisation(principal: Principal) -> UUID:
    """The organisation the caller acts in."""
    require_known(principal)
    if principal.organisation_id is None:
        raise Forbidden("Choose an organization first.")
    return principal.organisation_id
