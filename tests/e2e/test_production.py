"""With servers of one's own it is production: nothing embedded, nothing that helps an attacker, no demo."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from atrium.demo_people import PASSWORD
from atrium.embedded import EmbeddedStores
from tests.e2e.running import ATRIUM, Platform, clean_environment, started

pytestmark = pytest.mark.platform


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What an operator sets; the servers stand for any PostgreSQL and Redis."""
    folder = tmp_path_factory.mktemp("production")
    stores = EmbeddedStores(folder / "stores", durable=False)
    stores.start()
    yield {
        "DATABASE_URL": stores.postgres.url,
        "REDIS_URL": stores.redis.url,
        "ATRIUM_SECRET": "a secret of at least thirty-two characters",
        "ATRIUM_MAIL_FOLDER": str(folder / "mail"),
    }
    stores.stop()


@pytest.fixture(scope="module")
def production(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with started(tmp_path_factory.mktemp("run") / "data", environment=settings) as running:
        yield running


def test_no_store_of_its_own_is_started(production: Platform) -> None:
    programs = {os.path.basename(program) for program in production.processes().values()}

    assert not [name for name in programs if "postgres" in name or "redis" in name]
    with production.connection() as connection:
        assert connection.send("GET", "/readyz").status == 200


def test_the_banner_gives_nothing_away(production: Platform) -> None:
    assert PASSWORD not in production.banner
    assert "Explorer" not in production.banner


def test_introspection_is_refused_and_the_explorer_is_not_there(production: Platform) -> None:
    with production.connection() as connection:
        asked = connection.graphql("{ __schema { queryType { name } } }")
        page = connection.send("GET", "/graphql", headers={"accept": "text/html"})
        alive = connection.send("GET", "/healthz")

    assert asked.json["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert page.status != 200
    assert "atrium-worker" not in alive.headers


def test_demo_data_is_refused(settings: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [ATRIUM, "seed", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**clean_environment(), **settings},
    )

    assert done.returncode == 1
    assert done.stderr.startswith("atrium: Demo data has known passwords")


def test_everything_that_is_missing_is_named_before_anything_starts(
    settings: dict[str, str], tmp_path: Path
) -> None:
    stores = {name: settings[name] for name in ("DATABASE_URL", "REDIS_URL")}

    done = subprocess.run(
        [ATRIUM, "up", "--port", "0", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**clean_environment(), **stores},
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert "ATRIUM_SECRET" in done.stderr
    assert "ATRIUM_MAIL_SMTP_HOST" in done.stderr
    assert done.stderr.count("\n") == 1
