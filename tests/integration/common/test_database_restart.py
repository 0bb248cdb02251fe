"""PostgreSQL goes away and comes back: a clear refusal meanwhile, work as before afterwards."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from atrium.embedded import EmbeddedPostgres
from common.db.errors import DatabaseUnavailable
from common.db.session import Database
from common.settings import APP_LOGIN, login_url
from tests.integration.common.conftest import migrate_notes
from tests.integration.common.test_unit_of_work import somebody, titles, write
from tests.integration.conftest import APP_PASSWORD

pytestmark = pytest.mark.stores


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """A migrated PostgreSQL for the tests of this file to crash; each leaves it running."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("crashing"), durable=False)
    server.start()
    await migrate_notes(server.url)
    yield server
    server.stop()


@pytest.fixture
async def own_database(server: EmbeddedPostgres) -> AsyncIterator[Database]:
    """A pool on that server, with connections in it."""
    database = Database(login_url(server.url, APP_LOGIN, APP_PASSWORD), pool_size=5)
    await asyncio.gather(*(titles(database, somebody()) for _ in range(5)))
    yield database
    await database.close()


async def test_a_restart_between_two_requests_goes_unnoticed(
    own_database: Database, server: EmbeddedPostgres
) -> None:
    me = somebody()
    await write(own_database, me, "before")

    server.stop()
    server.start()

    seen = await asyncio.gather(*(titles(own_database, me) for _ in range(10)))
    assert seen == [["before"]] * 10


async def test_a_crash_in_the_middle_is_a_clear_refusal_and_nothing_is_written(
    own_database: Database, server: EmbeddedPostgres
) -> None:
    me = somebody()

    async def write_into_a_crash() -> None:
        async with own_database.unit_of_work(domain="notes", principal=me) as work:
            await work.session.execute(text("select 1"))
            server.kill()
            await work.session.execute(text("select 1"))

    with pytest.raises(DatabaseUnavailable):
        await write_into_a_crash()
    with pytest.raises(DatabaseUnavailable):  # nobody listens
        await titles(own_database, me)
    with pytest.raises(DatabaseUnavailable):
        await own_database.ping()

    server.start()
    assert await titles(own_database, me) == []
    await own_database.ping()


async def test_a_commit_into_a_crash_is_a_refusal(own_database: Database, server: EmbeddedPostgres) -> None:
    me = somebody()

    async def commit_into_a_crash() -> None:
        async with own_database.unit_of_work(domain="notes", principal=me) as work:
            await work.session.execute(text("select 1"))
            server.kill()

    with pytest.raises(DatabaseUnavailable):
        await commit_into_a_crash()
    server.start()


async def test_a_changed_table_does_not_break_pooled_connections(
    own_database: Database, server: EmbeddedPostgres
) -> None:
    me = somebody()
    await write(own_database, me, "old")
    admin = Database(server.url)

    async with admin.engine.begin() as connection:
        await connection.execute(text("alter table notes.notes alter column rank type bigint"))

    async def read() -> bool:
        try:
            return await titles(own_database, me) == ["old"]
        except DatabaseUnavailable:
            return False

    assert [await read() for _ in range(10)].count(True) >= 9
    assert await titles(own_database, me) == ["old"]
    await admin.close()
