"""People, roles and invitations against PostgreSQL, below GraphQL."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from common.access.principal import ANONYMOUS, Principal
from common.clock import Clock, SystemClock
from common.db.session import Database, UnitOfWork
from common.errors import DomainError, Forbidden, NotFound, VersionConflict
from common.ids import uuid7
from common.settings import plain_url
from subgraphs.users.errors import (
    AlreadyMember,
    InvitationAlreadyUsed,
    InvitationExpired,
    InvitationForAnother,
    InvitationPending,
    InvitationUnknown,
    InvitationWithdrawn,
    LastOwner,
    SignInRequired,
    TooManyInvitations,
    UserBelongsElsewhere,
)
from subgraphs.users.models import Invitation
from subgraphs.users.service.acceptance import Joined, NewPerson, OpenWork, accept_invitation
from subgraphs.users.service.directory import PeopleDirectory
from subgraphs.users.service.invitation_token import InvitationTokens
from subgraphs.users.service.invitations import (
    InvitationReading,
    InvitationService,
    forget_ended_invitations_for_system,
)
from subgraphs.users.service.memberships import MembershipService
from subgraphs.users.service.organizations import OrganizationService, founding
from subgraphs.users.service.parts import UsersParts
from subgraphs.users.service.people import PeopleService, ProfileChange
from subgraphs.users.service.roles import RoleChange, RoleService
from subgraphs.users.settings import UsersSettings
from tests.factories.users import (
    acting,
    add_member,
    add_membership,
    add_organization,
    add_person,
    system_role_id,
)
from tests.fakes.clock import FakeClock
from tests.integration.users.conftest import KeptMail

pytestmark = pytest.mark.stores
CLOCK = SystemClock()
PARTS = UsersParts(
    settings=UsersSettings(),
    tokens=InvitationTokens(b"a server key for tests that is long enough"),
    mailer=KeptMail(),
)
LONG_AGO = FakeClock(datetime.now(UTC) - timedelta(days=8))


def opener(database: Database) -> OpenWork:
    def open_work(principal: Principal) -> AbstractAsyncContextManager[UnitOfWork]:
        return database.unit_of_work(domain="users", principal=principal)

    return open_work


async def invite(
    database: Database, inviter: Principal, email: str, role: str = "viewer", *, clock: Clock = CLOCK
) -> Invitation:
    role_id = await system_role_id(database, role)
    async with opener(database)(inviter) as work:
        return await InvitationService(work, clock, PARTS).invite(email, role_id)


async def accept(
    database: Database, invitation_id: UUID, principal: Principal = ANONYMOUS, name: str = "Grace"
) -> Joined:
    token = PARTS.tokens.token_for(invitation_id)
    return await accept_invitation(opener(database), CLOCK, principal, token, NewPerson(name=name))


async def topics(database: Database, key: UUID) -> list[str]:
    async with database.engine.connect() as connection:
        await connection.execute(text("select set_config('role', 'atrium_events_system', true)"))
        found = await connection.execute(
            text("select topic from users.outbox where key = :key order by sequence"), {"key": str(key)}
        )
        return [row.topic for row in found]


async def test_an_invited_person_gets_an_account_and_a_membership(database: Database) -> None:
    organization = await add_organization(database)
    admin = await add_member(database, organization, "admin")
    email = f"Grace.{uuid7().hex}@Example.com"
    invitation = await invite(database, admin, email, "developer")

    joined = await accept(database, invitation.id)

    directory = PeopleDirectory(database)
    person = await directory.person_by_email(email.upper())
    assert person is not None
    assert person.user_id == joined.user.id
    assert person.is_active
    (grant,) = await directory.memberships_of(person.user_id)
    assert grant.organisation_id == organization
    assert grant.role == "developer"
    assert "keys:write" in grant.scopes
    assert "users:write" not in grant.scopes
    assert await topics(database, person.user_id) == ["users.user.created", "users.membership.granted"]
    assert await topics(database, invitation.id) == ["users.invitation.created", "users.invitation.accepted"]


@pytest.mark.parametrize("signed_in", [False, True], ids=["new_person", "existing_person"])
async def test_of_eight_who_accept_at_the_same_moment_exactly_one_joins(
    database: Database, migrated_url: str, signed_in: bool
) -> None:
    email = f"{uuid7().hex}@example.com"
    admin = await add_member(database, await add_organization(database), "admin")
    invitation = await invite(database, admin, email)
    person = ANONYMOUS
    if signed_in:
        person = await add_member(database, await add_organization(database), email=email)
    gate = await asyncpg.connect(plain_url(migrated_url))
    holding = gate.transaction()
    await holding.start()
    await gate.execute("select 1 from users.invitations where id = $1 for update", invitation.id)

    racing = [asyncio.create_task(accept(database, invitation.id, person)) for _ in range(8)]
    async with asyncio.timeout(20):
        while await waiting_for_locks(gate) < 8:
            await asyncio.wait(racing, timeout=0.02)
    await holding.rollback()
    answers = await asyncio.gather(*racing, return_exceptions=True)
    await gate.close()

    assert sorted(type(answer).__name__ for answer in answers) == ["InvitationAlreadyUsed"] * 7 + ["Joined"]


async def waiting_for_locks(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    """How many transactions wait for one another in this database."""
    query = (
        "select count(*) from pg_stat_activity"
        " where wait_event_type = 'Lock' and datname = current_database()"
    )
    await connection.execute("select pg_stat_clear_snapshot()")
    return int(await connection.fetchval(query))


async def test_two_organisations_that_invite_one_address_make_one_account(database: Database) -> None:
    email = f"{uuid7().hex}@example.com"
    invitations = []
    for _ in range(2):
        admin = await add_member(database, await add_organization(database), "admin")
        invitations.append((await invite(database, admin, email)).id)

    answers = await asyncio.gather(*(accept(database, id) for id in invitations), return_exceptions=True)

    assert sorted(type(answer).__name__ for answer in answers) in (
        ["EmailTaken", "Joined"],
        ["Joined", "SignInRequired"],
    )


async def test_a_used_revoked_expired_or_unknown_invitation_is_refused(database: Database) -> None:
    organization = await add_organization(database)
    admin = await add_member(database, organization, "admin")
    used = await invite(database, admin, f"{uuid7().hex}@example.com")
    person = (await accept(database, used.id)).acting
    revoked = await invite(database, admin, f"{uuid7().hex}@example.com")
    async with opener(database)(admin) as work:
        await InvitationService(work, CLOCK, PARTS).revoke(revoked.id)
    expired = await invite(database, admin, f"{uuid7().hex}@example.com", clock=LONG_AGO)

    with pytest.raises(SignInRequired):
        await accept(database, used.id)
    with pytest.raises(InvitationAlreadyUsed):
        await accept(database, used.id, person)
    with pytest.raises(InvitationWithdrawn):
        await accept(database, revoked.id)
    with pytest.raises(InvitationExpired):
        await accept(database, expired.id)
    with pytest.raises(InvitationUnknown):
        await accept(database, uuid7())
    with pytest.raises(InvitationUnknown):
        await accept_invitation(opener(database), CLOCK, ANONYMOUS, "x" * 10_000, None)


async def test_an_existing_person_accepts_signed_in_under_the_invited_address(database: Database) -> None:
    email = f"{uuid7().hex}@example.com"
    home = await add_organization(database)
    person = await add_member(database, home, "owner", email=email)
    stranger = await add_member(database, home, "viewer")
    admin = await add_member(database, await add_organization(database), "admin")
    invitation = await invite(database, admin, email.upper())

    with pytest.raises(SignInRequired):
        await accept(database, invitation.id)
    with pytest.raises(InvitationForAnother):
        await accept(database, invitation.id, stranger)
    joined = await accept(database, invitation.id, person)

    assert joined.user.id == person.id
    assert not joined.is_new_person
    assert joined.membership.organization_id == admin.organisation_id
    assert person.id is not None
    grants = await PeopleDirectory(database).memberships_of(person.id)
    assert [grant.organisation_id for grant in grants] == [home, admin.organisation_id]


async def test_one_invitation_is_pending_per_address(database: Database) -> None:
    organization = await add_organization(database)
    admin = await add_member(database, organization, "admin")
    email = f"{uuid7().hex}@example.com"

    answers = await asyncio.gather(
        *(invite(database, admin, email) for _ in range(8)), return_exceptions=True
    )

    assert sum(isinstance(answer, Invitation) for answer in answers) == 1
    assert sum(isinstance(answer, InvitationPending) for answer in answers) == 7


async def test_an_expired_invitation_gives_way_and_a_member_is_not_invited(database: Database) -> None:
    organization = await add_organization(database)
    admin = await add_member(database, organization, "admin")
    email = f"{uuid7().hex}@example.com"
    expired = await invite(database, admin, email, clock=LONG_AGO)

    fresh = await invite(database, admin, email)
    await accept(database, fresh.id)

    with pytest.raises((InvitationWithdrawn, SignInRequired)):
        await accept(database, expired.id)
    with pytest.raises(AlreadyMember):
        await invite(database, admin, email)


async def test_an_organisation_invites_so_many_people_an_hour_and_no_more(database: Database) -> None:
    admin = await add_member(database, await add_organization(database), "admin")
    parts = replace(PARTS, settings=UsersSettings(invitations_per_hour=2))
    clock = FakeClock(datetime.now(UTC))
    role = await system_role_id(database, "viewer")

    async def invite_one() -> Invitation:
        async with opener(database)(admin) as work:
            return await InvitationService(work, clock, parts).invite(f"{uuid7().hex}@example.com", role)

    first = await invite_one()
    await invite_one()
    async with opener(database)(admin) as work:
        await InvitationService(work, clock, parts).revoke(first.id)
    with pytest.raises(TooManyInvitations):
        await invite_one()
    clock.advance(timedelta(minutes=61))

    assert (await invite_one()).id != first.id


async def test_invitations_are_forgotten_long_after_they_ended(database: Database) -> None:
    admin = await add_member(database, await add_organization(database), "admin")
    old = FakeClock(datetime.now(UTC) - timedelta(days=100))
    ran_out = await invite(database, admin, f"{uuid7().hex}@example.com", clock=old)
    recent = await invite(database, admin, f"{uuid7().hex}@example.com", clock=LONG_AGO)
    pending = await invite(database, admin, f"{uuid7().hex}@example.com")

    async with database.unit_of_work_for_system(domain="users", job="tests") as work:
        assert await forget_ended_invitations_for_system(work, CLOCK, PARTS) >= 1

    async with opener(database)(admin) as work:
        left = await InvitationReading(work, CLOCK).by_ids([ran_out.id, recent.id, pending.id])
    assert left.keys() == {recent.id, pending.id}


async def test_nobody_invites_into_a_stronger_role_or_elsewhere(database: Database) -> None:
    organization = await add_organization(database)
    admin = await add_member(database, organization, "admin")
    developer = await add_member(database, organization, "developer")

    with pytest.raises(Forbidden):
        await invite(database, admin, f"{uuid7().hex}@example.com", "owner")
    with pytest.raises(Forbidden):
        await invite(database, developer, f"{uuid7().hex}@example.com", "viewer")


async def test_the_token_is_nowhere_in_the_database(database: Database, migrated_url: str) -> None:
    admin = await add_member(database, await add_organization(database), "admin")
    invitation = await invite(database, admin, f"{uuid7().hex}@example.com")
    token = PARTS.tokens.token_for(invitation.id)

    connection = await asyncpg.connect(migrated_url)
    rows = [
        *await connection.fetch("select i::text from users.invitations i where id = $1", invitation.id),
        *await connection.fetch("select o::text from users.outbox o where key = $1", str(invitation.id)),
    ]
    await connection.close()

    assert len(rows) == 2
    assert not any(token in row[0] or token.encode().hex() in row[0] for row in rows)


async def test_a_founder_owns_the_new_organisation(database: Database) -> None:
    founder = acting(await add_person(database), None)
    principal = founding(founder)

    async with opener(database)(principal) as work:
        organization = await OrganizationService(work, CLOCK).found("Acme", f"acme-{uuid7().hex[:20]}")

    assert founder.id is not None
    (grant,) = await PeopleDirectory(database).memberships_of(founder.id)
    assert (grant.organisation_id, grant.role) == (organization.id, "owner")


async def test_the_last_owner_cannot_leave_be_demoted_or_be_suspended(database: Database) -> None:
    organization = await add_organization(database)
    owner_id = await add_person(database)
    membership = await add_membership(database, organization, owner_id, "owner")
    owner = acting(owner_id, organization, "owner")
    viewer_role = await system_role_id(database, "viewer")

    async with opener(database)(owner) as work:
        service = MembershipService(work, CLOCK)
        with pytest.raises(LastOwner):
            await service.remove(membership)
        with pytest.raises(LastOwner):
            await service.set_role(membership, viewer_role, None)
        with pytest.raises(LastOwner):
            await PeopleService(work, CLOCK).deactivate_self()


@pytest.mark.parametrize("verb", ["remove", "suspend"])
async def test_of_two_owners_who_act_against_each_other_one_remains(database: Database, verb: str) -> None:
    organization = await add_organization(database)
    ids = [await add_person(database), await add_person(database)]
    memberships = [await add_membership(database, organization, id, "owner") for id in ids]

    async def against(attacker: int, victim: int) -> None:
        async with opener(database)(acting(ids[attacker], organization, "owner")) as work:
            if verb == "remove":
                await MembershipService(work, CLOCK).remove(memberships[victim])
            else:
                await PeopleService(work, CLOCK).suspend(ids[victim])

    answers = await asyncio.gather(against(0, 1), against(1, 0), return_exceptions=True)

    assert sorted(type(answer).__name__ for answer in answers) == ["LastOwner", "NoneType"]


async def test_a_weaker_member_cannot_touch_a_stronger_one(database: Database) -> None:
    organization = await add_organization(database)
    owner_id = await add_person(database)
    owner_membership = await add_membership(database, organization, owner_id, "owner")
    await add_member(database, organization, "owner")
    admin = await add_member(database, organization, "admin")
    owner_role = await system_role_id(database, "owner")
    viewer_id = await add_person(database)
    viewer_membership = await add_membership(database, organization, viewer_id)

    async with opener(database)(admin) as work:
        memberships, people = MembershipService(work, CLOCK), PeopleService(work, CLOCK)
        with pytest.raises(Forbidden):
            await memberships.remove(owner_membership)
        with pytest.raises(Forbidden):
            await people.suspend(owner_id)
        with pytest.raises(Forbidden):
            await memberships.set_role(viewer_membership, owner_role, None)
        with pytest.raises(Forbidden):
            await people.update(owner_id, ProfileChange(name="Mallory"), None)


async def test_an_organisation_cannot_lock_out_somebody_who_belongs_elsewhere(database: Database) -> None:
    victim = await add_person(database)
    await add_membership(database, await add_organization(database), victim, "owner")
    own = await add_organization(database)
    await add_membership(database, own, victim)
    attacker = await add_member(database, own, "owner")

    async with opener(database)(attacker) as work:
        with pytest.raises(UserBelongsElsewhere):
            await PeopleService(work, CLOCK).suspend(victim)
        with pytest.raises(UserBelongsElsewhere):
            await PeopleService(work, CLOCK).update(victim, ProfileChange(name="Mallory"), None)


async def test_a_suspended_person_may_nothing_until_reactivated(database: Database) -> None:
    organization = await add_organization(database)
    admin = await add_member(database, organization, "admin")
    person = await add_member(database, organization, "viewer")
    assert person.id is not None
    directory = PeopleDirectory(database)

    async with opener(database)(admin) as work:
        await PeopleService(work, CLOCK).suspend(person.id)
    suspended = await directory.person(person.id)
    assert suspended is not None
    assert not suspended.is_active
    assert await directory.memberships_of(person.id) == ()
    async with opener(database)(admin) as work:
        await PeopleService(work, CLOCK).reactivate(person.id)

    assert len(await directory.memberships_of(person.id)) == 1
    assert await topics(database, person.id) == ["users.user.suspended", "users.user.reactivated"]


async def test_a_stale_version_is_refused(database: Database) -> None:
    person = await add_member(database, await add_organization(database))
    assert person.id is not None

    async with opener(database)(person) as work:
        changed = await PeopleService(work, CLOCK).update(person.id, ProfileChange(name="Grace"), 1)
    assert (changed.name, changed.version) == ("Grace", 2)

    async with opener(database)(person) as work:
        with pytest.raises(VersionConflict) as refused:
            await PeopleService(work, CLOCK).update(person.id, ProfileChange(name="Eve"), 1)
    assert refused.value.extensions == {"currentVersion": 2}


async def test_members_of_another_organisation_do_not_exist(database: Database) -> None:
    stranger = await add_member(database, await add_organization(database), "owner")
    person = await add_member(database, await add_organization(database), "viewer")
    assert person.id is not None

    async with opener(database)(stranger) as work:
        assert await PeopleService(work, CLOCK).by_ids([person.id]) == {}
        with pytest.raises(NotFound):
            await PeopleService(work, CLOCK).update(person.id, ProfileChange(name="Mallory"), None)
        with pytest.raises(NotFound):
            await PeopleService(work, CLOCK).suspend(person.id)


async def test_policies_keep_strangers_out_where_row_security_would_not(database: Database) -> None:
    stranger = await add_member(database, await add_organization(database), "owner")
    organization = await add_organization(database)
    person = await add_member(database, organization, "owner")
    assert person.id is not None
    membership = await add_membership(database, organization, await add_person(database))
    invitation = await invite(database, person, f"{uuid7().hex}@example.com")

    async with database.unit_of_work_for_system(domain="users", job="tests") as all_seeing:
        work = replace(all_seeing, principal=stranger)
        invitations = InvitationService(work, CLOCK, PARTS)
        assert await PeopleService(work, CLOCK).by_ids([person.id]) == {}
        assert await OrganizationService(work, CLOCK).by_ids([organization]) == {}
        assert await MembershipService(work, CLOCK).by_ids([membership]) == {}
        assert await MembershipService(work, CLOCK).of_users([person.id]) == {person.id: []}
        assert await InvitationReading(work, CLOCK).by_ids([invitation.id]) == {}
        with pytest.raises(NotFound):
            await MembershipService(work, CLOCK).remove(membership)
        with pytest.raises(NotFound):
            await invitations.revoke(invitation.id)


async def test_an_own_role_grants_what_it_says_and_no_more_than_its_maker_has(database: Database) -> None:
    organization = await add_organization(database)
    admin = await add_member(database, organization, "admin")
    async with opener(database)(admin) as work:
        service = RoleService(work, CLOCK)
        with pytest.raises(Forbidden):
            await service.create("boss", "Boss", "", ["organization:write"])
        role = await service.create("auditor", "Auditor", "", ["users:read", "sessions:read"])
    user_id = await add_person(database)
    membership = await add_membership(database, organization, user_id)
    async with opener(database)(admin) as work:
        await MembershipService(work, CLOCK).set_role(membership, role.id, None)
    async with opener(database)(admin) as work:
        await RoleService(work, CLOCK).update(
            role.id, RoleChange(permissions=frozenset({"users:read"})), expected_version=1
        )

    (grant,) = await PeopleDirectory(database).memberships_of(user_id)
    assert (grant.role, set(grant.scopes)) == ("auditor", {"users:read"})


async def test_system_roles_and_other_organisations_roles_cannot_be_changed(database: Database) -> None:
    owner = await add_member(database, await add_organization(database), "owner")
    other = await add_member(database, await add_organization(database), "owner")
    async with opener(database)(other) as work:
        foreign = await RoleService(work, CLOCK).create("ops", "Ops", "", [])
    change = RoleChange(permissions=frozenset({"users:read"}))

    for role_id in (await system_role_id(database, "viewer"), foreign.id):
        async with opener(database)(owner) as work:
            with pytest.raises(NotFound):
                await RoleService(work, CLOCK).update(role_id, change, None)


async def test_a_refused_change_leaves_no_event(database: Database) -> None:
    person = await add_member(database, await add_organization(database))
    assert person.id is not None

    with pytest.raises(DomainError):
        async with opener(database)(person) as work:
            await PeopleService(work, CLOCK).update(person.id, ProfileChange(name="\x00"), None)

    assert await topics(database, person.id) == []
