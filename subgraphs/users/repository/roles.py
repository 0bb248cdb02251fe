"""Roles and what they permit: system roles for all, an organisation's own for itself."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, insert, or_, select

from common.access.principal import Principal, PrincipalKind
from common.db.pages import Ascending, CursorCodec, Order, Page, PageRequest, page_of
from common.db.repository import Repository
from subgraphs.users.errors import RoleKeyTaken
from subgraphs.users.models import Membership, Role, RolePermission

_BY_AGE = Order("age", Ascending(Role.created_at), Ascending(Role.id))


class RoleRepository(Repository):
    """Rows of `users.roles` and `users.role_permissions`."""

    async def by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, Role]:
        """System roles, roles of the caller's organisation and roles the caller holds, by id."""
        query = select(Role).where(Role.id.in_(ids), or_(_usable_by(principal), _held_by(principal)))
        return {row.id: row for row in await self.session.scalars(query)}

    async def usable(self, principal: Principal, id: UUID) -> Role | None:
        """A role that can be given in the organisation the caller acts in."""
        query = select(Role).where(Role.id == id, _usable_by(principal))
        return (await self.session.scalars(query)).one_or_none()

    async def by_id_locked(self, principal: Principal, id: UUID) -> Role | None:
        """A role of the caller's organisation, held until the unit of work ends; never a system role."""
        query = (
            select(Role)
            .where(Role.id == id, Role.organization_id == principal.organisation_id)
            .with_for_update()
        )
        return (await self.session.scalars(query)).one_or_none()

    async def system_role(self, key: str) -> Role:
        """One of the roles that exist everywhere."""
        query = select(Role).where(Role.key == key, Role.organization_id.is_(None))
        return (await self.session.scalars(query)).one()

    async def page(self, principal: Principal, request: PageRequest, cursors: CursorCodec) -> Page[Role]:
        """System roles first, then the organisation's own, oldest first."""
        query = select(Role).where(_usable_by(principal))
        return await page_of(self.session, query, _BY_AGE, request, cursors)

    async def permissions_of(self, role_ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
        """What each role permits."""
        query = select(RolePermission.role_id, RolePermission.permission).where(
            RolePermission.role_id.in_(role_ids)
        )
        found: dict[UUID, set[str]] = {id: set() for id in role_ids}
        for role_id, permission in await self.session.execute(query):
            found[role_id].add(permission)
        return {id: frozenset(names) for id, names in found.items()}

    async def insert_here(self, role: Role, permissions: frozenset[str]) -> None:
        """Add a role to the caller's organisation; raises RoleKeyTaken."""
        key = role.key
        await self.insert(role, taken={"uq_roles_organization_id_key": lambda: RoleKeyTaken(key)})
        await self._add_permissions(role.id, permissions)

    async def replace_permissions(self, role_id: UUID, permissions: frozenset[str]) -> None:
        """Let the role permit exactly these."""
        await self.session.execute(delete(RolePermission).where(RolePermission.role_id == role_id))
        await self._add_permissions(role_id, permissions)

    async def _add_permissions(self, role_id: UUID, permissions: frozenset[str]) -> None:
        rows = [{"role_id": role_id, "permission": name} for name in sorted(permissions)]
        if rows:
            await self.session.execute(insert(RolePermission), rows)


def _usable_by(principal: Principal) -> ColumnElement[bool]:
    system = Role.organization_id.is_(None)
    if principal.organisation_id is None:
        return system
    return or_(system, Role.organization_id == principal.organisation_id)


def _held_by(principal: Principal) -> ColumnElement[bool]:
    held = exists().where(Membership.role_id == Role.id, Membership.user_id == principal.id)
    return held if principal.kind is PrincipalKind.USER else Role.organization_id.is_(None)
