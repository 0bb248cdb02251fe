"""The unit of work on a real server: who sees what, what stays behind, what is counted."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.db.errors import DatabaseBusy
from common.db.session import Database
from common.events.inbox import Inbox
from common.ids import uuid7
from tests.integration.common.notes.models import Note, NoteRepository, NoteTitleTaken, NoteWritten

pytestmark = pytest.mark.stores


def somebody() -> Principal:
    """A person in an organisation of their own."""
    return Principal(kind=PrincipalKind.USER, id=uuid7(), organisation_id=uuid7())


def note_of(principal: Principal, title: str = "a title") -> Note:
    """A note in the principal's organisation, not written yet."""
    assert principal.organisation_id is not None
    assert principal.id is not None
    return Note(organization_id=principal.organisation_id, author_id=principal.id, title=title)


async def write(database: Database, principal: Principal, title: str = "a title") -> Note:
    """A note in the principal's organisation."""
    async with database.unit_of_work(domain="notes", principal=principal) as work:
        note = note_of(principal, title)
        await NoteRepository(work.session).add(note)
    return note


async def titles(database: Database, principal: Principal) -> list[str]:
    """What the principal sees."""
    async with database.unit_of_work(domain="notes", principal=principal) as work:
        return list((await work.session.execute(select(Note.title))).scalars())


async def test_what_was_committed_is_there_and_readable_afterwards(database: Database) -> None:
    me = somebody()

    note = await write(database, me)

    assert note.created_at.tzinfo is not None  # nothing has expired, nothing is loaded by surprise
    assert await titles(database, me) == ["a title"]


async def test_an_error_rolls_everything_back(database: Database) -> None:
    me = somebody()

    async def change_my_mind() -> None:
        async with database.unit_of_work(domain="notes", principal=me) as work:
            await NoteRepository(work.session).add(note_of(me))
            work.outbox.add(NoteWritten(organisation_id=uuid7(), note_id=uuid7(), title=""))
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await change_my_mind()

    assert await titles(database, me) == []


@pytest.mark.parametrize("stranger", [ANONYMOUS, somebody()])
async def test_others_see_and_change_nothing_on_the_same_connection(
    app_url: str, stranger: Principal
) -> None:
    me = somebody()
    database = Database(app_url, pool_size=1)  # every unit of work reuses the one connection

    await write(database, me)
    seen = await titles(database, stranger)
    async with database.unit_of_work(domain="notes", principal=stranger) as work:
        touched = await work.session.execute(text("update notes.notes set title = 'mine now'"))

    assert (seen, touched.rowcount) == ([], 0)  # type: ignore[attr-defined]
    assert await titles(database, me) == ["a title"]
    await database.close()


async def test_a_row_cannot_be_written_into_another_organisation(database: Database) -> None:
    me, other = somebody(), somebody()

    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.unit_of_work(domain="notes", principal=me) as work:
            work.session.add(note_of(other))


async def test_role_and_organisation_do_not_outlive_the_transaction(app_url: str) -> None:
    database = Database(app_url, pool_size=1)
    await write(database, somebody())

    async with database.engine.connect() as connection:
        found = (
            await connection.execute(
                text(
                    "select current_user, current_setting('atrium.organization_id', true),"
                    " current_setting('atrium.user_id', true)"
                )
            )
        ).one()

    assert (found[0], found[1] or None, found[2] or None) == ("atrium_app", None, None)
    await database.close()


async def test_the_login_itself_may_nothing(database: Database) -> None:
    async with database.engine.connect() as connection:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await connection.execute(text("select * from notes.notes"))


