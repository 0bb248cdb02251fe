"""A database with the shared schema and the sample domain only, so that these tests need no real domain."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from common.db.session import Database
from common.events.bus import Bus
from common.events.hub import Hub
from common.resources import Resources
from common.settings import APP_LOGIN, login_url, plain_url
from migrations.state import branches
from migrations.upgrade import upgrade_async
from tests.integration.conftest import APP_PASSWORD, opened_database, opened_hub, resources_of

NOTES = Path(__file__).parent / "notes" / "versions"
FOLDERS = {"events": branches()["events"], "notes": NOTES}


async def migrate_notes(url: str) -> None:
    """Migrate a database for the sample domain."""
    await upgrade_async(url, app_password=APP_PASSWORD, folders=FOLDERS)


@pytest.fixture(scope="session")
async def migrated_url(postgres_url: str) -> AsyncIterator[str]:
    """Address of a database of its own, migrated for the sample domain."""
    admin = await asyncpg.connect(plain_url(postgres_url))
    await admin.execute("drop database if exists common_tests with (force)")
    await admin.execute("create database common_tests")
    url = urlunsplit(urlsplit(postgres_url)._replace(path="/common_tests"))
    await migrate_notes(url)
    yield url
    await admin.execute("drop database common_tests with (force)")
    await admin.close()


# A fixture of the folder above is one value for the whole session, whichever folder asked first: what hangs
# on the database has to be made anew here, or these tests would work on the platform's.


@pytest.fixture(scope="session")
def app_url(migrated_url: str) -> str:
    """Address of the sample domain's database, with the login of the application."""
    return login_url(migrated_url, APP_LOGIN, APP_PASSWORD)


@pytest.fixture(scope="session")
async def database(app_url: str) -> AsyncIterator[Database]:
    """The application's pool on it."""
    async with opened_database(app_url) as database:
        yield database


@pytest.fixture(scope="session")
async def hub(bus: Bus, database: Database) -> AsyncIterator[Hub]:
    """Where its subscriptions listen."""
    async with opened_hub(bus, database) as hub:
        yield hub


@pytest.fixture(scope="session")
def resources(database: Database, hub: Hub) -> Resources:
    """What a process hands to the sample domain."""
    return resources_of(database, hub)
