"""What auth does in the background: mails links, ends what must end, rotates keys, forgets the old."""

from datetime import timedelta

from common.db.session import UnitOfWork
from common.tasks.task import Retry, TaskRun, TaskSet
from subgraphs.auth.events import (
    ApplicationArchived,
    MembershipChanged,
    MembershipRevoked,
    PasswordChanged,
    RefreshTokenReused,
    RevokeReason,
    RoleChanged,
    UserCreated,
    UserDeactivated,
    UserSuspended,
)
from subgraphs.auth.service import departures, housekeeping, notices
from subgraphs.auth.service.parts import AuthParts
from subgraphs.auth.service.passwords import mail_password_link

TASKS = TaskSet(domain="auth")


@TASKS.on(UserCreated, name="auth.mail_password_link", retry=Retry(attempts=12))
async def send_password_link(run: TaskRun[AuthParts], work: UnitOfWork, event: UserCreated) -> None:
    """Whoever joins gets a link with which to choose a password."""
    await mail_password_link(run.parts, work, event.user_id, message_id=f"password-{event.user_id}")


@TASKS.on(UserSuspended, name="auth.lock_out_suspended")
async def lock_out_suspended(run: TaskRun[AuthParts], work: UnitOfWork, event: UserSuspended) -> None:
    """Whoever is suspended keeps no way in."""
    await departures.lock_out(work, run.parts.clock, event.user_id, RevokeReason.USER_SUSPENDED)


@TASKS.on(UserDeactivated, name="auth.lock_out_deactivated")
async def lock_out_deactivated(run: TaskRun[AuthParts], work: UnitOfWork, event: UserDeactivated) -> None:
    """Whoever is deactivated keeps no way in."""
    await departures.lock_out(work, run.parts.clock, event.user_id, RevokeReason.USER_DEACTIVATED)


@TASKS.on(MembershipRevoked, name="auth.end_access_of_former_member")
async def end_access_of_former_member(
    run: TaskRun[AuthParts], work: UnitOfWork, event: MembershipRevoked
) -> None:
    """Whoever leaves an organisation keeps no way into it."""
    await departures.leave_organisation(work, run.parts.clock, event.user_id, event.organisation_id)


@TASKS.on(MembershipChanged, name="auth.take_back_keys_of_demoted", retry=Retry(attempts=20))
async def take_back_keys_of_demoted(
    run: TaskRun[AuthParts], work: UnitOfWork, event: MembershipChanged
) -> None:
    """Whoever may do less in an organisation keeps no key that may do more."""
    await departures.take_back_keys(work, run.parts, event.user_id, event.organisation_id)


@TASKS.on(RoleChanged, name="auth.take_back_keys_beyond_role", retry=Retry(attempts=20))
async def take_back_keys_beyond_role(run: TaskRun[AuthParts], work: UnitOfWork, event: RoleChanged) -> None:
    """A role may do less: nobody in the organisation keeps a key that may do more than they."""
    await departures.take_back_keys_of_all(work, run.parts, event.organisation_id)


@TASKS.on(ApplicationArchived, name="auth.retire_keys_of_archived")
async def retire_keys_of_archived(
    run: TaskRun[AuthParts], work: UnitOfWork, event: ApplicationArchived
) -> None:
    """An application that is archived keeps no keys."""
    await departures.retire_application(work, run.parts.clock, event.organisation_id, event.application_id)


@TASKS.on(RefreshTokenReused, name="auth.warn_of_reuse")
async def warn_of_reuse(run: TaskRun[AuthParts], work: UnitOfWork, event: RefreshTokenReused) -> None:
    """Whose token was used twice is told."""
    await notices.warn_of_reuse(
        run.parts,
        user_id=event.user_id,
        ip_address=event.ip_address,
        message_id=f"reuse-{event.session_id}",
    )


@TASKS.on(PasswordChanged, name="auth.tell_of_new_password")
async def tell_of_new_password(run: TaskRun[AuthParts], work: UnitOfWork, event: PasswordChanged) -> None:
    """Whose password changed is told."""
    await notices.tell_of_new_password(
        run.parts, user_id=event.user_id, message_id=f"new-password-{event.change_id}"
    )


@TASKS.every(timedelta(hours=1), name="auth.rotate_signing_keys")
async def rotate_signing_keys(run: TaskRun[AuthParts]) -> None:
    """Change the key that signs when its period is over."""
    await run.parts.signing.ensure()


@TASKS.every(timedelta(hours=1), name="auth.forget_expired")
async def forget_expired(run: TaskRun[AuthParts]) -> None:
    """Delete sessions, tokens and links that ended long ago."""
    database = run.parts.database
    async with database.unit_of_work_for_system(domain="auth", job=run.name) as work:
        gone = await housekeeping.forget_expired(work, run.parts.clock)
    run.log.info(
        "auth.forgotten",
        sessions=gone.sessions,
        refresh_tokens=gone.refresh_tokens,
        one_time_tokens=gone.one_time_tokens,
    )


@TASKS.every(timedelta(minutes=10), name="auth.forget_attempts")
async def forget_attempts(run: TaskRun[AuthParts]) -> None:
    """Delete throttle windows that are over and old entries of the revocation feed."""
    database = run.parts.database
    async with database.unit_of_work_for_system(domain="auth", job=run.name) as work:
        await housekeeping.forget_attempts(work, run.parts.clock)
