"""What follows other domains' events, and what happens regularly."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from common.events.envelope import Event
from common.graphql.context import Resources
from common.ids import uuid7
from common.tasks.task import TaskRun
from common.telemetry.logs import get_log
from subgraphs.auth import tasks
from subgraphs.auth.events import (
    ApplicationArchived,
    MembershipChanged,
    MembershipRevoked,
    PasswordChanged,
    RefreshTokenReused,
    RoleChanged,
    UserCreated,
    UserDeactivated,
    UserSuspended,
)
from subgraphs.auth.service.grants import Grant
from subgraphs.auth.service.parts import AuthParts
from subgraphs.auth.service.sign_in import sign_in
from tests.factories.auth import HOME, World, principal_of, world_of
from tests.fakes.people_directory import FakeMembership

pytestmark = pytest.mark.stores


async def follow(world: World, event: Event) -> None:
    """Hand the event to the task that is registered for it, as a worker does."""
    (task,) = [task for task in tasks.TASKS.event_tasks if task.event is type(event)]
    run = run_of(world, task.name)
    database = world.parts.database
    async with database.unit_of_work_for_system(domain="auth", job=task.name) as work:
        await task.handle(run, work, event)


async def do(world: World, name: str) -> None:
    """Run a regular job."""
    (job,) = [job for job in tasks.TASKS.jobs if job.name == name]
    await job.handle(run_of(world, name))


def run_of(world: World, name: str) -> TaskRun[AuthParts]:
    return TaskRun(
        name=name, attempt=1, resources=world.subgraph.resources, parts=world.parts, log=get_log(name)
    )


async def count(world: World, query: str, **values: object) -> int:
    async with world.parts.database.unit_of_work_for_system(domain="auth", job="tests") as work:
        return int((await work.session.execute(text(query), values)).scalar_one())


async def test_somebody_new_is_mailed_a_link(world: World) -> None:
    person = world.people.add()

    await follow(world, UserCreated(organisation_id=None, user_id=person.user_id))

    (mail,) = world.mailer.sent
    assert (mail.to, mail.id) == (person.email, f"password-{person.user_id}")


async def test_whose_token_was_used_twice_is_told(world: World) -> None:
    person = world.people.add()
    session_id = uuid7()

    await follow(
        world,
        RefreshTokenReused(
            organisation_id=None,
            session_id=session_id,
            user_id=person.user_id,
            ip_address="203.0.113.5",
            user_agent=None,
        ),
    )

    (mail,) = world.mailer.sent
    assert (mail.to, mail.id) == (person.email, f"reuse-{session_id}")
    assert "203.0.113.5" in mail.text


async def test_whose_password_changed_is_told_and_the_suspended_are_not(world: World) -> None:
    person, suspended = world.people.add(), world.people.add()
    world.people.suspend(suspended.user_id)

    for somebody in (person, suspended):
        event = PasswordChanged(
            organisation_id=None, user_id=somebody.user_id, change_id=uuid7(), by_link=False
        )
        await follow(world, event)

    assert [mail.to for mail in world.mailer.sent] == [person.email]


@pytest.mark.parametrize("kind", [UserDeactivated, UserSuspended])
async def test_who_is_locked_out_loses_sessions_links_and_keys_everywhere(
    world: World, kind: type[UserDeactivated] | type[UserSuspended]
) -> None:
    here, there = uuid7(), uuid7()
    leaver = await world.person((here, []), (there, []))
    stayer = await world.person((here, []))
    session, other = await world.signed_in(leaver), await world.signed_in(stayer)
    keys = [
        await world.key(
            principal_of(maker.user_id, where, "keys:write"), world.applications.add(where), "keys:write"
        )
        for maker, where in ((leaver, here), (leaver, there), (stayer, here))
    ]

    await follow(world, kind(organisation_id=None, user_id=leaver.user_id))

    dead = await world.parts.revoked_since(None)
    assert session.session.id in dead.session_ids
    assert other.session.id not in dead.session_ids
    assert [await world.parts.verifier.verify_key(key.text) is None for key in keys] == [True, True, False]
    assert dead.api_key_ids >= {keys[0].row.id, keys[1].row.id}


async def test_an_archived_application_keeps_no_keys(world: World) -> None:
    here = uuid7()
    maker = principal_of(uuid7(), here, "keys:write")
    archived, other = world.applications.add(here), world.applications.add(here)
    keys = [await world.key(maker, application, "keys:write") for application in (archived, other)]

    await follow(world, ApplicationArchived(organisation_id=here, application_id=archived))

    assert [await world.parts.verifier.verify_key(key.text) is None for key in keys] == [True, False]
    assert keys[0].row.id in (await world.parts.revoked_since(None)).api_key_ids


async def test_handling_the_event_twice_changes_nothing_more(world: World) -> None:
    leaver = await world.person((uuid7(), []))
    await world.signed_in(leaver)
    event = UserDeactivated(organisation_id=None, user_id=leaver.user_id)
    query = "select count(*) from auth.revocations"
    await follow(world, event)
    before = await count(world, query)

    await follow(world, event)

    assert await count(world, query) == before


async def test_who_leaves_an_organisation_loses_only_what_was_there(world: World) -> None:
    here, there = uuid7(), uuid7()
    person = await world.person((here, []))
    acted_here = await world.signed_in(person)
    world.people.memberships[person.user_id] = ()
    elsewhere = await world.signed_in(person)
    keys = [
        await world.key(
            principal_of(person.user_id, where, "keys:write"), world.applications.add(where), "keys:write"
        )
        for where in (here, there)
    ]

    await follow(world, MembershipRevoked(organisation_id=here, user_id=person.user_id))

    dead = await world.parts.revoked_since(None)
    assert acted_here.session.id in dead.session_ids
    assert elsewhere.session.id not in dead.session_ids
    assert [await world.parts.verifier.verify_key(key.text) is None for key in keys] == [True, False]


async def test_whose_role_changed_keeps_only_keys_that_do_no_more_than_they_may(world: World) -> None:
    here, there = uuid7(), uuid7()
    powers = ["keys:write", "users:read", "users:write"]
    demoted = await world.person((here, powers), (there, powers))
    colleague = uuid7()
    strong, weak, elsewhere, of_colleague = [
        await world.key(principal_of(maker, where, *powers), world.applications.add(where), *scopes)
        for maker, where, scopes in (
            (demoted.user_id, here, ["users:read", "users:write"]),
            (demoted.user_id, here, ["users:read"]),
            (demoted.user_id, there, ["users:write"]),
            (colleague, here, ["users:write"]),
        )
    ]
    session = await world.signed_in(demoted)
    event = MembershipChanged(organisation_id=here, user_id=demoted.user_id)

    async def live() -> list[bool]:
        keys = (strong, weak, elsewhere, of_colleague)
        return [await world.parts.verifier.verify_key(key.text) is not None for key in keys]

    await follow(world, event)  # a role with the same power, or old news: what they hold counts
    assert await live() == [True, True, True, True]
    world.people.memberships[demoted.user_id] = (
        FakeMembership(organisation_id=here, scopes=frozenset({"keys:write", "users:read"})),
        FakeMembership(organisation_id=there, scopes=frozenset(powers)),
    )

    await follow(world, event)

    assert await live() == [False, True, True, True]
    dead = await world.parts.revoked_since(None)
    assert strong.row.id in dead.api_key_ids
    assert weak.row.id not in dead.api_key_ids
    assert session.session.id not in dead.session_ids
    query = "select revoke_reason = 'role_changed' from auth.api_keys where id = :id"
    assert await count(world, query, id=strong.row.id) == 1


async def test_whose_role_changed_and_who_is_no_member_any_more_keeps_no_key_there(world: World) -> None:
    here = uuid7()
    person = await world.person((here, ["keys:write"]))
    maker = principal_of(person.user_id, here, "keys:write")
    key = await world.key(maker, world.applications.add(here), "keys:write")
    world.people.memberships[person.user_id] = ()

    await follow(world, MembershipChanged(organisation_id=here, user_id=person.user_id))

    assert await world.parts.verifier.verify_key(key.text) is None


async def test_a_role_that_may_do_less_takes_back_the_keys_of_all_who_held_it(world: World) -> None:
    here, there = uuid7(), uuid7()
    weakened = [world.member(here, "users:write"), world.member(here, "users:write")]
    strong, elsewhere = world.member(here, "users:write"), world.member(there, "users:write")
    keys = []
    for member in (*weakened, strong, elsewhere):
        assert member.organisation_id is not None
        maker = replace(member, scopes=member.scopes | {"keys:write"})
        application = world.applications.add(member.organisation_id)
        keys.append(await world.key(maker, application, "users:write"))
    for member in weakened:
        assert member.id is not None
        world.people.memberships[member.id] = (FakeMembership(organisation_id=here, scopes=frozenset()),)

    await follow(world, RoleChanged(organisation_id=here))

    alive = [await world.parts.verifier.verify_key(key.text) is not None for key in keys]
    assert alive == [False, False, True, True]


async def active_kid(world: World) -> str:
    return str((await world.parts.signing.signer()).kid)


async def test_the_signing_key_changes_after_its_period_and_old_tokens_stay_good(
    resources: Resources,
) -> None:
    world = world_of(resources)
    far = timedelta(days=40 * 365)  # beyond every other test's keys, which share the table
    world.clock.advance(far)
    await do(world, "auth.rotate_signing_keys")
    person = await world.person()
    before = await world.signed_in(person)
    first = await active_kid(world)
    announced = {key["kid"] for key in (await world.parts.signing.published())["keys"]} - {first}
    world.clock.advance(timedelta(days=29, hours=23))
    await do(world, "auth.rotate_signing_keys")
    assert await active_kid(world) == first

    world.clock.advance(timedelta(hours=1))
    await do(world, "auth.rotate_signing_keys")

    second = await active_kid(world)
    assert second != first
    assert second in announced  # everybody could know it before it signed
    assert (await world.claims_of(before.access_token.text))["sub"] == str(person.user_id)
    after = await world.signed_in(person)
    assert await world.claims_of(after.access_token.text)
    world.clock.advance(timedelta(minutes=8))
    published = {key["kid"] for key in (await world.parts.signing.published())["keys"]}
    assert first not in published
    assert second in published
    await do(world, "auth.rotate_signing_keys")
    assert await count(world, "select count(*) from auth.signing_keys where kid = :kid", kid=first) == 0


async def test_another_process_follows_a_rotation(resources: Resources) -> None:
    one, other = world_of(resources), world_of(resources)
    for world in (one, other):
        world.clock.advance(timedelta(days=80 * 365))
        assert await active_kid(world)

    await do(one, "auth.rotate_signing_keys")
    for world in (one, other):
        world.clock.advance(timedelta(minutes=1))

    assert await active_kid(other) == await active_kid(one)


async def test_what_ended_long_ago_is_forgotten_and_what_lives_is_kept(world: World) -> None:
    person = await world.person()
    old = await world.signed_in(person)
    world.clock.advance(timedelta(days=14 + 30, seconds=1))
    live = await world.signed_in(person)

    await do(world, "auth.forget_expired")

    query = "select count(*) from auth.sessions where id = :id"
    assert await count(world, query, id=old.session.id) == 0
    assert await count(world, query, id=live.session.id) == 1
    tokens = "select count(*) from auth.refresh_tokens where session_id = :id"
    assert await count(world, tokens, id=old.session.id) == 0
    assert await count(world, tokens, id=live.session.id) == 1


async def test_throttle_windows_that_are_over_go(world: World) -> None:
    await sign_in(world.parts, email="nobody@example.com", password="x", origin=HOME)
    world.clock.advance(timedelta(hours=2))

    await do(world, "auth.forget_attempts")

    moment = world.clock.now()
    query = "select count(*) from auth.sign_in_throttle where window_ends_at < :now"
    assert await count(world, query, now=moment) == 0


async def test_the_revocation_feed_gives_everything_once_it_is_committed(world: World) -> None:
    async def dead_since(position: str | None) -> tuple[str, frozenset[UUID]]:
        found = await world.parts.revoked_since(position)
        return found.position, found.session_ids

    async def ended() -> Grant:
        grant = await world.signed_in(person)
        await follow(world, UserSuspended(organisation_id=None, user_id=person.user_id))
        return grant

    person = await world.person()
    position, _ = await dead_since(None)
    slow = world.parts.work_as(person.user_id)
    late = uuid7()
    async with slow as work:
        await work.session.execute(
            text(
                "insert into auth.revocations (id, kind, subject_id, recorded_at)"
                " values (:id, 'session', :id, now())"
            ),
            {"id": late},
        )
        quick = await ended()
        position, seen = await dead_since(position)
        assert quick.session.id in seen
        assert late not in seen

    position, seen = await dead_since(position)  # committed last, numbered first: still given

    assert late in seen
    _, seen = await dead_since(position)
    assert late not in seen
