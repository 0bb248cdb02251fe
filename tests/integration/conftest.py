"""A migrated database for every integration test: the product's own migrations and login."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from common.db.session import Database
from common.settings import APP_LOGIN, login_url, plain_url
from migrations.upgrade import upgrade_async

APP_PASSWORD = "for tests only: 'quoted' \\ and long"


@pytest.fixture(scope="session")
async def migrated_url(postgres_url: str) -> str:
    """Address of the migrated database, with the login that migrates."""
    await upgrade_async(postgres_url, app_password=APP_PASSWORD)
    return postgres_url


@pytest.fixture(scope="session")
def app_url(migrated_url: str) -> str:
    """Address of the migrated database, with the login of the application."""
    return login_url(migrated_url, APP_LOGIN, APP_PASSWORD)


@pytest.fixture(scope="session")
async def database(app_url: str) -> AsyncIterator[Database]:
    """The application's pool. Tests share one database: give each its own organisation."""
    database = Database(app_url, pool_size=10)
    yield database
    await database.close()


@pytest.fixture
async def empty_database_url(postgres_url: str) -> AsyncIterator[str]:
    """Address of a new, empty database on the session's server; dropped afterwards."""
    name = f"empty_{uuid4().hex}"
    admin = await asyncpg.connect(plain_url(postgres_url))
    await admin.execute(f"create database {name}")
    yield urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()
