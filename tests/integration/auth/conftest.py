"""Auth on the session's database, with fakes for people, applications and mail."""

import pytest

from common.graphql.context import Resources
from tests.factories.auth import World, world_of


@pytest.fixture
def world(resources: Resources) -> World:
    """Auth as a test wants it."""
    return world_of(resources)