async def test_one_domain_cannot_read_another(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with database.unit_of_work(domain="events", principal=somebody()) as work:
            await work.session.execute(text("select * from notes.notes"))


async def test_a_named_job_sees_every_organisation(database: Database) -> None:
    mine, yours = await write(database, somebody()), await write(database, somebody())

    async with database.unit_of_work_for_system(domain="notes", job="count") as work:
        found = await NoteRepository(work.session).by_ids([mine.id, yours.id])

    assert set(found) == {mine.id, yours.id}


async def test_a_definer_function_looks_past_the_policy_and_only_there(database: Database) -> None:
    note = await write(database, somebody())

    async with database.unit_of_work(domain="notes", principal=ANONYMOUS) as work:
        found = await work.session.execute(text("select notes.author_of(:id)"), {"id": note.id})
        author: UUID = found.scalar_one()
        hidden = await NoteRepository(work.session).by_ids([note.id])

    assert (author, hidden) == (note.author_id, {})


async def test_a_taken_title_is_a_refusal_and_the_unit_of_work_goes_on(database: Database) -> None:
    me = somebody()
    await write(database, me, "taken")

    async with database.unit_of_work(domain="notes", principal=me) as work:
        with pytest.raises(NoteTitleTaken):
            await NoteRepository(work.session).add(note_of(me, "taken"))
        await NoteRepository(work.session).add(note_of(me, "free"))

    assert sorted(await titles(database, me)) == ["free", "taken"]


async def test_a_statement_that_takes_too_long_is_refused(database: Database) -> None:
    limit = timedelta(milliseconds=50)

    with pytest.raises(DatabaseBusy):
        async with database.unit_of_work_for_system(domain="notes", job="sleep", limit=limit) as work:
            await work.session.execute(text("select pg_sleep(10)"))


async def test_an_exhausted_pool_is_refused_and_recovers(app_url: str) -> None:
    database = Database(app_url, pool_size=1, pool_timeout=timedelta(milliseconds=50))
    me = somebody()

    async with database.unit_of_work(domain="notes", principal=me):
        with pytest.raises(DatabaseBusy):
            await titles(database, me)

    assert await titles(database, me) == []
    await database.close()


async def test_units_of_work_run_side_by_side(database: Database) -> None:
    people = [somebody() for _ in range(20)]

    await asyncio.gather(*(write(database, one) for one in people))

    seen = await asyncio.gather(*(titles(database, one) for one in people))
    assert seen == [["a title"]] * 20


async def test_counting_names_the_statements(database: Database) -> None:
    with database.counting() as counted:
        await titles(database, somebody())

    assert (counted.units_of_work, len(counted.statements)) == (1, 1)


async def test_an_event_is_claimed_once(database: Database) -> None:
    event = uuid7()

    async def claim() -> bool:
        async with database.unit_of_work_for_system(domain="notes", job="consume") as work:
            return await work.inbox.claim("notes.consumer", event)

    claims = await asyncio.gather(*(claim() for _ in range(5)))

    assert sorted(claims) == [False, False, False, False, True]


async def test_a_claim_rolls_back_with_its_effect(database: Database) -> None:
    event = uuid7()

    async def fail() -> None:
        async with database.unit_of_work_for_system(domain="notes", job="consume") as work:
            await work.inbox.claim("notes.consumer", event)
            raise RuntimeError("no effect")

    with pytest.raises(RuntimeError, match="no effect"):
        await fail()

    async with database.unit_of_work_for_system(domain="notes", job="consume") as work:
        inbox: Inbox = work.inbox
        assert await inbox.claim("notes.consumer", event)


async def test_requests_may_not_touch_the_inbox(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with database.unit_of_work(domain="notes", principal=somebody()) as work:
            await work.inbox.claim("notes.consumer", uuid7())


async def test_a_request_that_is_given_up_leaves_a_clean_connection(app_url: str) -> None:
    database, me = Database(app_url, pool_size=1), somebody()
    began = asyncio.Event()

    async def write_and_wait() -> None:
        async with database.unit_of_work(domain="notes", principal=me) as work:
            await NoteRepository(work.session).add(note_of(me))
            began.set()
            await work.session.execute(text("select pg_sleep(60)"))

    for _ in range(3):
        began.clear()
        request = asyncio.create_task(write_and_wait())
        await began.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request

    assert await titles(database, me) == []
    assert await titles(database, somebody()) == []
    await database.close()
