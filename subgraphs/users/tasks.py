"""What follows from the facts of the users domain, and what is tidied now and then."""

from datetime import timedelta

from common.db.session import UnitOfWork
from common.tasks.task import Retry, TaskRun, TaskSet
from subgraphs.users.events import InvitationCreated, UserUpdated
from subgraphs.users.service.invitation_mail import invitation_mail_for_system
from subgraphs.users.service.invitations import forget_ended_invitations_for_system
from subgraphs.users.service.parts import UsersParts
from subgraphs.users.service.spreading import spread_update_for_system

TASKS = TaskSet(domain="users")


@TASKS.on(InvitationCreated, name="users.mail_invitation", retry=Retry(attempts=10))
async def mail_invitation(run: TaskRun[UsersParts], work: UnitOfWork, event: InvitationCreated) -> None:
    """Send the token to the invited person."""
    mail = await invitation_mail_for_system(work, run.resources.clock, run.parts, event.invitation_id)
    if mail is None:
        run.log.info("invitation.not_mailed", invitation_id=str(event.invitation_id))
        return
    await run.parts.mailer.send(mail)


@TASKS.on(UserUpdated, name="users.spread_update")
async def spread_update(run: TaskRun[UsersParts], work: UnitOfWork, event: UserUpdated) -> None:
    """Tell the person's other organisations."""
    await spread_update_for_system(work, event)


@TASKS.every(timedelta(hours=6), name="users.forget_invitations")
async def forget_invitations(run: TaskRun[UsersParts]) -> None:
    """Let go of addresses of people whose invitation ended long ago."""
    resources = run.resources
    async with resources.database.unit_of_work_for_system(domain="users", job=run.name) as work:
        count = await forget_ended_invitations_for_system(work, resources.clock, run.parts)
    run.log.info("invitations.forgotten", count=count)
