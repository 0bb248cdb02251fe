"""Signing in with e-mail address and password."""

import math
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from subgraphs.auth.errors import SignInBusy
from subgraphs.auth.keys.passwords import Checked, HashingOverloaded
from subgraphs.auth.repository.passwords import PasswordRepository
from subgraphs.auth.service.grants import Grant, Origin, access_token, place_in, start_session
from subgraphs.auth.service.parts import AuthParts
from subgraphs.auth.service.throttle import buckets_of, forget, wait_for

_LONGEST_EMAIL = 320
_LONGEST_PASSWORD = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Not signed in. The reason is never more than: wrong, or too often."""

    retry_after_seconds: int | None = None


async def sign_in(parts: AuthParts, *, email: str, password: str, origin: Origin) -> Grant | Rejected:
    """A new session, or the same refusal whether nobody has this address, the password is wrong or the
    person is suspended; it also takes the same time. Raises SignInBusy."""
    address = email.strip()[:_LONGEST_EMAIL]
    person = await parts.people.person_by_email(address)
    target = str(person.user_id) if person else address.casefold()
    buckets = buckets_of(parts, target, origin.ip_address)
    async with parts.work() as work:
        wait = await wait_for(parts, work, buckets)
        # For nobody the same question is asked, about nobody.
        stored = await PasswordRepository(work.session).for_sign_in(person.user_id if person else uuid4())
    if wait is not None:
        return Rejected(retry_after_seconds=seconds_of(wait))
    checked = await check_password(parts, stored.phc if stored else None, password)
    if person is None or stored is None or not person.is_active or not checked.is_correct:
        return Rejected()
    place = place_in(await parts.people.memberships_of(person.user_id), None)
    async with parts.work_as(person.user_id) as work:
        passwords = PasswordRepository(work.session)
        if not await passwords.is_unchanged(person.user_id, stored.changed_at):
            return (
                Rejected()
            )  # changed while we checked: whoever changed it ended all sessions before this one
        await forget(work, buckets)
        if checked.new_phc is not None:
            await passwords.rehash(person.user_id, stored.phc, checked.new_phc)
        session, refresh_token = await start_session(parts, work, person.user_id, place, origin)
    return Grant(
        session=session,
        access_token=await access_token(parts, user_id=person.user_id, session_id=session.id, place=place),
        refresh_token=refresh_token,
        refresh_expires_at=session.expires_at,
    )


async def check_password(parts: AuthParts, phc: str | None, password: str) -> Checked:
    """Whether the password fits; raises SignInBusy when too many wait for the same."""
    try:
        return await parts.passwords.check(phc, password[:_LONGEST_PASSWORD])
    except HashingOverloaded as cause:
        raise SignInBusy from cause


async def hash_password(parts: AuthParts, password: str) -> str:
    """A hash of a new password; raises SignInBusy when too many wait for the same."""
    try:
        return await parts.passwords.hash(password)
    except HashingOverloaded as cause:
        raise SignInBusy from cause


def seconds_of(wait: timedelta) -> int:
    """Whole seconds, rounded up."""
    return max(1, math.ceil(wait.total_seconds()))
