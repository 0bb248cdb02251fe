"""Who may do what with people, memberships and roles: pure functions of the principal and the row."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from common.access.principal import Principal, PrincipalKind
from common.access.scopes import has_scope

PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "users:read": "See the members of the organisation, their roles and invitations.",
        "users:write": "Edit, suspend and reactivate people who belong to this organisation alone.",
        "members:write": "Invite people, remove members and set their roles.",
        "roles:write": "Create and change the organisation's own roles.",
        "organization:write": "Rename the organisation and appoint owners.",
        "applications:read": "See applications and their environments.",
        "applications:write": "Create, change, pause and archive applications and environments.",
        "keys:read": "See the API keys of applications, never their secrets.",
        "keys:write": "Create, rotate and revoke API keys.",
        "sessions:read": "See where members are signed in.",
        "sessions:write": "Sign members out.",
        "schemas:read": "See graphs, their subgraphs and what was composed from them.",
        "schemas:publish": "Publish and retire subgraphs, change contracts.",
        "schemas:activate": "Choose which supergraph routers use, also an earlier one.",
        "operations:read": "See the clients of graphs, their operations and how these are used.",
        "operations:publish": "Publish and retire the operations of clients.",
        "limits:read": "See rate limits and IP rules.",
        "limits:write": "Change rate limits and IP rules.",
        "operations:protect": "Choose whether clients may send other operations than those they registered.",
    }
)

_OWNER = frozenset(PERMISSIONS)
SYSTEM_ROLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "owner": _OWNER,
        "admin": _OWNER - {"organization:write"},
        "developer": frozenset(
            {"users:read", "applications:read", "applications:write", "keys:read", "keys:write"}
        ),
        "viewer": frozenset({"users:read", "applications:read"}),
    }
)


def is_person(principal: Principal) -> bool:
    """A signed-in person, not an application or a job."""
    return principal.kind is PrincipalKind.USER and principal.id is not None


def is_self(principal: Principal, user_id: UUID) -> bool:
    """The caller is this very person."""
    return is_person(principal) and principal.id == user_id


def may(principal: Principal, permission: str) -> bool:
    """The caller holds a permission in the organisation they act in."""
    return (
        not principal.is_anonymous
        and principal.organisation_id is not None
        and has_scope(principal, permission)
    )


def may_read_user(principal: Principal, user_id: UUID) -> bool:
    """Oneself always; others with `users:read` (which rows those are is a matter of membership)."""
    return is_self(principal, user_id) or may(principal, "users:read")


def may_read_in(principal: Principal, organisation_id: UUID) -> bool:
    """Members, roles and invitations of the organisation the caller acts in."""
    return may(principal, "users:read") and principal.organisation_id == organisation_id


def may_read_membership(principal: Principal, organisation_id: UUID, user_id: UUID) -> bool:
    """One's own memberships everywhere, those of others in the organisation one acts in."""
    return is_self(principal, user_id) or may_read_in(principal, organisation_id)


def may_update_user(
    principal: Principal, user_id: UUID, *, permissions: frozenset[str], belongs_elsewhere: bool
) -> bool:
    """Oneself; or, with `users:write`, a member of this organisation alone who is not stronger.

    A person is one account across organisations: without the last two conditions the administrator of
    any organisation could rename or lock out somebody for every other one.
    """
    return is_self(principal, user_id) or may_suspend_user(
        principal, user_id, permissions=permissions, belongs_elsewhere=belongs_elsewhere
    )


def may_suspend_user(
    principal: Principal, user_id: UUID, *, permissions: frozenset[str], belongs_elsewhere: bool
) -> bool:
    """With `users:write`: a member of this organisation alone, not stronger than the caller, not oneself."""
    return (
        may(principal, "users:write")
        and not is_self(principal, user_id)
        and not belongs_elsewhere
        and may_grant(principal, permissions)
    )


def may_grant(principal: Principal, permissions: frozenset[str]) -> bool:
    """Nobody gives away, or takes from others, more than they hold themselves."""
    return all(has_scope(principal, permission) for permission in permissions)


def may_set_role(
    principal: Principal, organisation_id: UUID, *, held: frozenset[str], wanted: frozenset[str]
) -> bool:
    """With `members:write` in that organisation; neither role is stronger than the caller."""
    return (
        may(principal, "members:write")
        and principal.organisation_id == organisation_id
        and may_grant(principal, held | wanted)
    )


def may_remove_member(
    principal: Principal, organisation_id: UUID, user_id: UUID, *, held: frozenset[str]
) -> bool:
    """Everybody may leave; others are removed with `members:write`, unless they are stronger."""
    return is_self(principal, user_id) or may_set_role(
        principal, organisation_id, held=held, wanted=frozenset()
    )


def may_change_role(
    principal: Principal, organisation_id: UUID | None, *, held: frozenset[str], wanted: frozenset[str]
) -> bool:
    """With `roles:write`, the organisation's own roles (system roles never), within one's own permissions."""
    return (
        organisation_id is not None
        and may(principal, "roles:write")
        and principal.organisation_id == organisation_id
        and may_grant(principal, held | wanted)
    )
