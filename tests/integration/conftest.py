"""A migrated database for every integration test: the product's own migrations and login."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from common.clock import SystemClock
from common.db.event_log import DatabaseEventLog
from common.db.pages import CursorCodec
from common.db.session import Database
from common.events.bus import Bus, redis_bus
from common.events.hub import Hub
from common.graphql.context import Resources
from common.settings import APP_LOGIN, login_url, plain_url
from migrations.upgrade import upgrade_async

APP_PASSWORD = "for tests only: 'quoted' \\ and long"


@asynccontextmanager
async def opened_database(app_url: str) -> AsyncIterator[Database]:
    """A pool on the database at this address."""
    database = Database(app_url, pool_size=10, pool_timeout=timedelta(seconds=60))
    yield database
    await database.close()


@asynccontextmanager
async def opened_hub(bus: Bus, database: Database) -> AsyncIterator[Hub]:
    """A hub that reads this database's event log."""
    hub = Hub(bus, DatabaseEventLog(database))
    await hub.open()
    yield hub
    await hub.close()


def resources_of(database: Database, hub: Hub) -> Resources:
    """What a process hands to every domain."""
    cursors = CursorCodec("a secret that only tests know, long enough")
    return Resources(database=database, hub=hub, clock=SystemClock(), cursors=cursors)


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
    async with opened_database(app_url) as database:
        yield database


@pytest.fixture(scope="session")
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    """The event bus over Redis."""
    bus = redis_bus(redis_url)
    await bus.open()
    yield bus
    await bus.close()


@pytest.fixture(scope="session")
async def hub(bus: Bus, database: Database) -> AsyncIterator[Hub]:
    """Where subscriptions listen."""
    async with opened_hub(bus, database) as hub:
        yield hub


@pytest.fixture(scope="session")
def resources(database: Database, hub: Hub) -> Resources:
    """What a process hands to every domain."""
    return resources_of(database, hub)


@pytest.fixture
async def empty_database_url(postgres_url: str) -> AsyncIterator[str]:
    """Address of a new, empty database on the session's server; dropped afterwards."""
    name = f"empty_{uuid4().hex}"
    admin = await asyncpg.connect(plain_url(postgres_url))
    await admin.execute(f"create database {name}")
    yield urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()
