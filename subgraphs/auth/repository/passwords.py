"""Passwords and the one-time links that set them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from common.db.repository import Repository
from subgraphs.auth.models import OneTimeToken, PasswordCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPassword:
    """A hash, and since when it is the person's."""

    phc: str
    changed_at: datetime


class PasswordRepository(Repository):
    """Rows of `auth.password_credentials` and `auth.one_time_tokens`."""

    async def for_sign_in(self, user_id: UUID) -> StoredPassword | None:
        """The password of a person who is not known to be who they say."""
        query = text("select phc, changed_at from auth.credential_for_sign_in(:user_id)")
        row = (await self.session.execute(query, {"user_id": user_id})).one_or_none()
        return StoredPassword(phc=row.phc, changed_at=row.changed_at) if row else None

    async def is_unchanged(self, user_id: UUID, since: datetime) -> bool:
        """Whether the password is still the one of then, and stays so until the unit of work ends."""
        query = select(PasswordCredential.changed_at).where(PasswordCredential.user_id == user_id)
        found = await self.session.execute(query.with_for_update())
        return found.scalar_one_or_none() == since

    async def set(self, user_id: UUID, phc: str, now: datetime) -> None:
        """Replace the hash, or write the first one."""
        values = {"phc": phc, "changed_at": now}
        statement = insert(PasswordCredential).values(user_id=user_id, **values)
        await self.session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))

    async def rehash(self, user_id: UUID, old: str, new: str) -> None:
        """Write the same password under new parameters, unless it has been changed meanwhile."""
        mine = (PasswordCredential.user_id == user_id) & (PasswordCredential.phc == old)
        await self.session.execute(update(PasswordCredential).where(mine).values(phc=new))

    async def owner_of_token(self, token_hash: bytes, purpose: str) -> UUID | None:
        """Whose link it is, used or not."""
        query = text("select user_id from auth.one_time_token_owner(:token_hash, :purpose)")
        found = await self.session.execute(query, {"token_hash": token_hash, "purpose": purpose})
        owner: UUID | None = found.scalar_one_or_none()
        return owner

    async def use_token(self, user_id: UUID, token_hash: bytes, purpose: str, now: datetime) -> bool:
        """Consume the link; False if it was used before, has expired or is another's."""
        statement = (
            update(OneTimeToken)
            .where(
                OneTimeToken.user_id == user_id,
                OneTimeToken.token_hash == token_hash,
                OneTimeToken.purpose == purpose,
                OneTimeToken.consumed_at.is_(None),
                OneTimeToken.expires_at > now,
            )
            .values(consumed_at=now)
            .returning(OneTimeToken.id)
        )
        return (await self.session.execute(statement)).scalar_one_or_none() is not None

    async def void_tokens(self, user_id: UUID, now: datetime) -> None:
        """Let no open link of this person work any more."""
        mine = (OneTimeToken.user_id == user_id) & OneTimeToken.consumed_at.is_(None)
        await self.session.execute(update(OneTimeToken).where(mine).values(consumed_at=now))

    async def has_password_for_system(self, user_id: UUID) -> bool:
        """Whether the person has a password already."""
        query = select(PasswordCredential.user_id).where(PasswordCredential.user_id == user_id)
        return (await self.session.execute(query)).scalar_one_or_none() is not None

    async def delete_tokens_for_system(self, ended_before: datetime) -> int:
        """Forget links that ended before then."""
        statement = delete(OneTimeToken).where(OneTimeToken.expires_at < ended_before)
        return len((await self.session.execute(statement.returning(OneTimeToken.id))).all())
