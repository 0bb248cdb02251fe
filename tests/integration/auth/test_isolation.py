"""Row-level security of auth: every table, without and with the wrong identity, on a reused connection."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from common.access.principal import ANONYMOUS, Principal
from common.db.session import Database
from common.ids import uuid7
from subgraphs.auth.models import Base
from subgraphs.auth.service.passwords import mail_password_link
from tests.factories.auth import World, principal_of

pytestmark = pytest.mark.stores

TABLES = sorted(table.name for table in Base.metadata.sorted_tables)


@pytest.fixture
async def one_connection(app_url: str) -> AsyncIterator[Database]:
    """A pool of one: whatever is left on the connection meets the next who uses it."""
    database = Database(app_url, pool_size=1)
    yield database
    await database.close()


@pytest.fixture
async def owner(world: World) -> Principal:
    """Somebody with a row in every table."""
    here = uuid7()
    person = await world.person((here, ["keys:write"]))
    grant = await world.signed_in(person)
    invited = world.people.add((here, []))
    database = world.parts.database
    async with database.unit_of_work_for_system(domain="auth", job="tests") as work:
        await mail_password_link(world.parts, work, invited.user_id, message_id="one")
        await work.inbox.claim("tests", uuid7())
    owner = principal_of(person.user_id, here, "keys:write", session_id=grant.session.id)
    application = world.applications.add(here)
    await world.key(owner, application, "keys:write")
    await world.parts.signing.published()
    async with world.parts.work(owner) as work:
        await work.session.execute(
            text(
                "insert into auth.revocations (id, kind, subject_id, recorded_at)"
                " values (:id, 'session', :id, now())"
            ),
            {"id": uuid7()},
        )
    return owner


async def rows(database: Database, principal: Principal, table: str) -> int | str:
    """How many rows there are to see, or that one may not even look."""
    try:
        async with database.unit_of_work(domain="auth", principal=principal) as work:
            found = await work.session.execute(text(f"select count(*) from auth.{table}"))
            return int(found.scalar_one())
    except ProgrammingError as error:
        if "permission denied" not in str(error):
            raise
        return "denied"


async def test_the_test_knows_every_table(migrated_url: str) -> None:
    connection = await asyncpg.connect(migrated_url.replace("+asyncpg", ""))
    found = await connection.fetch(
        "select c.relname, c.relrowsecurity and c.relforcerowsecurity as is_forced, r.rolname as owner,"
        " (select count(*) from pg_policy p where p.polrelid = c.oid) as policies"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles r on r.oid = c.relowner"
        " where n.nspname = 'auth' and c.relkind in ('r', 'p', 'v', 'm') order by c.relname"
    )
    await connection.close()

    assert sorted(row["relname"] for row in found) == TABLES
    assert [row["relname"] for row in found if not row["is_forced"] or not row["policies"]] == []
    assert {row["owner"] for row in found} == {"atrium_owner"}


@pytest.mark.parametrize("table", TABLES)
async def test_nobody_sees_a_row_after_somebody_who_did(
    one_connection: Database, owner: Principal, table: str
) -> None:
    stranger = principal_of(uuid7(), uuid7(), "keys:read", "sessions:read")
    application = Principal(kind=stranger.kind.APPLICATION, id=owner.id, organisation_id=uuid7())
    system = one_connection.unit_of_work_for_system(domain="auth", job="tests")
    seen_by_owner = await rows(one_connection, owner, table)
    async with system as work:
        grants = await work.session.execute(
            text("select has_table_privilege(current_user, :name, 'select')"), {"name": f"auth.{table}"}
        )
        if grants.scalar_one():
            assert (await work.session.execute(text(f"select count(*) from auth.{table}"))).scalar_one()

    seen = [await rows(one_connection, who, table) for who in (ANONYMOUS, stranger, application, ANONYMOUS)]

    assert seen == ([0] * 4 if isinstance(seen_by_owner, int) else ["denied"] * 4)


@pytest.mark.parametrize(
    ("table", "visible"),
    [("sessions", 1), ("refresh_tokens", 1), ("api_keys", 1), ("password_credentials", 1)],
)
async def test_the_owner_does_see_what_the_others_do_not(
    one_connection: Database, owner: Principal, table: str, visible: int
) -> None:
    assert await rows(one_connection, owner, table) == visible


@pytest.mark.parametrize("table", ["signing_keys", "sign_in_throttle", "outbox", "inbox", "revocations"])
async def test_what_no_request_reads_is_closed_even_to_the_owner(
    one_connection: Database, owner: Principal, table: str
) -> None:
    assert await rows(one_connection, owner, table) == "denied"


@pytest.mark.parametrize("domain", ["users", "applications"])
@pytest.mark.parametrize("table", TABLES)
async def test_no_other_domain_reads_our_tables(one_connection: Database, domain: str, table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied for schema auth"):
        async with one_connection.unit_of_work(domain=domain, principal=ANONYMOUS) as work:
            await work.session.execute(text(f"select 1 from auth.{table}"))


async def test_nobody_writes_a_row_for_somebody_else(one_connection: Database, owner: Principal) -> None:
    stranger = principal_of(uuid7(), uuid7())
    statements = [
        "insert into auth.password_credentials (user_id, phc, changed_at) values (:owner, 'x', now())",
        "insert into auth.api_keys (id, organization_id, application_id, name, prefix, last4, hash, scopes,"
        " created_at) values (:new, :organization, :new, 'x', 'x', 'x', 'x', '{}', now())",
        "insert into auth.sessions (id, user_id, organization_ids, created_at, last_seen_at, idle_expires_at,"
        " absolute_expires_at) values (:new, :owner, '{}', now(), now(), now(), now())",
    ]
    values = {"owner": owner.id, "organization": owner.organisation_id, "new": uuid7()}

    for statement in statements:
        with pytest.raises(ProgrammingError, match="row-level security"):
            async with one_connection.unit_of_work(domain="auth", principal=stranger) as work:
                await work.session.execute(text(statement), values)


async def test_nobody_changes_a_row_of_somebody_else(one_connection: Database, owner: Principal) -> None:
    stranger = principal_of(uuid7(), uuid7())
    changes = [
        "update auth.password_credentials set phc = 'x'",
        "update auth.sessions set revoked_at = now()",
        "update auth.refresh_tokens set revoked_at = now()",
        "update auth.one_time_tokens set consumed_at = now()",
        "update auth.api_keys set revoked_at = now()",
    ]

    for change in changes:
        async with one_connection.unit_of_work(domain="auth", principal=stranger) as work:
            result = await work.session.execute(text(f"{change} returning 1"))
            assert result.all() == []


async def test_functions_that_look_before_anybody_is_known_are_ours_alone(one_connection: Database) -> None:
    calls = [
        "auth.credential_for_sign_in(gen_random_uuid())",
        "auth.refresh_token_owner('x')",
        "auth.api_key_for_check('x')",
        "auth.signing_keys_in_use()",
    ]

    for call in calls:
        async with one_connection.unit_of_work(domain="auth", principal=ANONYMOUS) as work:
            await work.session.execute(text(f"select * from {call}"))
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with one_connection.unit_of_work(domain="users", principal=ANONYMOUS) as work:
                await work.session.execute(text(f"select * from {call}"))


async def test_a_member_of_two_organisations_shows_each_only_its_own_sessions(world: World) -> None:
    here, there = uuid7(), uuid7()
    person = await world.person((here, []), (there, []))
    await world.signed_in(person)

    assert await _seen_by_admin(world, here) == 1
    assert await _seen_by_admin(world, there) == 0


async def _seen_by_admin(world: World, organisation_id: UUID) -> int | str:
    admin = principal_of(uuid7(), organisation_id, "sessions:read")
    return await rows(world.parts.database, admin, "sessions")
