"""Whose API key is this: asked by the front door for every key it does not remember."""

from datetime import datetime
from uuid import UUID

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.clock import Clock
from common.db.session import Database
from subgraphs.auth.keys.api_keys import is_key_of, prefix_of
from subgraphs.auth.keys.keyring import Keyring
from subgraphs.auth.repository.api_keys import ApiKeyRepository, StoredKey


class KeyVerifier:
    """Checks keys, and notes when each was last used: kept here, written together now and then."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._used: dict[UUID, datetime] = {}

    async def verify_key(self, text: str) -> Principal | None:
        """The application behind the key; None if it is malformed, unknown, revoked or expired."""
        prefix = prefix_of(text)
        if prefix is None:
            return None
        async with self._database.unit_of_work(domain="auth", principal=ANONYMOUS) as work:
            stored = await ApiKeyRepository(work.session).for_check(prefix)
        is_right = is_key_of(text, stored.hash if stored else None, keyring=self._keyring)
        now = self._clock.now()
        if stored is None or not is_right or not _is_live(stored, now):
            return None
        self._used[stored.id] = now
        return Principal(
            kind=PrincipalKind.APPLICATION,
            id=stored.application_id,
            organisation_id=stored.organization_id,
            scopes=stored.scopes,
            key_id=stored.id,
        )

    async def write_usage(self) -> int:
        """Write when keys were last used, all in one statement; what could not be written is kept."""
        used, self._used = self._used, {}
        if not used:
            return 0
        try:
            async with self._database.unit_of_work(domain="auth", principal=ANONYMOUS) as work:
                await ApiKeyRepository(work.session).note_use(used)
        except BaseException:
            self._used = {**used, **self._used}
            raise
        return len(used)


def _is_live(key: StoredKey, now: datetime) -> bool:
    ends = (key.expires_at, key.grace_until)
    return key.revoked_at is None and all(end is None or now < end for end in ends)
