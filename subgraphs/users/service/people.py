"""A person's profile and whether their account is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from common.access.scopes import require_known, require_organisation, require_scope, require_user
from common.clock import Clock
from common.db.pages import CursorCodec, Order, Page, PageRequest
from common.db.session import UnitOfWork
from common.errors import NotFound, require, require_version
from common.texts import clean_name
from subgraphs.users.errors import UserBelongsElsewhere, UserStatusUnchanged
from subgraphs.users.events import UserDeactivated, UserReactivated, UserSuspended, UserUpdated
from subgraphs.users.models import User, UserStatus
from subgraphs.users.policies import is_self, may_read_user, may_suspend_user, may_update_user
from subgraphs.users.repository.lookups import LookupRepository
from subgraphs.users.repository.organizations import MembershipRepository
from subgraphs.users.repository.people import PeopleFilter, PeopleRepository
from subgraphs.users.repository.roles import RoleRepository
from subgraphs.users.service.ownership import Ownership
from subgraphs.users.service.texts import clean_locale, clean_timezone


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """What becomes different about a person; None leaves a part as it is."""

    name: str | None = None
    locale: str | None = None
    timezone: str | None = None


class PeopleService:
    """What may be asked of and done to people."""

    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._people = PeopleRepository(work.session)
        self._memberships = MembershipRepository(work.session)
        self._roles = RoleRepository(work.session)
        self._lookups = LookupRepository(work.session)
        self._ownership = Ownership(work)
        self._outbox = work.outbox
        self._principal = work.principal
        self._clock = clock

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, User]:
        """Those of the people whom the caller may see."""
        require_known(self._principal)
        allowed = [id for id in ids if may_read_user(self._principal, id)]
        require(bool(allowed) or not ids, "Seeing other people needs the permission 'users:read'.")
        return await self._people.by_ids(self._principal, allowed)

    async def page(
        self, wanted: PeopleFilter, order: Order, request: PageRequest, cursors: CursorCodec
    ) -> Page[User]:
        """The members of the organisation the caller acts in."""
        require_scope(self._principal, "users:read")
        require_organisation(self._principal)
        return await self._people.member_page(self._principal, wanted, order, request, cursors)

    async def update(self, id: UUID, change: ProfileChange, expected_version: int | None) -> User:
        """Change a profile: one's own, or with `users:write` that of a member of this organisation alone."""
        user = await self._locked(id)
        if not is_self(self._principal, id):
            permissions, belongs_elsewhere = await self._standing(id)
            if belongs_elsewhere:
                raise UserBelongsElsewhere
            require(may_update_user(self._principal, id, permissions=permissions, belongs_elsewhere=False))
        require_version(expected_version, user.version)
        changed = self._apply(user, change)
        if changed:
            user.version += 1
            user.updated_at = self._clock.now()
            self._outbox.add(
                UserUpdated(
                    organisation_id=self._principal.organisation_id,
                    user_id=id,
                    changed=changed,
                    revision=user.version,
                )
            )
        return user

    async def suspend(self, id: UUID) -> User:
        """Lock a member out of the platform."""
        user = await self._under_authority(id)
        if user.status != UserStatus.ACTIVE:
            raise UserStatusUnchanged(user.status)
        await self._ownership.keep_an_owner_without(id)
        self._set_status(user, UserStatus.SUSPENDED)
        self._outbox.add(UserSuspended(organisation_id=self._principal.organisation_id, user_id=id))
        return user

    async def reactivate(self, id: UUID) -> User:
        """Let a suspended or deactivated member in again."""
        user = await self._under_authority(id)
        if user.status == UserStatus.ACTIVE:
            raise UserStatusUnchanged(user.status)
        self._set_status(user, UserStatus.ACTIVE)
        self._outbox.add(UserReactivated(organisation_id=self._principal.organisation_id, user_id=id))
        return user

    async def deactivate_self(self) -> User:
        """Close one's own account: after leaving all other organisations, and never as the last owner."""
        id = require_user(self._principal)
        user = await self._locked(id)
        if user.status != UserStatus.ACTIVE:
            raise UserStatusUnchanged(user.status)
        if await self._lookups.belongs_elsewhere_for_system(id, self._principal.organisation_id):
            raise UserBelongsElsewhere
        await self._ownership.keep_an_owner_without(id)
        self._set_status(user, UserStatus.DEACTIVATED)
        self._outbox.add(UserDeactivated(organisation_id=self._principal.organisation_id, user_id=id))
        return user

    async def _locked(self, id: UUID) -> User:
        require_known(self._principal)
        user = await self._people.by_id_locked(self._principal, id)
        if user is None:
            raise NotFound("user", id, path=("input", "id"))
        return user

    async def _under_authority(self, id: UUID) -> User:
        require_scope(self._principal, "users:write")
        user = await self._locked(id)
        permissions, belongs_elsewhere = await self._standing(id)
        if belongs_elsewhere:
            raise UserBelongsElsewhere
        require(may_suspend_user(self._principal, id, permissions=permissions, belongs_elsewhere=False))
        return user

    async def _standing(self, id: UUID) -> tuple[frozenset[str], bool]:
        """What a person may do here, and whether they belong to another organisation as well."""
        here = require_organisation(self._principal)
        membership = await self._memberships.of_user_here(self._principal, id)
        if membership is None:
            raise NotFound("user", id, path=("input", "id"))
        permissions = await self._roles.permissions_of([membership.role_id])
        return permissions[membership.role_id], await self._lookups.belongs_elsewhere_for_system(id, here)

    def _set_status(self, user: User, status: UserStatus) -> None:
        user.status = status.value
        user.version += 1
        user.updated_at = self._clock.now()

    @staticmethod
    def _apply(user: User, change: ProfileChange) -> tuple[str, ...]:
        wanted = {
            "name": None if change.name is None else clean_name(change.name),
            "locale": None if change.locale is None else clean_locale(change.locale),
            "timezone": None if change.timezone is None else clean_timezone(change.timezone),
        }
        changed = tuple(
            field for field, value in wanted.items() if value is not None and getattr(user, field) != value
        )
        for field in changed:
            setattr(user, field, wanted[field])
        return changed
