"""The keys that sign access tokens: which one signs, which are published, when they change."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.jwk import OKPKey

from common.access.principal import ANONYMOUS
from common.clock import Clock
from common.db.session import Database, UnitOfWork
from subgraphs.auth.keys.keyring import Keyring
from subgraphs.auth.keys.signing import SigningPair, new_signing_pair, opened
from subgraphs.auth.models import SigningKey
from subgraphs.auth.repository.signing_keys import KeyInUse, SigningKeyRepository

REMEMBERED = timedelta(seconds=60)
_CLOCKS_APART = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    keys: tuple[KeyInUse, ...]
    signer: OKPKey | None
    read_at: datetime


class SigningKeys:
    """A process's view of the keys, read anew every minute.

    `next` is published from its creation, a whole period before it signs, so that everybody who checks
    tokens knows it in time; a retired key stays published until its last token has expired.
    """

    def __init__(
        self, database: Database, keyring: Keyring, clock: Clock, *, period: timedelta, token_life: timedelta
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._period = period
        self._token_life = token_life
        self._known: _Known | None = None

    async def signer(self) -> OKPKey:
        """The private key that signs now; the very first one is made when it is asked for."""
        known = await self._fresh()
        if known.signer is None:
            await self.ensure()
            known = await self._read()
        assert known.signer is not None
        return known.signer

    async def published(self) -> dict[str, Any]:
        """The public keys as a JWK set (RFC 7517 section 5)."""
        known = await self._fresh()
        if known.signer is None:
            await self.ensure()
            known = await self._read()
        now = self._clock.now()
        keys = [key for key in known.keys if key.not_after is None or now < key.not_after]
        return {"keys": [dict(key.public_jwk) for key in keys]}

    async def ensure(self) -> None:
        """Make sure that there is a key that signs and one that follows."""
        async with self._database.unit_of_work_for_system(domain="auth", job="rotate_signing_keys") as work:
            await self.rotate(work)

    async def rotate(self, work: UnitOfWork) -> None:
        """Retire the key that has served its period, let the next one sign, publish the one after it."""
        keys, now = SigningKeyRepository(work.session), self._clock.now()
        by_status = await keys.by_status_for_system()
        active, following = by_status.get("active"), by_status.get("next")
        if active is None and following is None:
            await keys.add_for_system(self._new_key("active", now))
        elif following is not None and self._is_due(active, following, now):
            if active is not None:
                active.status = "retired"
                active.not_after = now + self._token_life + REMEMBERED + _CLOCKS_APART
                await keys.write_for_system()
            following.status, following.activated_at = "active", now
            following = None
            await keys.write_for_system()
        if following is None:
            await keys.add_for_system(self._new_key("next", now))
        await keys.delete_ended_for_system(now)
        self._known = None

    def _is_due(self, active: SigningKey | None, following: SigningKey, now: datetime) -> bool:
        if active is None or active.activated_at is None:
            return True
        was_published_long_enough = following.created_at + self._token_life <= now
        return was_published_long_enough and active.activated_at + self._period <= now

    def _new_key(self, status: str, now: datetime) -> SigningKey:
        pair = new_signing_pair(self._keyring)
        return SigningKey(
            kid=pair.kid,
            status=status,
            public_jwk=dict(pair.public_jwk),
            private_sealed=pair.private_sealed,
            created_at=now,
            activated_at=now if status == "active" else None,
        )

    async def _fresh(self) -> _Known:
        known = self._known
        if known is not None and self._clock.now() - known.read_at < REMEMBERED:
            return known
        return await self._read()

    async def _read(self) -> _Known:
        async with self._database.unit_of_work(domain="auth", principal=ANONYMOUS) as work:
            keys = await SigningKeyRepository(work.session).in_use()
        signer = next((self._opened(key) for key in keys if key.status == "active"), None)
        self._known = _Known(keys=keys, signer=signer, read_at=self._clock.now())
        return self._known

    def _opened(self, key: KeyInUse) -> OKPKey:
        pair = SigningPair(kid=key.kid, public_jwk=key.public_jwk, private_sealed=key.private_sealed)
        return opened(pair, self._keyring)
