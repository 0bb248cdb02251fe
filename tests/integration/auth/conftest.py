"""Auth on the session's database, with fakes for people, applications and mail."""

import pytest

from common.db.session import Database
from tests.factories.auth import World, world_of


@pytest.fixture
def world(database: Database) -> World:
    """Auth as a test wants it."""
    return world_of(database)
