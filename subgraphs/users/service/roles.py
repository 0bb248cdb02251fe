"""An organisation's own roles, beside the system roles that exist everywhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from common.access.scopes import require_known, require_organisation, require_scope
from common.clock import Clock
from common.db.pages import CursorCodec, Page, PageRequest
from common.db.session import UnitOfWork
from common.errors import NotFound, require, require_version
from common.texts import clean_description, clean_name
from subgraphs.users.errors import PermissionUnknown, RoleKeyTaken
from subgraphs.users.events import RoleChanged
from subgraphs.users.models import Role
from subgraphs.users.policies import PERMISSIONS, SYSTEM_ROLES, may_change_role
from subgraphs.users.repository.roles import RoleRepository
from subgraphs.users.service.texts import clean_key

_TOO_MUCH = "This needs the permission 'roles:write', and all permissions the role has or gets."


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChange:
    """What becomes different about a role; None leaves a part as it is."""

    name: str | None = None
    description: str | None = None
    permissions: frozenset[str] | None = None


class RoleService:
    """What may be asked of and done to roles."""

    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._roles = RoleRepository(work.session)
        self._outbox = work.outbox
        self._principal = work.principal
        self._clock = clock

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, Role]:
        """Those of the roles that the caller holds or may see."""
        require_known(self._principal)
        return await self._roles.by_ids(self._principal, ids)

    async def permissions_of(self, role_ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
        """What roles permit; ask for roles that the caller was shown."""
        require_known(self._principal)
        return await self._roles.permissions_of(role_ids)

    async def page(self, request: PageRequest, cursors: CursorCodec) -> Page[Role]:
        """The roles that can be given in the organisation the caller acts in."""
        require_scope(self._principal, "users:read")
        require_organisation(self._principal)
        return await self._roles.page(self._principal, request, cursors)

    async def create(self, key: str, name: str, description: str, permissions: Iterable[str]) -> Role:
        """Add a role to the organisation the caller acts in."""
        here = require_organisation(self._principal)
        wanted = known_permissions(permissions)
        require(may_change_role(self._principal, here, held=frozenset(), wanted=wanted), _TOO_MUCH)
        if key in SYSTEM_ROLES:
            raise RoleKeyTaken(key)
        role = Role(
            organization_id=here,
            key=clean_key(key),
            name=clean_name(name),
            description=clean_description(description),
        )
        await self._roles.insert_here(role, wanted)
        self._outbox.add(RoleChanged(organisation_id=here, role_id=role.id))
        return role

    async def update(self, id: UUID, change: RoleChange, expected_version: int | None) -> Role:
        """Change one of the organisation's own roles; system roles cannot be changed."""
        here = require_organisation(self._principal)
        role = await self._roles.by_id_locked(self._principal, id)
        if role is None:
            raise NotFound("role of this organization", id, path=("input", "id"))
        held = (await self._roles.permissions_of([id]))[id]
        wanted = held if change.permissions is None else known_permissions(change.permissions)
        require(may_change_role(self._principal, here, held=held, wanted=wanted), _TOO_MUCH)
        require_version(expected_version, role.version)
        if change.name is not None:
            role.name = clean_name(change.name)
        if change.description is not None:
            role.description = clean_description(change.description)
        if wanted != held:
            await self._roles.replace_permissions(id, wanted)
        role.version += 1
        role.updated_at = self._clock.now()
        self._outbox.add(RoleChanged(organisation_id=here, role_id=id))
        return role


def known_permissions(names: Iterable[str]) -> frozenset[str]:
    """The names, if the registry has all of them; raises PermissionUnknown."""
    wanted = frozenset(names)
    unknown = tuple(sorted(wanted - PERMISSIONS.keys()))
    if unknown:
        raise PermissionUnknown(unknown[:10])
    return wanted
