"""Somebody publishes a subgraph: every process of the platform serves it, and a roll-back takes it away."""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from atrium.demo_people import ORGANISATIONS, PASSWORD
from common.access.principal import PrincipalKind
from common.access.signing import generate_key, private_key_to_text
from tests.e2e.running import ATRIUM, Connection, Platform, clean_environment, started, until
from tests.fakes.weather import SDL, Weather, weather

pytestmark = pytest.mark.platform

KEY = generate_key()
OWNER = ORGANISATIONS[0].people[0]
WORKERS = ("1", "2")
CITY = '{ weather(city: "Oslo") }'
RAIN = {"weather": "Rain in Oslo"}
_ATTEMPTS = 200


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Two web processes that look at the registry by themselves once an hour only: they have to be told."""
    environment = {
        "ATRIUM_ROUTER_KEY": private_key_to_text(KEY),
        "ATRIUM_ROUTER_RELOAD_SECONDS": "3600",
    }
    data = tmp_path_factory.mktemp("followed") / "data"
    with started(data, "--workers", "2", environment=environment) as running:
        yield running


@pytest.fixture(scope="module")
def forecast() -> Iterator[Weather]:
    with weather(KEY.public_key()) as running:
        yield running


@pytest.fixture
def connections(platform: Platform) -> Iterator[tuple[Connection, ...]]:
    """One kept connection to each web process."""
    with ExitStack() as stack:
        yield tuple(stack.enter_context(_connection_to(platform, worker)) for worker in WORKERS)


@contextmanager
def _connection_to(platform: Platform, worker: str) -> Iterator[Connection]:
    for _ in range(_ATTEMPTS):
        made = Connection(platform.address)
        if made.send("GET", "/healthz").headers["atrium-worker"] == worker:
            try:
                yield made
            finally:
                made.close()
            return
        made.close()
    pytest.fail(f"no connection reached worker {worker}")


def _command(platform: Platform, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [ATRIUM, "schema", *arguments, "--data", platform.data],
        capture_output=True,
        text=True,
        env=clean_environment(),
        timeout=120,
    )


def _schema(platform: Platform, *arguments: str) -> str:
    done = _command(platform, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _publishing(forecast: Weather, folder: Path, sdl: str) -> tuple[str, ...]:
    file = folder / "weather.graphql"
    file.write_text(sdl)
    return ("publish", "--name", "weather", "--url", forecast.url, "--sdl", str(file), "--activate")


@contextmanager
def _busy(platform: Platform) -> Iterator[None]:
    """Somebody asks all the time meanwhile, and every answer is as it should be."""
    is_over, wrong, asked = threading.Event(), [], [0]

    def ask() -> None:
        with platform.connection() as connection:
            while not is_over.is_set():
                answer = connection.graphql("{ __typename }")
                asked[0] += 1
                if answer.json != {"data": {"__typename": "Query"}}:
                    wrong.append(answer.json)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    try:
        yield
    finally:
        is_over.set()
        for asker in askers:
            asker.join()
    assert asked[0] > 50
    assert not wrong, wrong[:3]


def _all(connections: tuple[Connection, ...], holds: Callable[[Connection], bool]) -> Callable[[], bool]:
    return lambda: all(holds(connection) for connection in connections)


def _knows_weather(connection: Connection) -> bool:
    answer = connection.graphql(CITY).json
    if answer == {"data": RAIN}:
        return True
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
    return False


def test_a_published_subgraph_is_served_by_every_process_and_a_roll_back_takes_it_away(
    platform: Platform, forecast: Weather, connections: tuple[Connection, ...], tmp_path: Path
) -> None:
    assert not any(_knows_weather(connection) for connection in connections)

    with _busy(platform):
        _schema(platform, *_publishing(forecast, tmp_path, SDL), "--reason", "everybody talks about it")
        activated = time.monotonic()
        until(_all(connections, _knows_weather), 60, what="the weather in both processes")
        took = time.monotonic() - activated

        token = platform.sign_in(OWNER.email, PASSWORD)
        for connection in connections:
            seen = connection.graphql("{ viewer { name weather } }", token=token).data["viewer"]
            assert seen == {"name": OWNER.name, "weather": "Fog"}
        who = forecast.principals[-1]
        assert (who.kind, who.organisation_id is not None) == (PrincipalKind.USER, True)

        _schema(platform, "rollback", "--reason", "enough of it")
        until(_all(connections, lambda one: not _knows_weather(one)), 60, what="the end of the weather")

    history = json.loads(_schema(platform, "history", "--format", "json"))
    assert history["activations"]["nodes"][0]["kind"].lower() == "rollback"
    print(f"in both processes {took:.2f} s after the command had ended")


def test_what_does_not_compose_changes_nothing(
    platform: Platform, forecast: Weather, connections: tuple[Connection, ...], tmp_path: Path
) -> None:
    before = _schema(platform, "history", "--format", "json")
    broken = SDL.replace("weather: String\n", "weather: String\n  name: Int!\n")

    refused = _command(platform, *_publishing(forecast, tmp_path, broken))

    assert refused.returncode == 1
    assert "User.name" in refused.stderr
    assert _schema(platform, "history", "--format", "json") == before
    assert not any(_knows_weather(connection) for connection in connections)


def test_a_graph_that_was_just_founded_has_the_platforms_own_subgraphs(
    forecast: Weather, tmp_path: Path
) -> None:
    with started(
        tmp_path / "data", "--no-demo", environment={"ATRIUM_ROUTER_KEY": private_key_to_text(KEY)}
    ) as founded:
        who = ("--email", "ada@engines.example", "--name", "Ada", "--organization", "Engines")
        subprocess.run(
            [ATRIUM, "found", *who, "--slug", "engines", "--data", founded.data],
            check=True,
            capture_output=True,
            env=clean_environment(),
        )
        _schema(founded, *_publishing(forecast, tmp_path, SDL))

        with founded.connection() as connection:
            until(lambda: _knows_weather(connection), 10, what="the weather")
            assert connection.graphql("{ viewer { name weather } }").data == {"viewer": None}
