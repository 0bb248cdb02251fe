"""API keys of applications."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, false, select, text, update

from common.access.principal import Principal, PrincipalKind
from common.db.pages import CursorCodec, Descending, Order, Page, PageRequest, pages_by_key
from common.db.repository import Repository
from subgraphs.auth.models import ApiKey

_BY_NEWEST = Order("newest", Descending(ApiKey.created_at), Descending(ApiKey.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """What a check needs of a key whose bearer is not known yet."""

    id: UUID
    organization_id: UUID
    application_id: UUID
    hash: bytes
    scopes: frozenset[str]
    expires_at: datetime | None
    grace_until: datetime | None
    revoked_at: datetime | None


class ApiKeyRepository(Repository):
    """Rows of `auth.api_keys`."""

    async def by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, ApiKey]:
        """Those of the keys that belong to the organisation the caller acts in, by id."""
        query = select(ApiKey).where(ApiKey.id.in_(ids), _here(principal))
        return {row.id: row for row in await self.session.scalars(query)}

    async def by_id_locked(self, principal: Principal, id: UUID) -> ApiKey | None:
        """One key of this organisation, held until the unit of work ends."""
        query = select(ApiKey).where(ApiKey.id == id, _here(principal)).with_for_update()
        return (await self.session.scalars(query)).one_or_none()

    async def pages_of_applications(
        self,
        principal: Principal,
        application_ids: Sequence[UUID],
        request: PageRequest,
        cursors: CursorCodec,
    ) -> dict[UUID, Page[ApiKey]]:
        """One page of keys for each application, newest first, in one statement."""
        query = select(ApiKey).where(_here(principal))
        return await pages_by_key(
            self.session, query, ApiKey.application_id, application_ids, _BY_NEWEST, request, cursors
        )

    async def for_check(self, prefix: str) -> StoredKey | None:
        """The key with this prefix, whoever presents it and whatever its state."""
        query = text("select * from auth.api_key_for_check(:prefix)")
        row = (await self.session.execute(query, {"prefix": prefix})).one_or_none()
        if row is None:
            return None
        return StoredKey(
            id=row.id,
            organization_id=row.organization_id,
            application_id=row.application_id,
            hash=row.hash,
            scopes=frozenset(row.scopes),
            expires_at=row.expires_at,
            grace_until=row.grace_until,
            revoked_at=row.revoked_at,
        )

    async def note_use(self, used: Mapping[UUID, datetime]) -> None:
        """Remember when keys were last used; an earlier time never replaces a later one."""
        query = text("select auth.api_keys_used(cast(:ids as uuid[]), cast(:times as timestamptz[]))")
        await self.session.execute(query, {"ids": list(used), "times": list(used.values())})

    async def revoke_of_creator_for_system(
        self, user_id: UUID, organisation_id: UUID | None, reason: str, now: datetime
    ) -> tuple[ApiKey, ...]:
        """Revoke the keys a person made, in one organisation or in all; gives those that were live."""
        made_by = (ApiKey.created_by_id == user_id) & ApiKey.revoked_at.is_(None)
        if organisation_id is not None:
            made_by &= ApiKey.organization_id == organisation_id
        statement = update(ApiKey).where(made_by).values(revoked_at=now, revoke_reason=reason)
        return tuple(await self.session.scalars(statement.returning(ApiKey)))

    async def revoke_beyond_for_system(
        self, user_id: UUID, organisation_id: UUID, held: frozenset[str], reason: str, now: datetime
    ) -> tuple[ApiKey, ...]:
        """Revoke the keys a person made in an organisation that may do more than `held`; gives them."""
        beyond = (
            (ApiKey.created_by_id == user_id)
            & (ApiKey.organization_id == organisation_id)
            & ApiKey.revoked_at.is_(None)
            & ~ApiKey.scopes.contained_by(sorted(held))
        )
        statement = update(ApiKey).where(beyond).values(revoked_at=now, revoke_reason=reason)
        return tuple(await self.session.scalars(statement.returning(ApiKey)))

    async def makers_for_system(self, organisation_id: UUID) -> tuple[UUID, ...]:
        """The people who made keys of an organisation that are not revoked."""
        query = select(ApiKey.created_by_id).where(
            ApiKey.organization_id == organisation_id,
            ApiKey.created_by_id.is_not(None),
            ApiKey.revoked_at.is_(None),
        )
        found = await self.session.scalars(query.distinct().order_by(ApiKey.created_by_id))
        return tuple(id for id in found if id is not None)

    async def revoke_of_application_for_system(
        self, organisation_id: UUID, application_id: UUID, reason: str, now: datetime
    ) -> tuple[ApiKey, ...]:
        """Revoke the keys of an application; gives those that were live."""
        live = (
            (ApiKey.organization_id == organisation_id)
            & (ApiKey.application_id == application_id)
            & ApiKey.revoked_at.is_(None)
        )
        statement = update(ApiKey).where(live).values(revoked_at=now, revoke_reason=reason)
        return tuple(await self.session.scalars(statement.returning(ApiKey)))


def _here(principal: Principal) -> ColumnElement[bool]:
    if principal.organisation_id is None:
        return false()
    here = ApiKey.organization_id == principal.organisation_id
    if principal.kind is PrincipalKind.APPLICATION:
        return here & (ApiKey.application_id == principal.id)
    return here
