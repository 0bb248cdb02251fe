"""A check against what a running platform's registry has active, on its database and at its endpoint."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from atrium.demo_people import ORGANISATIONS, PASSWORD
from tests.e2e.running import ATRIUM, Platform, clean_environment

pytestmark = pytest.mark.platform

NORTHWIND = ORGANISATIONS[1]
GRAPH = "checked"
LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@tag"])\n'
ITEMS = (
    LINK
    + 'type Query { items: [Item!]! secret: Int @tag(name: "internal") }\n'
    + 'type Item @key(fields: "id") { id: ID! name: String }\n'
)
STOCK = LINK + 'type Item @key(fields: "id") { id: ID! stock: Int }\n'


def run(*words: str, environment: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """The end of an `atrium schema` command."""
    return subprocess.run(
        [ATRIUM, "schema", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=clean_environment() | dict(environment or {}),
    )


@pytest.fixture(scope="module")
def token(platform: Platform) -> str:
    """An owner, signed in, with a graph for these tests."""
    token = platform.sign_in(NORTHWIND.people[0].email, PASSWORD)
    document = f'mutation {{ graphCreate(input: {{name: "{GRAPH}"}}) {{ errors {{ code }} }} }}'
    assert platform.graphql(document, token=token).data["graphCreate"]["errors"] == []
    return token


@pytest.fixture(scope="module")
def here(platform: Platform, token: str) -> tuple[str, ...]:
    """The options that say where: the graph on the platform's database."""
    return ("--organization", NORTHWIND.slug, "--graph", GRAPH, "--data", platform.data)


def test_one_new_subgraph_is_checked_with_the_others_that_are_registered(
    platform: Platform, token: str, here: tuple[str, ...], tmp_path: Path
) -> None:
    items, stock = tmp_path / "items.graphql", tmp_path / "stock.graphql"
    items.write_text(ITEMS)
    stock.write_text(STOCK)
    new = ("check", "--against", "registered", "--subgraph", f"items={items}@http://items", "--with-others")

    before = run(*new, *here)
    for name in ("items", "stock"):
        file = str(tmp_path / f"{name}.graphql")
        done = run("publish", "--name", name, "--url", f"http://{name}", "--sdl", file, "--activate", *here)
        assert done.returncode == 0, done.stderr
    done = run("contract", "set", "public", "--exclude", "internal", "--activate", *here)
    assert done.returncode == 0, done.stderr
    same = run(*new, *here)
    items.write_text(ITEMS.replace("name: String", "").replace("secret: Int", "secret: String"))
    changed = run(*new, *here, "--format", "json")
    variant = run(*new, *here, "--format", "json", "--contract", "public")
    there = run(
        *new,
        "--graph",
        GRAPH,
        "--endpoint",
        f"{platform.address}/graphql",
        environment={"ATRIUM_API_KEY": token},
    )

    assert before.returncode == 2
    assert "Nothing is active" in before.stderr
    assert (same.returncode, same.stdout) == (0, "Nothing changed.\n\nThe check passes.\n"), same.stderr
    assert changed.returncode == 1, changed.stderr
    assert {(one["kind"], one["coordinate"]) for one in json.loads(changed.stdout)["changes"]} == {
        ("FIELD_REMOVED", "Item.name"),
        ("FIELD_TYPE_CHANGED", "Query.secret"),
    }
    # What the contract hides is no change for those who see it through the contract.
    assert [one["coordinate"] for one in json.loads(variant.stdout)["changes"]] == ["Item.name"]
    assert there.returncode == 1, there.stderr
    assert "FIELD_REMOVED: Field Item.name" in there.stdout
