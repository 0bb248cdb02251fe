"""One process per part: the router over HTTP subgraphs, each behind signed requests, answers as one."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from atrium.demo_people import ORGANISATIONS, PASSWORD
from atrium.embedded import EmbeddedStores
from common.access.signing import public_key_from_text
from schema.compose import Subgraph, compose
from schema.store import read_artefact_subgraphs
from tests.e2e.running import ATRIUM, Connection, clean_environment, until
from tests.fakes.weather import SDL, weather
from tests.federation.other_gateways import GATEWAYS, ask_gateway
from tests.federation.signing_door import principal_of_token, signing_door

pytestmark = pytest.mark.platform

ROOT = Path(__file__).resolve().parents[2]
OWNER = ORGANISATIONS[0].people[0].email


@dataclass(slots=True)
class Part:
    """One process with a port."""

    process: "subprocess.Popen[str]"
    address: str
    arguments: list[str]
    environment: Mapping[str, str]
    log: Path

    def kill(self) -> None:
        """End it as a crash does, without a word to anybody."""
        self.process.kill()
        assert self.process.wait(30) == -signal.SIGKILL
        _closed(self.process)

    def start_again(self) -> None:
        """A new process at the same address."""
        port = str(urlsplit(self.address).port)
        self.process = _process([*self.arguments, "--port", port], self.environment, self.log)
        assert _address_of(self.process, self.log) == self.address

    def end(self) -> None:
        """Stop it as an operator does."""
        self.process.terminate()
        assert self.process.wait(30) in (0, -signal.SIGTERM), self.log.read_text()
        _closed(self.process)


@dataclass(slots=True)
class Installation:
    """All processes and what they share."""

    environment: dict[str, str]
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def router(self) -> str:
        """Where clients go."""
        return self.parts["router"].address


def _keys() -> dict[str, str]:
    done = subprocess.run([ATRIUM, "keys"], capture_output=True, text=True, check=True)
    return dict(line.partition("=")[::2] for line in done.stdout.splitlines())


def _process(arguments: list[str], environment: Mapping[str, str], log: Path) -> "subprocess.Popen[str]":
    with log.open("a") as errors:
        return subprocess.Popen(
            [ATRIUM, *arguments], stdout=subprocess.PIPE, stderr=errors, text=True, env=dict(environment)
        )


def _address_of(process: "subprocess.Popen[str]", log: Path) -> str:
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found is not None, log.read_text()
    until(lambda: _is_alive(found[0], process), 60, what=f"{log.stem}: {log.read_text()}")
    return found[0]


def _closed(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    process.stdout.close()


@contextmanager
def _part(arguments: list[str], environment: Mapping[str, str], log: Path) -> Iterator[Part]:
    process = _process([*arguments, "--port", "0"], environment, log)
    try:
        address = _address_of(process, log)
    except BaseException:
        process.kill()
        process.wait()
        raise
    part = Part(process, address, arguments, environment, log)
    try:
        yield part
    finally:
        part.end()


def _is_alive(address: str, process: "subprocess.Popen[str]") -> bool:
    assert process.poll() is None
    connection = Connection(address)
    try:
        return connection.send("GET", "/readyz").status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("separate")
    with ExitStack() as stack:
        stores = EmbeddedStores(folder / "stores", durable=False)
        stores.start()
        stack.callback(stores.stop)
        made = Installation(
            {
                **clean_environment(),
                **_keys(),
                "DATABASE_URL": stores.postgres.url,
                "REDIS_URL": stores.redis.url,
                "ATRIUM_DATA_FOLDER": str(folder / "data"),
                "ATRIUM_MAIL_FOLDER": str(folder / "mail"),
                "ATRIUM_SUBGRAPH_URLS": "{}",
            }
        )
        subprocess.run([ATRIUM, "migrate"], env=made.environment, check=True, capture_output=True)
        development = {**made.environment, "ATRIUM_ENV": "development"}
        subprocess.run([ATRIUM, "seed"], env=development, check=True, capture_output=True)
        own = ("schema", "publish", "--own")
        subprocess.run([ATRIUM, *own], env=made.environment, check=True, capture_output=True)
        for name in ("users", "applications", "auth", "gateway"):
            others = {other: part.address for other, part in made.parts.items()}
            environment = {**made.environment, "ATRIUM_DIRECTORY_URLS": json.dumps(others)}
            made.parts[name] = stack.enter_context(
                _part(["serve", "subgraph", name], environment, folder / f"{name}.log")
            )
        urls = {name: f"{part.address}/graphql" for name, part in made.parts.items()}
        router = {
            **made.environment,
            "ATRIUM_AUTH_URL": made.parts["auth"].address,
            "ATRIUM_SUBGRAPH_URLS": json.dumps(urls),
            "ATRIUM_REGISTRY_URL": made.parts["gateway"].address,
            "ATRIUM_ROUTER_RELOAD_SECONDS": "0.1",
        }
        made.parts["router"] = stack.enter_context(_part(["serve", "router"], router, folder / "router.log"))
        yield made


def test_the_tour_works_over_http(installation: Installation) -> None:
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "docs" / "tour.sh"), installation.router],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert '"prefix"' in done.stdout


@pytest.mark.parametrize("name", ["auth", "users", "applications", "gateway"])
def test_a_subgraph_answers_nobody_but_the_router(installation: Installation, name: str) -> None:
    connection = Connection(installation.parts[name].address)

    answer = connection.graphql("{ __typename }")

    connection.close()
    assert answer.status == 401
    assert answer.json["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.node
@pytest.mark.parametrize("gateway", GATEWAYS)
def test_another_gateway_answers_through_the_subgraphs(installation: Installation, gateway: str) -> None:
    connection = Connection(installation.router)
    sign_in = "mutation ($input: SignInInput!) { signIn(input: $input) { ... on SignedIn { accessToken } } }"
    credentials = {"input": {"email": OWNER, "password": PASSWORD}}
    token = connection.graphql(sign_in, credentials).data["signIn"]["accessToken"]
    query = """{
      viewer { name sessions(first: 5) { nodes { id } } }
      organization {
        name
        applications(first: 5) { nodes { name createdBy { name } apiKeys { nodes { id } } } }
      }
    }"""
    ours = connection.graphql(query, token=token).data
    connection.close()
    addresses = {name: part.address for name, part in installation.parts.items() if name != "router"}
    key = installation.environment["ATRIUM_ROUTER_KEY"]

    with signing_door(addresses, key, principal_of_token(token)) as door:
        subgraphs = [
            Subgraph(name=name, url=f"{door}/{name}", sdl=sdl)
            for name, sdl in read_artefact_subgraphs().items()
        ]
        (theirs,) = ask_gateway(gateway, compose(subgraphs).supergraph_sdl, [query])

    assert theirs == {"data": ours, "errors": []}
    assert ours["organization"]["applications"]["nodes"][0]["createdBy"]["name"]


def test_a_revoked_key_is_refused_within_five_seconds(installation: Installation) -> None:
    connection = Connection(installation.router)
    sign_in = "mutation ($input: SignInInput!) { signIn(input: $input) { ... on SignedIn { accessToken } } }"
    credentials = {"input": {"email": OWNER, "password": PASSWORD}}
    token = connection.graphql(sign_in, credentials).data["signIn"]["accessToken"]
    listed = connection.graphql("{ applications(first: 1) { nodes { id } } }", token=token).data[
        "applications"
    ]
    wish = {"applicationId": listed["nodes"][0]["id"], "name": "to go", "scopes": ["applications:read"]}
    create = "mutation ($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { secret apiKey { id } } }"
    made = connection.graphql(create, {"input": wish}, token=token).data["apiKeyCreate"]
    use = "{ applications(first: 1) { nodes { id } } }"
    assert connection.graphql(use, token=made["secret"]).status == 200

    revoke = "mutation ($input: ApiKeyRevokeInput!) { apiKeyRevoke(input: $input) { apiKey { id } } }"
    assert connection.graphql(revoke, {"input": {"id": made["apiKey"]["id"]}}, token=token).data

    until(lambda: connection.graphql(use, token=made["secret"]).status == 401, 5, what="the refusal")
    connection.close()


def test_a_subgraph_that_is_away_costs_only_its_part(installation: Installation) -> None:
    connection = Connection(installation.router)
    sign_in = "mutation ($input: SignInInput!) { signIn(input: $input) { ... on SignedIn { accessToken } } }"
    token = connection.graphql(sign_in, {"input": {"email": OWNER, "password": PASSWORD}}).data["signIn"]
    query = "{ organization { name applications(first: 1) { nodes { name } } } }"
    process = installation.parts["applications"].process
    os.kill(process.pid, signal.SIGSTOP)
    try:
        answer = connection.graphql(query, token=token["accessToken"]).json
    finally:
        os.kill(process.pid, signal.SIGCONT)

    assert answer["data"]["organization"]["name"] == ORGANISATIONS[0].name
    assert answer["data"]["organization"]["applications"] is None
    assert answer["errors"][0]["path"] == ["organization", "applications"]
    assert answer["errors"][0]["extensions"]["code"] == "SUBGRAPH_TIMEOUT"
    until(
        lambda: "errors" not in connection.graphql(query, token=token["accessToken"]).json,
        30,
        what="the whole answer, without a restart",
    )
    connection.close()


def test_a_subgraph_that_was_killed_is_used_again_when_it_is_back(installation: Installation) -> None:
    connection = Connection(installation.router)
    sign_in = "mutation ($input: SignInInput!) { signIn(input: $input) { ... on SignedIn { accessToken } } }"
    signed_in = connection.graphql(sign_in, {"input": {"email": OWNER, "password": PASSWORD}}).data["signIn"]
    token = signed_in["accessToken"]
    query = "{ viewer { name } organization { name applications(first: 1) { nodes { name } } } }"
    whole = connection.graphql(query, token=token).data
    router, applications = installation.parts["router"].process, installation.parts["applications"]

    applications.kill()
    try:
        without = [connection.graphql(query, token=token) for _ in range(3)]
    finally:
        applications.start_again()
    again = connection.graphql(query, token=token)

    for answer in without:
        organization = whole["organization"] | {"applications": None}
        assert (answer.status, answer.json["data"]) == (200, whole | {"organization": organization})
        (error,) = answer.json["errors"]
        assert error["path"] == ["organization", "applications"]
        assert error["extensions"]["code"] == "SUBGRAPH_UNREACHABLE"
    # Alive again is enough: not even the first request fails, through the router that never stopped.
    assert again.data == whole
    assert whole["organization"]["applications"]["nodes"]
    assert router.poll() is None
    connection.close()


def test_subscriptions_outlive_a_subgraph_that_is_killed(installation: Installation) -> None:
    connection = Connection(installation.router)
    sign_in = "mutation ($input: SignInInput!) { signIn(input: $input) { ... on SignedIn { accessToken } } }"
    signed_in = connection.graphql(sign_in, {"input": {"email": OWNER, "password": PASSWORD}}).data["signIn"]
    token, users = signed_in["accessToken"], installation.parts["users"]
    viewer = connection.graphql("{ viewer { id } }", token=token).data["viewer"]["id"]
    rename = "mutation ($input: UserUpdateInput!) { userUpdate(input: $input) { user { name } } }"

    def renamed(name: str) -> None:
        changed = connection.graphql(rename, {"input": {"id": viewer, "name": name}}, token=token)
        assert changed.data["userUpdate"]["user"] == {"name": name}

    def heard(socket: ClientConnection, seconds: float) -> str | None:
        """The id of the next event; None: there is none so soon."""
        try:
            message = json.loads(socket.recv(timeout=seconds))
        except TimeoutError:
            return None
        assert message["type"] == "next", message
        assert message["payload"]["data"]["userChanged"]["userId"] == viewer
        return str(message["payload"]["extensions"]["eventId"])

    relay = subprocess.Popen([ATRIUM, "relay"], env=installation.environment, stderr=subprocess.DEVNULL)
    address = installation.router.replace("http://", "ws://", 1) + "/graphql"
    try:
        with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            bearer = {"authorization": f"Bearer {token}"}
            socket.send(json.dumps({"type": "connection_init", "payload": bearer}))
            assert json.loads(socket.recv(timeout=20))["type"] == "connection_ack"
            payload = {"query": "subscription { userChanged { userId } }"}
            socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            seen: list[str] = []
            for number in range(100):
                renamed(f"Olga {number}")
                if (first := heard(socket, 0.5)) is not None:
                    seen.append(first)
                    break
            while (more := heard(socket, 1.0)) is not None:
                seen.append(more)

            users.kill()
            users.start_again()
            # The subscription has tried in vain meanwhile: the subgraph counts as away for a second.
            until(lambda: "errors" not in connection.graphql("{ viewer { id } }", token=token).json)
            for number in range(3):
                renamed(f"Olga again {number}")

            behind = [each for each in (heard(socket, 20.0) for _ in range(3)) if each is not None]
            assert len({*seen, *behind}) == len(seen) + 3
    finally:
        relay.terminate()
        relay.wait(30)
        connection.close()


def test_the_router_follows_the_registry_and_starts_without_it(
    installation: Installation, tmp_path: Path
) -> None:
    def schema(*arguments: str) -> None:
        done = subprocess.run(
            [ATRIUM, "schema", *arguments], env=installation.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    def forecast() -> object:
        connection = Connection(installation.router)
        answer = connection.graphql('{ weather(city: "Oslo") viewer { name } }').json
        connection.close()
        return answer.get("data")

    router, gateway = installation.parts["router"], installation.parts["gateway"]
    known = public_key_from_text(installation.environment["ATRIUM_ROUTER_PUBLIC_KEYS"])
    (tmp_path / "weather.graphql").write_text(SDL)
    with weather(known) as subgraph:
        whole = {"weather": "Rain in Oslo", "viewer": None}
        assert forecast() is None
        options = ("--name", "weather", "--url", subgraph.url, "--sdl", str(tmp_path / "weather.graphql"))
        schema("publish", *options, "--activate")
        until(lambda: forecast() == whole, 10, what="the weather")

        gateway.kill()
        router.kill()
        router.start_again()
        try:
            until(lambda: forecast() == whole, 10, what="the weather without a registry")
        finally:
            gateway.start_again()
        schema("rollback")
        until(lambda: forecast() is None, 10, what="the end of the weather")
    assert "the last good copy serves" in router.log.read_text()
