"""`atrium schema check`, `diff` and `lint` as a person or a pipeline meets them: text, JSON, exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from atrium.cli import app

OLD = "type Query { a: Int b: Int }"
NEW = "type Query { a: Int }"
LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n'


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["schema", *map(str, words)], prog_name="atrium")


def written(folder: Path, **texts: str) -> list[Path]:
    """The texts as files of these names."""
    paths = [folder / name.replace("__", ".") for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def test_a_breaking_change_is_exit_code_1(tmp_path: Path) -> None:
    old, new = written(tmp_path, old=OLD, new=NEW)

    done = run("check", "--against", old, "--supergraph", new)

    assert done.exit_code == 1
    assert "breaking: FIELD_REMOVED: Field Query.b: Int was removed." in done.stdout
    assert done.stdout.endswith("The check fails: 1 change breaking.\n")


def test_nothing_worse_than_asked_for_is_exit_code_0(tmp_path: Path) -> None:
    old, new = written(
        tmp_path, old="type Query { a(b: Int = 1): Int }", new="type Query { a(b: Int = 2): Int }"
    )

    assert run("check", "--against", old, "--supergraph", new).exit_code == 0
    assert run("check", "--against", old, "--supergraph", new, "--fail-on", "dangerous").exit_code == 1


def test_json_has_the_changes_and_whom_they_hit(tmp_path: Path) -> None:
    line = {"document": "query Both { a b }", "client": {"name": "web", "version": "1"}, "count": 2}
    old, new, operations = written(tmp_path, old=OLD, new=NEW, operations=json.dumps(line))

    done = run("check", "--against", old, "--supergraph", new, "--operations", operations, "--format", "json")

    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert said["passes"] is False
    assert said["counts"] == {"breaking": 1, "dangerous": 0, "safe": 0}
    [change] = said["changes"]
    assert (change["kind"], change["coordinate"]) == ("FIELD_REMOVED", "Query.b")
    assert change["hits"][0]["name"] == "Both"
    assert change["hits"][0]["clients"][0] == {
        "name": "web",
        "version": "1",
        "count": 2,
        "firstSeen": None,
        "lastSeen": None,
    }
    assert said["operations"]["broken"][0]["messages"] == [
        "Cannot query field 'b' on type 'Query'. Did you mean 'a'?"
    ]


def test_a_breaking_change_that_hits_nobody_passes(tmp_path: Path) -> None:
    old, new, operations = written(tmp_path, old=OLD, new=NEW, operations='{"document": "{ a }"}\n')

    done = run("check", "--against", old, "--supergraph", new, "--operations", operations)

    assert done.exit_code == 0
    assert "breaking, safe by usage: FIELD_REMOVED" in done.stdout


def test_new_subgraphs_are_composed(tmp_path: Path) -> None:
    old, users, items = written(
        tmp_path,
        old="type Query { u: User } type User { id: ID! }",
        users__graphql=LINK + 'type Query { u: User } type User @key(fields: "id") { id: ID! }',
        items__graphql=LINK + 'type User @key(fields: "id") { id: ID! items: Int }',
    )

    done = run("check", "--against", old, "--subgraph", f"users={users}", "--subgraph", f"items={items}")

    assert done.exit_code == 0, done.stdout
    assert "safe: FIELD_ADDED: Field User.items: Int was added. [items]" in done.stdout


@pytest.mark.parametrize("format", ["text", "json"])
def test_subgraphs_that_do_not_compose_are_exit_code_1(tmp_path: Path, format: str) -> None:
    old, one, two = written(
        tmp_path, old=OLD, one__graphql="type Query { a: Int }", two__graphql="type Query { a: String }"
    )

    done = run(
        "check", "--against", old, "--subgraph", f"one={one}", "--subgraph", f"two={two}", "--format", format
    )

    assert done.exit_code == 1
    if format == "json":
        assert {error["code"] for error in json.loads(done.stdout)["errors"]} == {"FIELD_TYPE_MISMATCH"}
    else:
        assert "FIELD_TYPE_MISMATCH" in done.stderr
        assert done.stdout == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("type Query { !", "This is not GraphQL"),
        ("type Thing { a: Int }", "no query type"),
        (LINK + 'type Query { a: A } type A @key(fields: "id") { id: ID! }', "one subgraph"),
        ("", "This is not GraphQL"),
        ("\x00", "This is not GraphQL"),
        (
            'schema @link(url: "https://specs.apollo.dev/join/v9.9") { query: Query } type Query { a: Int }',
            "v9.9",
        ),
    ],
)
def test_what_is_no_schema_is_exit_code_2(tmp_path: Path, text: str, said: str) -> None:
    old, new = written(tmp_path, old=OLD, new=text)

    done = run("check", "--against", old, "--supergraph", new)
    as_json = run("check", "--against", new, "--supergraph", old, "--format", "json")

    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert as_json.exit_code == 2
    assert said in json.loads(as_json.stdout)["errors"][0]["message"]


def test_a_client_schema_that_is_not_valid_is_said_when_operations_need_it(tmp_path: Path) -> None:
    old, new, operations = written(
        tmp_path, old=OLD, new="type Query { a: Missing }", operations='{"document": "{ a }"}'
    )

    done = run("check", "--against", old, "--supergraph", new, "--operations", operations)

    assert done.exit_code == 2
    assert "Missing" in done.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "Line 2 is not JSON"),
        ("[]", "Line 2 must be a JSON object"),
        ("[" * 100_000, "Line 2 is not JSON"),
        ('{"document": 1}', 'Line 2 needs "document"'),
        ('{"document": "{ a }", "count": -1}', '"count" must be'),
        ('{"document": "{ a }", "count": true}', '"count" must be'),
        ('{"document": "{ a }", "client": "web"}', '"client" must be'),
        ('{"document": "{ a }", "client": {"name": 1}}', '"name" must be'),
        ('{"document": "{ a }", "variables": [1]}', '"variables" must be'),
    ],
    ids=range(9),
)
def test_a_malformed_record_is_exit_code_2_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    old, new, operations = written(tmp_path, old=OLD, new=NEW, operations='{"document": "{ a }"}\n' + line)

    done = run("check", "--against", old, "--supergraph", new, "--operations", operations)

    assert done.exit_code == 2
    assert said in done.stderr


def test_what_contradicts_itself_is_exit_code_2(tmp_path: Path) -> None:
    old, new = written(tmp_path, old=OLD, new=NEW)

    both = run("check", "--against", old, "--supergraph", new, "--subgraph", f"a={new}")
    nothing = run("check", "--supergraph", new)
    others = run("check", "--against", old, "--subgraph", f"a={new}", "--with-others")
    missing = run("check", "--against", tmp_path / "none", "--supergraph", new)

    assert [one.exit_code for one in (both, nothing, others, missing)] == [2, 2, 2, 2]
    assert "say with --against" in nothing.stderr
    assert "cannot be read" in missing.stderr


def test_a_registry_that_is_not_there_is_exit_code_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)

    done = run("check", "--against", "registered", "--data", tmp_path / "nothing")

    assert done.exit_code == 2
    assert "Nobody runs the stores" in done.stderr


def test_diff_lists_without_a_verdict(tmp_path: Path) -> None:
    old, new = written(tmp_path, old=OLD, new=NEW)

    done = run("diff", old, new)
    as_json = run("diff", old, new, "--format", "json")

    assert (done.exit_code, as_json.exit_code) == (0, 0)
    assert "FIELD_REMOVED" in done.stdout
    assert "The check" not in done.stdout
    assert json.loads(as_json.stdout)["counts"]["breaking"] == 1
    assert run("diff", old, *written(tmp_path, bad="{")).exit_code == 2


def test_lint_ends_by_its_errors(tmp_path: Path) -> None:
    [file] = written(tmp_path, a__graphql='"All." type Query { "One." getA: Int }')
    [rules] = written(tmp_path, rules__toml='[rules]\nquery-get-prefix = "error"\n')

    warned = run("lint", file)
    failed = run("lint", file, "--rules", rules)
    spared = run("lint", file, "--rules", rules, "--rule", "query-get-prefix=off")

    assert [one.exit_code for one in (warned, failed, spared)] == [0, 1, 0]
    assert f"{file}:1:28: error: query-get-prefix: Query.getA" in failed.stdout
    assert spared.stdout == "Nothing found.\n"


def test_lint_says_what_it_cannot_read(tmp_path: Path) -> None:
    file, rules = written(tmp_path, a__graphql="type Query {", rules__toml="[tool]")

    done = run("lint", file, "--format", "json")

    assert done.exit_code == 2
    assert "This is not GraphQL" in json.loads(done.stdout)["errors"][0]["message"]
    assert run("lint", file, "--rules", rules).exit_code == 2
    assert run("lint", file, "--rule", "no-such=warn").exit_code == 2


def test_lint_lists_its_rules() -> None:
    listed = [line.split() for line in run("lint", "--list").stdout.splitlines()]

    assert ["deprecated-reason", "error"] in [words[:2] for words in listed]
    assert ["fields-sorted", "off"] in [words[:2] for words in listed]


def test_checking_files_does_not_import_the_domains() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import atrium.checks, atrium.lint"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    assert not imported & {"sqlalchemy", "strawberry", "celery", "aiohttp"}


@pytest.mark.parametrize(
    "words",
    [
        ("--with-others",),
        ("--graph", "shop"),
        ("--contract", "app"),
        ("--organization", "contoso"),
        ("--endpoint", "https://atrium.example/graphql"),
    ],
)
def test_what_only_a_registry_knows_is_not_overlooked_elsewhere(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    old, new = written(tmp_path, old=OLD, new=OLD)

    for given in (("--against", old, "--supergraph", new), ()):
        done = run("check", *given, *words)
        assert done.exit_code == 2
        assert "--against registered" in " ".join(done.output.split())


def test_the_others_of_nothing_are_no_question(tmp_path: Path) -> None:
    (new,) = written(tmp_path, new=OLD)

    assert run("check", "--against", "registered", "--supergraph", new, "--with-others").exit_code == 2
