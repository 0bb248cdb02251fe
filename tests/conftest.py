"""Real PostgreSQL and Redis for every test that wants them; no property depends on the machine being quick.

By default they are the embedded ones, started once a session on first use. With DATABASE_URL and REDIS_URL
these servers are used instead: their database must be empty, and it is the tests' to fill.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from atrium.embedded import EmbeddedPostgres, EmbeddedRedis

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`postgresql://` address of the session's PostgreSQL; this login may create roles."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=False)
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`redis://` address of the session's Redis."""
    given = os.environ.get("REDIS_URL")
    if given:
        yield given
        return
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False)
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def postgres_server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A running PostgreSQL of the test's own: `kill()`, `stop()` and `start()` it; the `url` stays."""
    server = EmbeddedPostgres(tmp_path, durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A running Redis of the test's own: `kill()`, `stop()` and `start()` it; the `url` stays."""
    server = EmbeddedRedis(tmp_path)
    server.start()
    yield server
    server.stop()
