"""Registered operations from a pipeline to the router and back as usage, on a running platform."""

import hashlib
import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from atrium.demo_people import ORGANISATIONS, PASSWORD
from schema.store import read_artefact_subgraphs
from tests.e2e.running import ATRIUM, Answer, Connection, Platform, clean_environment, until

pytestmark = pytest.mark.platform

NORTHWIND = ORGANISATIONS[0]
BODY = "query PipelineApps { applications(first: 1) { nodes { slug } } }"
ID = hashlib.sha256(BODY.encode()).hexdigest()
CLIENT = "pipeline-test"


def run(*words: str, environment: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """The end of an `atrium operations` command."""
    return subprocess.run(
        [ATRIUM, "operations", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=clean_environment() | dict(environment or {}),
    )


def by_id(platform: Platform, token: str, id: str = ID) -> Answer:
    """The answer to a client that sends an id."""
    connection = Connection(platform.address)
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {token}",
        "graphql-client-name": CLIENT,
        "graphql-client-version": "1.0",
    }
    try:
        return connection.send("POST", "/graphql", json.dumps({"documentId": id}), headers)
    finally:
        connection.close()


def eventually(look: Callable[[], Any], what: str) -> Any:
    """What `look` gives as soon as it is something."""
    found: list[Any] = []

    def is_there() -> bool:
        found.append(look())
        return bool(found[-1])

    until(is_there, what=what)
    return found[-1]


@pytest.fixture(scope="module")
def token(platform: Platform) -> str:
    """The owner of the organisation that has the platform's graph, signed in."""
    return platform.sign_in(NORTHWIND.people[0].email, PASSWORD)


@pytest.fixture(scope="module")
def key(platform: Platform, token: str) -> str:
    """The key of a pipeline."""
    application = platform.graphql("{ applications(first: 1) { nodes { id } } }", token=token).data
    wish = {
        "applicationId": application["applications"]["nodes"][0]["id"],
        "name": "CI",
        "scopes": ["operations:read", "operations:publish"],
    }
    made = platform.graphql(
        "mutation ($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { secret errors { code } } }",
        {"input": wish},
        token=token,
    ).data["apiKeyCreate"]
    assert made["errors"] == []
    return str(made["secret"])


def test_what_a_pipeline_registers_is_served_counted_and_retired(
    platform: Platform, token: str, key: str, tmp_path: Path
) -> None:
    manifest, wrong = tmp_path / "manifest.json", tmp_path / "wrong.json"
    manifest.write_text(json.dumps({ID: BODY}))
    wrong.write_text(json.dumps({"w": "query Wrong {\n  nothing\n}"}))
    there = ("--endpoint", f"{platform.address}/graphql")
    who = {"ATRIUM_API_KEY": key}
    publish = ("publish", "--client", CLIENT, "--version", "1.0", *there)

    before = by_id(platform, token)
    made = run(*publish, str(manifest), environment=who)
    refused = run("publish", "--client", CLIENT, "--version", "2.0", *there, str(wrong), environment=who)
    weak = run("mode", "id", "--client", CLIENT, *there, environment=who)
    served = eventually(lambda: _data(by_id(platform, token)), "the document is served")

    assert before.json["errors"][0]["extensions"]["code"] == "PERSISTED_DOCUMENT_NOT_FOUND"
    assert (made.returncode, made.stdout) == (
        0,
        f"{CLIENT} 1.0: 1 document registered, 1 new to the client.\n",
    ), made.stderr
    assert refused.returncode == 1
    assert "Wrong (id w, line 2, column 3): Cannot query field 'nothing'" in refused.stderr
    assert (weak.returncode, weak.stderr.partition(":")[0]) == (1, "SCOPE_MISSING")
    assert len(served["applications"]["nodes"]) == 1

    counted = eventually(lambda: _used(platform, token), "its use is counted")
    assert counted == [{"client": CLIENT, "version": "1.0"}]
    shown = run("usage", "--client", CLIENT, "--data", platform.data)
    assert "PipelineApps" in shown.stdout, shown.stderr

    checked = check_without_slug(platform, tmp_path)
    assert checked.returncode == 1, checked.stderr
    assert "FIELD_REMOVED: Field Application.slug" in checked.stdout
    assert f"PipelineApps {ID[:12]} by {CLIENT} 1.0" in checked.stdout

    gone = run("retire", "--client", CLIENT, "--version", "1.0", *there, environment=who)
    assert gone.stdout == f"{CLIENT}: retired 1.0; 1 document cannot be asked for any more.\n"
    eventually(lambda: "errors" in by_id(platform, token).json, "it is served no more")


def check_without_slug(platform: Platform, folder: Path) -> "subprocess.CompletedProcess[str]":
    """What a check says of the platform's own schema, if applications had no slug any more."""
    sdl = read_artefact_subgraphs()["applications"]
    before, start, rest = sdl.partition("type Application ")
    own, end, after = rest.partition("\n}")
    changed = folder / "applications.graphql"
    changed.write_text(before + start + own.replace("  slug: String!", "  handle: String!") + end + after)
    words = ("--against", "registered", "--subgraph", f"applications={changed}", "--with-others")
    return subprocess.run(
        [ATRIUM, "schema", "check", *words, "--operations", "registered", "--data", platform.data],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=clean_environment(),
    )


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("retire", "--client", "x"), 2, "give --version, or --document, or --unused-days"),
        (("mode", "default"), 2, "needs --client"),
        (("publish", "--client", "x", "--version", "1", "{manifest}"), 1, "not JSON"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    platform: Platform, tmp_path: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text("nonsense")

    done = run(*(word.replace("{manifest}", str(manifest)) for word in words), "--data", platform.data)

    assert done.returncode == code, done.stderr
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def _data(answer: Answer) -> Any:
    return answer.json.get("data")


def _used(platform: Platform, token: str) -> Any:
    asked = (
        'query ($client: String!) { graph(name: "atrium") { operations(client: $client) { nodes {'
        " clients(client: $client) { client version } } } } }"
    )
    graph = platform.graphql(asked, {"client": CLIENT}, token=token).data["graph"]
    return graph["operations"]["nodes"][0]["clients"]
