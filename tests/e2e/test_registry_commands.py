"""The registry from the command line, as real processes: on a platform's database, and at its endpoint."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from atrium.demo_people import ORGANISATIONS, PASSWORD
from tests.e2e.running import ATRIUM, Platform, clean_environment

pytestmark = pytest.mark.platform

CONTOSO = ORGANISATIONS[1]
GRAPH = "shop"
QUERY = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@tag"])\n'
ITEMS = (
    f'{QUERY}type Query {{ items: [Item!]! secret: Int @tag(name: "internal") }}\n'
    'type Item @key(fields: "id") { id: ID! }\n'
)


def run(
    *words: str,
    text: str | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> "subprocess.CompletedProcess[str]":
    """The end of an `atrium schema` command."""
    return subprocess.run(
        [ATRIUM, "schema", *words],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=folder,
        env=clean_environment() | dict(environment or {}),
    )


@pytest.fixture(scope="module")
def token(platform: Platform) -> str:
    """Contoso's owner, signed in, with a graph of the company's own."""
    token = platform.sign_in(CONTOSO.people[0].email, PASSWORD)
    made = platform.graphql(
        'mutation { graphCreate(input: {name: "shop"}) { graph { id } errors { code } } }', token=token
    )
    assert made.data["graphCreate"]["errors"] == []
    return token


@pytest.fixture(scope="module")
def here(platform: Platform, token: str) -> tuple[str, ...]:
    """The options that say where: the company's graph on the database of the platform."""
    return ("--organization", CONTOSO.slug, "--graph", GRAPH, "--data", platform.data)


def as_json(done: "subprocess.CompletedProcess[str]") -> Any:
    """What a command wrote with `--format json`."""
    return json.loads(done.stdout)


def history(here: tuple[str, ...]) -> Any:
    """What the command says of the graph."""
    done = run("history", "--format", "json", *here)
    assert done.returncode == 0, done.stderr
    return as_json(done)


