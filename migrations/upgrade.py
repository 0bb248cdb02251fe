"""Bring a database up to date: roles, then every branch, in one transaction under one lock."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from common.settings import asyncpg_url
from migrations.roles import OWNER, prepare_roles
from migrations.state import VERSIONS, branches, fingerprint

_LOCK = 0x41545249554D  # "ATRIUM": one upgrade at a time


def upgrade(database_url: str, *, app_password: str | None = None) -> None:
    """Migrate the database to what this code needs; see `upgrade_async`."""
    asyncio.run(upgrade_async(database_url, app_password=app_password))


async def upgrade_async(
    database_url: str, *, app_password: str | None = None, folders: Mapping[str, Path] | None = None
) -> None:
    """Make roles, schemas and tables that are missing. All or nothing; running it again is harmless.

    `database_url` logs in as a superuser, or as a login with CREATEROLE that owns the database. `folders`
    are the branches to migrate, by domain; all of them if not given.
    """
    wanted = branches() if folders is None else folders
    engine = create_async_engine(asyncpg_url(database_url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await prepare_roles(await _driver(connection), tuple(wanted), app_password)
            await connection.run_sync(_run_alembic, wanted)
            await _note_state(connection, fingerprint(wanted))
    finally:
        await engine.dispose()


def alembic_config(folders: Mapping[str, Path], connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", ":".join(str(folder) for folder in folders.values()))
    config.attributes["connection"] = connection
    return config


def _run_alembic(connection: Connection, folders: Mapping[str, Path]) -> None:
    command.upgrade(alembic_config(folders, connection), "heads")


async def _note_state(connection: AsyncConnection, state: str) -> None:
    await connection.exec_driver_sql(f"set local role {OWNER}")
    await connection.exec_driver_sql(
        "create table if not exists atrium.migrated"
        " (single boolean primary key default true check (single), fingerprint text not null)"
    )
    await connection.execute(
        text(
            "insert into atrium.migrated (fingerprint) values (:fingerprint)"
            " on conflict (single) do update set fingerprint = excluded.fingerprint"
        ),
        {"fingerprint": state},
    )


async def _driver(connection: AsyncConnection) -> Any:
    raw = await connection.get_raw_connection()
    return raw.driver_connection
