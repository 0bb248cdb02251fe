"""Making, rotating and revoking the API keys of applications."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from common.access.principal import Principal, PrincipalKind
from common.access.scopes import require_organisation
from common.db.session import UnitOfWork
from common.errors import require
from common.ids import uuid7
from subgraphs.auth.errors import (
    ApiKeyNameInvalid,
    ApiKeyNotActive,
    ApiKeyNotFound,
    ApplicationNotFound,
    ExpiryInvalid,
    ScopesInvalid,
    ScopesNotHeld,
)
from subgraphs.auth.events import ApiKeyCreated, RevokeReason
from subgraphs.auth.keys.api_keys import new_api_key
from subgraphs.auth.models import ApiKey
from subgraphs.auth.policies import may_manage_keys, scopes_not_held
from subgraphs.auth.repository.api_keys import ApiKeyRepository
from subgraphs.auth.service.endings import announce_revoked_keys
from subgraphs.auth.service.grants import scopes_held
from subgraphs.auth.service.parts import AuthParts

LONGEST_GRACE = timedelta(days=7)
LONGEST_LIFE = timedelta(days=5 * 365)
_MOST_SCOPES = 50
_SCOPE = re.compile(r"[a-z][a-z_]{0,39}:[a-z][a-z_]{0,39}")
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    """What a caller asks of a new key."""

    application_id: UUID
    name: str
    scopes: Sequence[str]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new key with its text, which exists nowhere else."""

    row: ApiKey
    text: str


async def require_application(parts: AuthParts, principal: Principal, application_id: UUID) -> None:
    """Go on only if the application belongs to the caller's organisation; raises ApplicationNotFound.

    Asked before the unit of work begins: nobody holds a connection while asking another domain.
    """
    here = require_organisation(principal)
    require(may_manage_keys(principal, here, application_id), "This needs the permission 'keys:write'.")
    if await parts.applications.organisation_of(application_id) != here:
        raise ApplicationNotFound


async def as_of_now(parts: AuthParts, principal: Principal) -> Principal:
    """The caller without what they no longer hold; raises DirectoryUnavailable.

    An access token remembers for minutes what a person could do when it was signed, a key would for years.
    """
    if principal.kind is not PrincipalKind.USER or principal.id is None:
        return principal
    held = await scopes_held(parts, principal.id, principal.organisation_id)
    return replace(principal, scopes=principal.scopes & held)


class ApiKeyService:
    """Works on behalf of the unit of work's principal."""

    def __init__(self, work: UnitOfWork, parts: AuthParts) -> None:
        self._work = work
        self._keys = ApiKeyRepository(work.session)
        self._parts = parts
        self._principal = work.principal

    async def create(self, wish: KeyWish) -> IssuedKey:
        """A new key. The application has been checked with `require_application` before.

        Raises ApiKeyNameInvalid, ScopesInvalid, ScopesNotHeld and ExpiryInvalid.
        """
        here, now = require_organisation(self._principal), self._parts.clock.now()
        require(may_manage_keys(self._principal, here, wish.application_id))
        name = wish.name.strip()
        if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
            raise ApiKeyNameInvalid
        scopes = _valid_scopes(wish.scopes)
        self._require_held(scopes)
        if wish.expires_at is not None and not now < wish.expires_at <= now + LONGEST_LIFE:
            raise ExpiryInvalid("The expiry must lie in the future, within five years.", field="expiresAt")
        return await self._issue(wish.application_id, name, scopes, wish.expires_at, now)

    async def rotate(self, id: UUID, *, grace: timedelta) -> IssuedKey:
        """A key that takes over from this one, which still works for the grace.

        Raises ApiKeyNotFound, ApiKeyNotActive, ScopesNotHeld and ExpiryInvalid.
        """
        if not timedelta(0) <= grace <= LONGEST_GRACE:
            raise ExpiryInvalid("The grace may be 0 to 604800 seconds.", field="graceSeconds")
        now = self._parts.clock.now()
        old = await self._managed(id)
        if not old.is_live(now) or old.superseded_by_id is not None:
            raise ApiKeyNotActive
        self._require_held(old.scopes)  # whoever rotates a key learns a secret with its powers
        issued = await self._issue(old.application_id, old.name, old.scopes, old.expires_at, now)
        old.superseded_by_id, old.grace_until = issued.row.id, now + grace
        if not grace:
            old.revoked_at, old.revoke_reason = now, RevokeReason.ROTATED
        await announce_revoked_keys(self._work, [old], RevokeReason.ROTATED, revoked_at=now + grace, now=now)
        return issued

    async def revoke(self, id: UUID) -> ApiKey:
        """Let the key open nothing any more; one that is revoked stays as it is. Raises ApiKeyNotFound."""
        key, now = await self._managed(id), self._parts.clock.now()
        if key.revoked_at is None:
            key.revoked_at, key.revoke_reason = now, RevokeReason.REVOKED
            await announce_revoked_keys(self._work, [key], RevokeReason.REVOKED, revoked_at=now, now=now)
        return key

    async def _managed(self, id: UUID) -> ApiKey:
        key = await self._keys.by_id_locked(self._principal, id)
        if key is None:
            raise ApiKeyNotFound
        require(may_manage_keys(self._principal, key.organization_id, key.application_id))
        return key

    async def _issue(
        self,
        application_id: UUID,
        name: str,
        scopes: Sequence[str],
        expires_at: datetime | None,
        now: datetime,
    ) -> IssuedKey:
        made = new_api_key(label=self._parts.settings.api_key_label, keys=self._parts.keyring.current)
        is_person = self._principal.kind is PrincipalKind.USER
        row = ApiKey(
            id=uuid7(),
            organization_id=require_organisation(self._principal),
            application_id=application_id,
            created_by_id=self._principal.id if is_person else None,
            name=name,
            prefix=made.prefix,
            last4=made.last4,
            hash=made.hash,
            scopes=list(scopes),
            created_at=now,
            expires_at=expires_at,
        )
        self._work.session.add(row)
        self._work.outbox.add(
            ApiKeyCreated(
                organisation_id=row.organization_id,
                api_key_id=row.id,
                application_id=application_id,
                prefix=made.prefix,
                scopes=tuple(scopes),
                expires_at=expires_at,
            )
        )
        await self._work.session.flush()
        return IssuedKey(row=row, text=made.text)

    def _require_held(self, scopes: Sequence[str]) -> None:
        missing = scopes_not_held(self._principal, scopes)
        if missing:
            raise ScopesNotHeld(missing)


def _valid_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    distinct = tuple(sorted(set(scopes)))
    if not 1 <= len(distinct) <= _MOST_SCOPES:
        raise ScopesInvalid(f"A key needs 1 to {_MOST_SCOPES} scopes.")
    strange = [scope for scope in distinct if not _SCOPE.fullmatch(scope)]
    if strange:
        raise ScopesInvalid("A scope is written like 'applications:read'.")
    return distinct
