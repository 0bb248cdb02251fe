"""How often passwords were tried, per target and place."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, text

from common.db.repository import Repository
from subgraphs.auth.models import SignInThrottle

_ATTEMPTED = text(
    "select attempts, window_ends_at"
    " from auth.sign_in_attempted(:bucket, cast(:at as timestamptz), cast(:window as interval))"
)
_SUCCEEDED = text("select auth.sign_in_succeeded(:account, :network)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """How many there were in the window that runs, this one included."""

    count: int
    window_ends_at: datetime


class ThrottleRepository(Repository):
    """Rows of `auth.sign_in_throttle`."""

    async def attempted(self, bucket: bytes, now: datetime, window: timedelta) -> Attempts:
        """Count one attempt, before it is known how it ends: parallel guesses are counted too."""
        found = await self.session.execute(_ATTEMPTED, {"bucket": bucket, "at": now, "window": window})
        row = found.one()
        return Attempts(count=row.attempts, window_ends_at=row.window_ends_at)

    async def succeeded(self, account: bytes, network: bytes) -> None:
        """Forget the account's failures and take this attempt back from the network's."""
        await self.session.execute(_SUCCEEDED, {"account": account, "network": network})

    async def delete_ended_for_system(self, now: datetime) -> int:
        """Forget windows that are over."""
        over = delete(SignInThrottle).where(SignInThrottle.window_ends_at < now)
        return len((await self.session.execute(over.returning(SignInThrottle.bucket))).all())