def test_a_graph_from_its_first_publication_to_a_roll_back(here: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "items.graphql"
    file.write_text(ITEMS)
    subgraph = ("--name", "items", "--url", "http://items:4000/graphql")

    trial = run("publish", *subgraph, "--sdl", str(file), "--dry-run", *here)
    first = run("publish", *subgraph, "--sdl", str(file), "--activate", "--git-revision", "abc", *here)
    again = run("publish", *subgraph, "--sdl", "-", *here, text=ITEMS)
    second = run(
        "publish", "--name", "more", "--url", "http://more", "--sdl", "-", *here, "--activate",
        "--reason", "why not", text="type Query { more: Int }",
    )  # fmt: skip
    back = run("rollback", "--reason", "it was wrong", *here)
    retired = run("retire", "more", "--format", "json", *here)
    forward = run("activate", "3", *here)

    for done in (trial, first, again, second, back, retired, forward):
        assert done.returncode == 0, done.stderr
    assert trial.stdout == "shop: composes; nothing was changed.\n"
    assert first.stdout == "shop: supergraph 1 composed and is active (1).\n"
    assert again.stdout == "shop: supergraph 1 was there already.\n"
    assert second.stdout == "shop: supergraph 2 composed and is active (2).\n"
    assert back.stdout == "Supergraph 1 is active (3).\n"
    assert as_json(retired)["supergraph"]["number"] == 3
    assert forward.stdout == "Supergraph 3 is active (4).\n"
    found = history(here)
    assert [one["kind"] for one in found["activations"]["nodes"]] == [
        "ACTIVATE",
        "ROLLBACK",
        "PUBLISH",
        "PUBLISH",
    ]
    assert found["activations"]["nodes"][1]["reason"] == "it was wrong"
    composed = found["supergraphs"]["nodes"]
    assert composed[2]["gitRevision"] == "abc"
    assert composed[1]["reason"] == "why not"
    assert composed[0]["composedBy"]["label"] == "command line"
    text = run("history", *here).stdout
    assert text.startswith("shop: supergraph 3 is active\n*     3  ")
    assert "(it was wrong)" in text


def test_what_does_not_compose_exits_with_every_reason_and_changes_nothing(here: tuple[str, ...]) -> None:
    before = history(here)
    broken = QUERY + 'type Query { a: Missing b: Absent }\ntype Item @key(fields: "nothing") { id: ID! }\n'
    words = ("publish", "--name", "broken", "--url", "http://broken", "--sdl", "-", "--activate")

    told = run(*words, *here, text=broken)
    asked = run(*words, "--format", "json", *here, text=broken)

    assert (told.returncode, told.stdout) == (1, "")
    assert 'broken:2:14: INVALID_GRAPHQL: Unknown type "Missing"' in told.stderr
    assert 'broken:2:25: INVALID_GRAPHQL: Unknown type "Absent"' in told.stderr
    assert asked.returncode == 1
    (error,) = as_json(asked)["errors"]
    assert error["code"] == "SCHEMA_DOES_NOT_COMPOSE"
    assert error["problems"][0]["locations"] == [{"subgraph": "broken", "line": 2, "column": 14}]
    assert history(here) == before


def test_a_commit_is_named_by_the_folder_one_works_in(here: tuple[str, ...], tmp_path: Path) -> None:
    run_git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for words in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "--message", "one"]):
        subprocess.run([*run_git, *words], cwd=tmp_path, check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True
    )

    done = run(
        "publish", "--name", "git", "--url", "http://git", "--sdl", "-", *here,
        text="type Query { git: Int }", folder=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert history(here)["supergraphs"]["nodes"][0]["gitRevision"] == head.stdout.strip()


def test_contracts_come_and_go(here: tuple[str, ...]) -> None:
    made = run("contract", "set", "app", "--exclude", "internal", "--activate", *here)
    listed = run("contract", "list", *here)
    wrong = run("contract", "set", "none", "--include", "nobody", *here)
    gone = run("contract", "delete", "app", *here)
    after = run("contract", "list", "--format", "json", *here)

    assert made.returncode == 0, made.stderr
    assert listed.stdout == "app: -internal\n"
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("contract none: ")
    assert gone.returncode == 0, gone.stderr
    assert as_json(after)["contracts"] == []


def test_a_pipeline_elsewhere_publishes_through_the_endpoint_with_a_key(
    platform: Platform, token: str, here: tuple[str, ...]
) -> None:
    key = _key(platform, token, ["schemas:read", "schemas:publish"])
    there = ("--endpoint", f"{platform.address}/graphql", "--graph", GRAPH)
    who = {"ATRIUM_API_KEY": key}
    words = ("publish", "--name", "remote", "--url", "http://remote", "--sdl", "-")

    made = run(*words, *there, text="type Query { remote: Int }", environment=who)
    weak = run(*words, "--activate", *there, text="type Query { other: Int }", environment=who)
    nobody = run("history", *there)
    broken = run(*words, *there, text="type Query { remote: Nothing }", environment=who)

    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("shop: supergraph ")
    assert (weak.returncode, weak.stderr) == (
        1,
        "SCOPE_MISSING: This needs the permission 'schemas:activate'.\n",
    )
    assert (nobody.returncode, nobody.stderr.partition(":")[0]) == (1, "UNAUTHENTICATED")
    assert broken.returncode == 1
    assert "remote:1:14: INVALID_GRAPHQL" in broken.stderr
    composed = history(here)["supergraphs"]["nodes"][0]["composedBy"]
    assert (composed["kind"], composed["application"] is not None) == ("APPLICATION", True)


def test_the_platforms_own_subgraphs_are_out_of_reach(platform: Platform) -> None:
    done = run(
        "publish", "--name", "auth", "--url", "http://evil", "--sdl", "-", "--data", platform.data,
        text="type Query { evil: Int }",
    )  # fmt: skip
    again = run("publish", "--own", "--data", platform.data)

    assert done.returncode == 1
    assert done.stderr.startswith("SUBGRAPH_RESERVED: ")
    assert (again.returncode, again.stdout) == (0, "The platform's own schemas are published already.\n")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("publish", "--name", "a"), 2, "--name, --url and --sdl"),
        (("publish", "--own", "--name", "a"), 2, "--own stands alone"),
        (("activate", "0"), 2, "greater than or equal to 1"),
        (("activate", "99999"), 1, "NOT_FOUND"),
        (("history", "--graph", "nothing"), 1, "There is no graph 'nothing'"),
        (("history", "--organization", "nobody"), 1, "There is no organization 'nobody'"),
        (("history", "--endpoint", "http://127.0.0.1:1/graphql"), 1, "cannot be asked"),
        (("history", "--endpoint", "nonsense"), 1, "http:// or https://"),
        (("history", "--endpoint", "http://x", "--organization", "y"), 2, "leave --organization out"),
        (("publish", "--name", "a", "--url", "http://a", "--sdl", "/nowhere"), 1, "/nowhere cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    platform: Platform, words: tuple[str, ...], code: int, message: str
) -> None:
    done = run(*words, "--data", platform.data)

    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def _key(platform: Platform, token: str, scopes: list[str]) -> str:
    application = platform.graphql("{ applications(first: 1) { nodes { id } } }", token=token).data
    wish = {"applicationId": application["applications"]["nodes"][0]["id"], "name": "CI", "scopes": scopes}
    made = platform.graphql(
        "mutation ($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { secret errors { code } } }",
        {"input": wish},
        token=token,
    ).data["apiKeyCreate"]
    assert made["errors"] == []
    secret: str = made["secret"]
    return secret
