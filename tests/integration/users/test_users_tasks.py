"""What follows from the facts of users: the invitation mail, and telling other organisations."""

import email
import email.policy
import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from common.access.principal import ANONYMOUS, Principal
from common.clock import SystemClock
from common.db.session import Database
from common.events.envelope import Event
from common.ids import to_global_id, uuid7
from common.mail import FolderMailer
from common.resources import Resources
from common.tasks.task import TaskRun
from common.telemetry.logs import get_log
from subgraphs.users.app import build_parts, build_subgraph
from subgraphs.users.events import InvitationCreated, UserUpdated
from subgraphs.users.models import Invitation
from subgraphs.users.service.invitations import InvitationService
from subgraphs.users.service.parts import UsersParts
from subgraphs.users.settings import UsersSettings
from subgraphs.users.tasks import TASKS, mail_invitation, spread_update
from tests.factories.users import add_member, add_membership, add_organization, add_person, system_role_id
from tests.integration.users.conftest import KeptMail

pytestmark = pytest.mark.stores


def run_of(resources: Resources, parts: UsersParts) -> TaskRun[UsersParts]:
    return TaskRun(name="test", attempt=1, resources=resources, parts=parts, log=get_log("test"))


async def invite(database: Database, parts: UsersParts, inviter: Principal) -> Invitation:
    role = await system_role_id(database, "viewer")
    async with database.unit_of_work(domain="users", principal=inviter) as work:
        service = InvitationService(work, SystemClock(), parts)
        return await service.invite(f"grace.{uuid7().hex}@example.com", role)


async def mail(resources: Resources, parts: UsersParts, invitation: Invitation) -> None:
    event = InvitationCreated(organisation_id=invitation.organization_id, invitation_id=invitation.id)
    async with resources.database.unit_of_work_for_system(domain="users", job="test") as work:
        await mail_invitation(run_of(resources, parts), work, event)


async def test_the_mailed_token_opens_the_door(
    resources: Resources, parts: UsersParts, database: Database, tmp_path: Path
) -> None:
    here = await add_organization(database, name="Ümläut & Söhne")
    owner = await add_member(database, here, "owner", name="Zoë")
    parts = replace(parts, mailer=FolderMailer(tmp_path / "mail", "Atrium <atrium@example.com>"))
    invitation = await invite(database, parts, owner)

    await mail(resources, parts, invitation)
    await mail(resources, parts, invitation)

    (path,) = (tmp_path / "mail").glob("*.eml")
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert message["To"] == invitation.email
    assert message["Subject"] == "Your invitation to Ümläut & Söhne"
    body = message.get_content().replace("\r\n", "\n")
    assert "Zoë invites you to join Ümläut & Söhne" in body
    found = re.search(r"^ {4}(\S{60,})$", body, re.MULTILINE)
    assert found is not None
    subgraph = build_subgraph(resources, parts)
    answer = await subgraph.executor.execute(
        'mutation ($token: String!) { invitationAccept(input: {token: $token, name: "G"}) {'
        " userId errors { code } } }",
        {"token": found[1]},
        principal=ANONYMOUS,
    )
    assert answer.data is not None
    assert answer.data["invitationAccept"]["errors"] == []


async def test_a_link_is_mailed_where_one_is_set(
    resources: Resources, database: Database, mailer: KeptMail
) -> None:
    settings = UsersSettings(invitation_link="https://app.example.com/join#{token}")
    parts = build_parts(settings, secret="s" * 32, mailer=mailer)
    owner = await add_member(database, await add_organization(database), "owner")
    invitation = await invite(database, parts, owner)

    await mail(resources, parts, invitation)

    (sent,) = mailer.sent
    assert f"https://app.example.com/join#{parts.tokens.token_for(invitation.id)}\n" in sent.text


async def test_an_invitation_that_was_taken_back_is_not_mailed(
    resources: Resources, parts: UsersParts, database: Database, mailer: KeptMail
) -> None:
    owner = await add_member(database, await add_organization(database), "owner")
    invitation = await invite(database, parts, owner)
    async with database.unit_of_work(domain="users", principal=owner) as work:
        await InvitationService(work, SystemClock(), parts).revoke(invitation.id)

    await mail(resources, parts, invitation)

    assert mailer.sent == []


async def test_after_a_new_server_key_mailed_tokens_and_later_ones_work(
    resources: Resources, parts: UsersParts, database: Database, mailer: KeptMail
) -> None:
    owner = await add_member(database, await add_organization(database), "owner")
    renewed = build_parts(parts.settings, secret="another secret, after a leak", mailer=mailer)
    before, waiting = await invite(database, parts, owner), await invite(database, parts, owner)

    await mail(resources, parts, before)
    await mail(resources, renewed, waiting)

    subgraph = build_subgraph(resources, renewed)
    for sent in mailer.sent:
        found = re.search(r"^ {4}(\S{60,})$", sent.text, re.MULTILINE)
        assert found is not None
        answer = await subgraph.executor.execute(
            'mutation ($token: String!) { invitationAccept(input: {token: $token, name: "G"}) {'
            " errors { code } } }",
            {"token": found[1]},
            principal=ANONYMOUS,
        )
        assert answer.data == {"invitationAccept": {"errors": []}}


async def test_every_organisation_of_a_person_hears_of_a_changed_profile(
    resources: Resources, parts: UsersParts, database: Database
) -> None:
    user_id = await add_person(database)
    organisations = [await add_organization(database) for _ in range(3)]
    for organisation in organisations:
        await add_membership(database, organisation, user_id)
    event = UserUpdated(organisation_id=organisations[0], user_id=user_id, changed=("name",), revision=2)

    async with database.unit_of_work_for_system(domain="users", job="test") as work:
        await spread_update(run_of(resources, parts), work, event)
        told = work.outbox.events

    assert sorted(str(one.organisation_id) for one in told) == sorted(str(id) for id in organisations[1:])
    assert {one.topic for one in told} == {"users.user.updated_elsewhere"}
    assert await written(database, user_id) == 2


async def written(database: Database, key: UUID) -> int:
    async with database.engine.connect() as connection:
        await connection.execute(text("select set_config('role', 'atrium_events_system', true)"))
        counted = text("select count(*) from users.outbox where key = :key")
        return int((await connection.execute(counted, {"key": str(key)})).scalar_one())


def test_no_task_feeds_itself() -> None:
    """What a task of the domain writes must not start that task again."""
    follows: dict[str, type[Event]] = {task.event.topic: task.event for task in TASKS.event_tasks}

    assert set(follows) == {"users.invitation.created", "users.user.updated"}


def test_ids_of_the_graph_are_those_of_the_rows() -> None:
    id = uuid7()

    assert to_global_id("User", id) == to_global_id("User", UUID(str(id)))
