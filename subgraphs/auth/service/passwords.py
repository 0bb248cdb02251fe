"""Giving, setting and changing passwords."""

from uuid import UUID

from common.access.principal import Principal
from common.access.scopes import require_user
from common.db.session import UnitOfWork
from common.ids import uuid7
from common.mail import Mail
from subgraphs.auth.errors import OneTimeTokenRejected, PasswordTooWeak, PasswordWrong, TooManyAttempts
from subgraphs.auth.events import PasswordChanged, RevokeReason
from subgraphs.auth.keys.passwords import weakness_of
from subgraphs.auth.keys.tokens import is_token, new_token, token_hash
from subgraphs.auth.models import OneTimeToken
from subgraphs.auth.providers.protocol import Person
from subgraphs.auth.repository.passwords import PasswordRepository
from subgraphs.auth.repository.sessions import SessionRepository
from subgraphs.auth.service.endings import end_sessions
from subgraphs.auth.service.grants import Origin
from subgraphs.auth.service.parts import AuthParts
from subgraphs.auth.service.sign_in import check_password, hash_password, seconds_of
from subgraphs.auth.service.throttle import buckets_of, forget, wait_for

SET_PASSWORD = "set_password"  # noqa: S105 - the purpose of a link, not a secret


async def set_by_link(parts: AuthParts, *, token: str, password: str) -> UUID:
    """Set the password of whoever got the link; ends all their sessions. Gives the person's id.

    Raises OneTimeTokenRejected and PasswordTooWeak; a weak password does not use the link up.
    """
    user_id = await _owner_of(parts, token)
    if user_id is None:
        raise OneTimeTokenRejected
    await _require_strong(parts, user_id, password, field="password")
    phc = await hash_password(parts, password)
    now = parts.clock.now()
    async with parts.work_as(user_id) as work:
        passwords = PasswordRepository(work.session)
        if not await passwords.use_token(user_id, token_hash(token), SET_PASSWORD, now):
            raise OneTimeTokenRejected
        await passwords.void_tokens(user_id, now)
        await passwords.set(user_id, phc, now)
        sessions = await SessionRepository(work.session).live_of_user_locked(user_id, now)
        await end_sessions(work, sessions, RevokeReason.PASSWORD_CHANGED, now)
        work.outbox.add(
            PasswordChanged(organisation_id=None, user_id=user_id, change_id=uuid7(), by_link=True)
        )
    return user_id


async def change(parts: AuthParts, principal: Principal, *, current: str, new: str, origin: Origin) -> UUID:
    """Replace the caller's password after checking the present one; only their current session goes on.

    Raises TooManyAttempts, PasswordWrong and PasswordTooWeak.
    """
    user_id = require_user(principal)
    buckets = buckets_of(parts, str(user_id), origin.ip_address)
    async with parts.work(principal) as work:
        wait = await wait_for(parts, work, buckets)
        stored = await PasswordRepository(work.session).for_sign_in(user_id)
    if wait is not None:
        raise TooManyAttempts(seconds_of(wait))
    if not (await check_password(parts, stored.phc if stored else None, current)).is_correct:
        raise PasswordWrong
    await _require_strong(parts, user_id, new, field="newPassword")
    new_phc = await hash_password(parts, new)
    async with parts.work(principal) as work:
        await _replace(parts, work, user_id, new_phc, keep=principal.session_id)
        await forget(work, buckets)
    return user_id


async def mail_password_link(parts: AuthParts, work: UnitOfWork, user_id: UUID, *, message_id: str) -> bool:
    """Mail a one-time link to somebody who has no password yet; False if there is nobody to mail.

    The mail goes out before the commit: a failed mail is retried with a new link, and the few cases in
    which the commit fails after it leave a link that does not work, never a person without one.
    """
    person = await parts.people.person(user_id)
    if person is None or not person.is_active:
        return False
    if await PasswordRepository(work.session).has_password_for_system(user_id):
        return False
    token, now = new_token(), parts.clock.now()
    work.session.add(
        OneTimeToken(
            id=uuid7(),
            purpose=SET_PASSWORD,
            user_id=user_id,
            token_hash=token_hash(token),
            created_at=now,
            expires_at=now + parts.settings.password_link_lifetime,
        )
    )
    await work.session.flush()
    await parts.mailer.send(_mail(parts, person, token, message_id))
    return True


async def set_password_for_system(parts: AuthParts, user_id: UUID, password: str) -> None:
    """Write a password without asking for the old one: for seeds and demo data."""
    phc = await hash_password(parts, password)
    async with parts.database.unit_of_work_for_system(domain="auth", job="set_password") as work:
        await PasswordRepository(work.session).set(user_id, phc, parts.clock.now())


async def _owner_of(parts: AuthParts, token: str) -> UUID | None:
    if not is_token(token):
        return None
    async with parts.work() as work:
        return await PasswordRepository(work.session).owner_of_token(token_hash(token), SET_PASSWORD)


async def _require_strong(parts: AuthParts, user_id: UUID, password: str, *, field: str) -> None:
    person = await parts.people.person(user_id)
    weakness = weakness_of(password, email=person.email if person else None)
    if weakness is not None:
        raise PasswordTooWeak(weakness, field=field)


async def _replace(parts: AuthParts, work: UnitOfWork, user_id: UUID, phc: str, *, keep: UUID | None) -> None:
    now = parts.clock.now()
    passwords = PasswordRepository(work.session)
    await passwords.void_tokens(user_id, now)
    await passwords.set(user_id, phc, now)
    live = await SessionRepository(work.session).live_of_user_locked(user_id, now)
    others = [session for session in live if session.id != keep]
    await end_sessions(work, others, RevokeReason.PASSWORD_CHANGED, now)
    work.outbox.add(
        PasswordChanged(
            organisation_id=work.principal.organisation_id,
            user_id=user_id,
            change_id=uuid7(),
            by_link=False,
        )
    )


def _mail(parts: AuthParts, person: Person, token: str, id: str) -> Mail:
    days = max(1, round(parts.settings.password_link_lifetime.total_seconds() / 86_400))
    page = parts.settings.password_page_url
    how = (
        f"Open this page to choose your password:\n\n    {page}#token={token}\n"
        if page
        else f"Send this token with the mutation passwordSet to choose your password:\n\n    {token}\n"
    )
    text = (
        f"Hello,\n\nan Atrium account was made for {person.email}.\n\n{how}\n"
        f"It works once, within {days} days. If you did not expect this mail, ignore it.\n"
    )
    return Mail(id=id, to=person.email, subject="Choose your Atrium password", text=text)
