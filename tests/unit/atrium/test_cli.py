"""The command line keeps its form: help everywhere, exit codes 0, 1 and 2, failures in one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from atrium.cli import app

ATRIUM = Path(sys.executable).with_name("atrium")
_COMMANDS = [
    ["up"],
    ["serve"],
    ["serve", "router"],
    ["serve", "subgraph"],
    ["worker"],
    ["beat"],
    ["relay"],
    ["migrate"],
    ["seed"],
    ["schema"],
    ["schema", "export"],
    ["schema", "compose"],
    ["schema", "check"],
    ["schema", "diff"],
    ["schema", "lint"],
    ["schema", "publish"],
    ["schema", "retire"],
    ["schema", "activate"],
    ["schema", "rollback"],
    ["schema", "history"],
    ["schema", "contract"],
    ["schema", "contract", "set"],
    ["schema", "contract", "delete"],
    ["schema", "contract", "list"],
    ["explain"],
    ["health"],
    ["keys"],
    ["found"],
]
_ENTITY = 'type T @key(fields: "id") { id: ID!'
_LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n'


def _atrium(*arguments: str, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([ATRIUM, *arguments], capture_output=True, text=True, check=False, cwd=folder)


def _subgraphs(folder: Path, *sdls: str) -> str:
    file = folder / "subgraphs.json"
    entries = [
        {"name": f"s{number}", "url": f"http://s{number}", "sdl": sdl} for number, sdl in enumerate(sdls)
    ]
    file.write_text(json.dumps(entries))
    return str(file)


@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: list[str]) -> None:
    done = CliRunner().invoke(app, [*command, "--help"], prog_name="atrium")

    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: atrium {' '.join(command)}")


def test_what_is_not_understood_is_exit_code_2() -> None:
    done = _atrium("upp")

    assert done.returncode == 2
    assert "No such command 'upp'" in done.stderr


def test_a_failure_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    done = _atrium("relay", "--data", str(tmp_path / "nothing"))

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("atrium: Nobody runs the stores of ")
    assert done.stderr.count("\n") == 1


def test_only_half_of_the_stores_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.delenv("REDIS_URL", raising=False)

    done = _atrium("up", "--port", "0", "--data", str(tmp_path))

    assert done.returncode == 1
    assert "atrium: DATABASE_URL is set alone" in done.stderr


def test_compose_writes_the_supergraph_to_stdout(tmp_path: Path) -> None:
    one = _LINK + "type Query { t: T } " + _ENTITY + " a: Int }"
    two = _LINK + _ENTITY + " b: Int }"

    done = _atrium("schema", "compose", "--subgraphs", _subgraphs(tmp_path, one, two))

    assert done.returncode == 0, done.stderr
    assert '@join__graph(name: "s0", url: "http://s0")' in done.stdout
    assert "https://specs.apollo.dev/join/v0.5" in done.stdout


def test_what_does_not_compose_is_errors_on_stdout_and_exit_code_1(tmp_path: Path) -> None:
    files = _subgraphs(tmp_path, "type Query { a: String }", "type Query { a: Int }")

    done = _atrium("schema", "compose", "--subgraphs", files, "--format", "json")

    assert done.returncode == 1
    errors = json.loads(done.stdout)["errors"]
    assert errors
    assert all({"code", "message"} <= error.keys() for error in errors)


@pytest.mark.parametrize("text", ["nonsense", "{}", "[]", '[{"name": 1, "sdl": "x"}]', '[{"name": "a"}]'])
def test_a_malformed_list_of_subgraphs_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "subgraphs.json"
    file.write_text(text)

    done = _atrium("schema", "compose", "--subgraphs", str(file))

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_health_of_an_address_nobody_listens_on(tmp_path: Path) -> None:
    done = _atrium("health", "http://127.0.0.1:1/healthz")

    assert done.returncode == 1
    assert "does not answer" in done.stderr


def test_help_starts_without_the_heavy_libraries() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import atrium.cli, atrium.up"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    assert not imported & {"sqlalchemy", "strawberry", "celery", "uvicorn", "graphql", "pydantic", "asyncio"}


@pytest.mark.parametrize(
    "words",
    [
        ["--dry-run"],
        ["--expected-number", "3"],
        ["--graph", "shop"],
        ["--organization", "contoso"],
        ["--reason", "because"],
        ["--git-revision", "abc"],
        ["--endpoint", "http://a"],
        ["--name", "a"],
        ["--format", "json"],
    ],
)
def test_publishing_own_schemas_overlooks_no_other_wish(words: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["schema", "publish", "--own", "--data", str(tmp_path), *words])

    assert done.exit_code == 2
    assert "--own" in done.output
