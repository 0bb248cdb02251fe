"""Migrations on a real server: repeatable, quick to check, and with the login an operator may give us."""

import shutil
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from atrium.embedded import EmbeddedPostgres
from common.access.principal import ANONYMOUS
from common.db.session import Database
from common.settings import APP_LOGIN, asyncpg_url, login_url, plain_url
from migrations.roles import RolesRefused
from migrations.state import branches, heads_applied
from migrations.upgrade import alembic_config, upgrade_async
from tests.integration.common.conftest import FOLDERS

pytestmark = pytest.mark.stores

# The password for logins made here; a server that asks for none takes it too.
PASSWORD = "for tests only"


async def test_an_empty_database_is_not_up_to_date_until_it_is_migrated(empty_database_url: str) -> None:
    before = await heads_applied(empty_database_url, folders=FOLDERS)

    await upgrade_async(empty_database_url, folders=FOLDERS)

    assert (before, await heads_applied(empty_database_url, folders=FOLDERS)) == (False, True)


async def test_migrating_twice_changes_nothing(migrated_url: str) -> None:
    await upgrade_async(migrated_url, folders=FOLDERS)

    assert await heads_applied(migrated_url, folders=FOLDERS)


async def test_a_changed_migration_is_noticed(empty_database_url: str, tmp_path: Path) -> None:
    folders = {name: Path(shutil.copytree(folder, tmp_path / name)) for name, folder in FOLDERS.items()}
    await upgrade_async(empty_database_url, folders=folders)
    assert await heads_applied(empty_database_url, folders=folders)

    (folders["notes"] / "0002_more.py").write_text("# a new one\n")

    assert not await heads_applied(empty_database_url, folders=folders)


async def test_every_migration_can_be_taken_back_and_made_again(empty_database_url: str) -> None:
    await upgrade_async(empty_database_url)
    engine = create_async_engine(asyncpg_url(empty_database_url))

    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(alembic_config(branches(), sync), "base"))
        left = await connection.execute(
            text("select nspname from pg_namespace where nspname = any(:domains)"),
            {"domains": list(branches())},
        )
        assert left.all() == []
    await engine.dispose()

    await upgrade_async(empty_database_url)
    assert await heads_applied(empty_database_url)


async def test_a_login_that_only_creates_roles_and_owns_the_database_can_migrate(postgres_url: str) -> None:
    login, name = f"admin_{uuid4().hex}", f"owned_{uuid4().hex}"
    root = await asyncpg.connect(plain_url(postgres_url))
    await root.execute(f"create role {login} login createrole password '{PASSWORD}'")
    await _own_the_roles(root, login)
    await root.execute(f"create database {name} owner {login}")
    url = login_url(urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}")), login, PASSWORD)

    await upgrade_async(url, folders=FOLDERS)

    assert await heads_applied(url, folders=FOLDERS)
    await upgrade_async(url, folders=FOLDERS)
    await root.execute(f"drop database {name} with (force)")
    await root.close()


async def test_a_modest_login_makes_everything_on_a_new_server(postgres_server: EmbeddedPostgres) -> None:
    root = await asyncpg.connect(plain_url(postgres_server.url))
    await root.execute("create role operator login createrole")
    await root.execute("create database owned owner operator")
    await root.close()
    url = login_url(urlunsplit(urlsplit(postgres_server.url)._replace(path="/owned")), "operator", None)

    for _ in range(2):
        await upgrade_async(url, app_password=PASSWORD)  # every domain's migrations

    assert await heads_applied(url)
    database = Database(login_url(url, APP_LOGIN, PASSWORD))
    for domain in branches():
        async with database.unit_of_work(domain=domain, principal=ANONYMOUS) as work:
            role = await work.session.execute(text("select current_user"))
            assert role.scalar_one() == f"atrium_{domain}"
        async with database.unit_of_work_for_system(domain=domain, job="look") as work:
            await work.session.execute(text(f"select count(*) from {domain}.inbox"))
    await database.close()


async def test_a_login_that_may_not_is_told_what_it_lacks(postgres_url: str) -> None:
    login, name = f"weak_{uuid4().hex}", f"weak_{uuid4().hex}"
    root = await asyncpg.connect(plain_url(postgres_url))
    await root.execute(f"create role {login} login password '{PASSWORD}'")
    await root.execute(f"create database {name} owner {login}")
    url = login_url(urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}")), login, PASSWORD)

    with pytest.raises(RolesRefused, match="CREATEROLE"):
        await upgrade_async(url, folders=FOLDERS)

    await root.execute(f"drop database {name} with (force)")
    await root.execute(f"drop role {login}")
    await root.close()


async def test_every_table_forces_row_level_security_and_belongs_to_the_owner(migrated_url: str) -> None:
    connection = await asyncpg.connect(plain_url(migrated_url))
    rows = await connection.fetch(
        "select n.nspname || '.' || c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,"
        " pg_get_userbyid(c.relowner) as owner from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p') and n.nspname !~ '^(pg_|information_schema|public|atrium)'"
    )
    await connection.close()

    assert rows
    assert [row["name"] for row in rows if not row["forced"] or row["owner"] != "atrium_owner"] == []


async def test_application_roles_own_nothing_and_bypass_nothing(migrated_url: str) -> None:
    connection = await asyncpg.connect(plain_url(migrated_url))
    mighty = await connection.fetch(
        "select rolname from pg_roles where rolname like 'atrium\\_%'"
        " and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)"
    )
    owned = await connection.fetch(
        "select c.relname from pg_class c join pg_roles r on r.oid = c.relowner"
        " where r.rolname like 'atrium\\_%' and r.rolname <> 'atrium_owner'"
    )
    inherits = await connection.fetchval("select rolinherit from pg_roles where rolname = 'atrium_app'")
    await connection.close()

    assert ([*mighty], [*owned], inherits) == ([], [], False)


async def _own_the_roles(root: "asyncpg.Connection[asyncpg.Record]", login: str) -> None:
    """Roles belong to the server: what another database's migration made is handed to this login."""
    version = root.get_server_version().major
    for row in await root.fetch("select rolname from pg_roles where rolname like 'atrium\\_%'"):
        option = " with admin option, inherit false, set false" if version >= 16 else ""
        await root.execute(f"grant {row['rolname']} to {login}{option}")
