"""Key pairs that sign access tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, text

from common.db.repository import Repository
from subgraphs.auth.models import SigningKey

# Rotation and the very first key: one process at a time, whichever asks.
_TURN = text("select pg_advisory_xact_lock(hashtextextended('auth.signing_keys', 0))")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInUse:
    """A signing key as a process needs it that signs or publishes."""

    kid: str
    status: str
    public_jwk: Mapping[str, str]
    private_sealed: bytes
    not_after: datetime | None


class SigningKeyRepository(Repository):
    """Rows of `auth.signing_keys`."""

    async def in_use(self) -> tuple[KeyInUse, ...]:
        """Every key that is published, the oldest first."""
        rows = await self.session.execute(text("select * from auth.signing_keys_in_use()"))
        return tuple(
            KeyInUse(
                kid=row.kid,
                status=row.status,
                public_jwk=row.public_jwk,
                private_sealed=row.private_sealed,
                not_after=row.not_after,
            )
            for row in rows
        )

    async def by_status_for_system(self) -> dict[str, SigningKey]:
        """The `active` and the `next` key, after waiting for one's turn to change them."""
        await self.session.execute(_TURN)
        query = select(SigningKey).where(SigningKey.status.in_(["active", "next"]))
        return {row.status: row for row in await self.session.scalars(query)}

    async def add_for_system(self, key: SigningKey) -> None:
        """Write a key; what was changed before is written first, so that a status has one key."""
        await self.session.flush()
        self.session.add(key)
        await self.session.flush()

    async def write_for_system(self) -> None:
        """Write what was changed so far."""
        await self.session.flush()

    async def delete_ended_for_system(self, now: datetime) -> int:
        """Forget retired keys whose last token has expired."""
        ended = (SigningKey.status == "retired") & (SigningKey.not_after < now)
        return len(
            (await self.session.execute(delete(SigningKey).where(ended).returning(SigningKey.kid))).all()
        )
