"""A database with the shared schema and the sample domain only, so that these tests need no real domain."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from common.settings import plain_url
from migrations.state import branches
from migrations.upgrade import upgrade_async
from tests.integration.conftest import APP_PASSWORD

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
