"""What people hand to the real compose command by mistake or malice: one clear error, soon."""

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

QUERY = "type Query { a: Int }"
MEMORY = 1024 * 1024 * 1024
CPU_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the command ended."""

    code: int
    out: str
    err: str
    cpu_seconds: float


def compose_in(folder: Path, *arguments: str) -> Ended:
    """Run the command in a folder, with a bound on its memory."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "atrium", "schema", "compose", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        preexec_fn=bounded,
        timeout=60,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr, cpu_seconds=cpu)


def listed(folder: Path, subgraphs: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    (folder / "list.json").write_text(json.dumps(subgraphs), encoding="utf-8")
    return ("--subgraphs", "list.json")


def named(folder: Path, content: bytes | str) -> tuple[str, ...]:
    (folder / "a.graphql").write_bytes(content.encode() if isinstance(content, str) else content)
    return ("--subgraph", "a=a.graphql")


def refused(ended: Ended) -> str:
    """The errors of a command that wrote no supergraph and shows no insides."""
    assert ended.code == 1
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert ended.err.strip()
    return ended.err


def test_fifty_megabytes_of_sdl(tmp_path: Path) -> None:
    ended = compose_in(tmp_path, *listed(tmp_path, [{"name": "a", "sdl": QUERY + "#" * 50_000_000}]))

    assert refused(ended) == (
        "a:1:1: INVALID_GRAPHQL: The SDL has 50,000,021 characters; more than 8,388,608 are refused. "
        "Split the subgraph.\n"
    )
    assert ended.cpu_seconds < CPU_SECONDS


def test_a_file_of_fifty_megabytes(tmp_path: Path) -> None:
    ended = compose_in(tmp_path, *named(tmp_path, QUERY + "\n#" * 25_000_000))

    assert "a.graphql holds more than 33,554,432 bytes. Split the subgraph." in refused(ended)
    assert ended.cpu_seconds < CPU_SECONDS


def test_ten_thousand_subgraphs(tmp_path: Path) -> None:
    subgraphs = [
        {"name": f"s{number}", "sdl": f"type Query {{ f{number}: Int }}"} for number in range(10_000)
    ]
    ended = compose_in(tmp_path, *listed(tmp_path, subgraphs))

    assert "There are 10,000 subgraphs; more than 2,000 are refused." in refused(ended)
    assert ended.cpu_seconds < CPU_SECONDS


def test_two_subgraphs_of_one_name(tmp_path: Path) -> None:
    subgraphs = [{"name": "a", "sdl": QUERY}, {"name": "a", "sdl": QUERY}]

    errors = refused(compose_in(tmp_path, *listed(tmp_path, subgraphs)))

    assert 'INVALID_SUBGRAPH_NAME: 2 subgraphs are named "a": give each its own name.' in errors


def test_no_subgraphs(tmp_path: Path) -> None:
    assert "NO_QUERIES: There is nothing to compose" in refused(compose_in(tmp_path, *listed(tmp_path, [])))


def test_not_even_a_list(tmp_path: Path) -> None:
    ended = compose_in(tmp_path)

    assert ended.code == 2
    assert "--subgraphs FILE or --subgraph NAME=PATH[@URL]" in ended.err


@pytest.mark.parametrize("version", ["v2.999", "v3.0", "v0.1"])
def test_unknown_federation_version(tmp_path: Path, version: str) -> None:
    sdl = f'extend schema\n  @link(url: "https://specs.apollo.dev/federation/{version}")\n{QUERY}'

    errors = refused(compose_in(tmp_path, *named(tmp_path, sdl)))

    assert errors.startswith("a.graphql:2:3: UNKNOWN_FEDERATION_LINK_VERSION: ")
    assert "link a version from v2.0 to v2.14" in errors


def test_a_syntax_error_is_shown_where_it_stands(tmp_path: Path) -> None:
    errors = refused(compose_in(tmp_path, *named(tmp_path, "type Query {\n  a: Int\n  b Int\n}\n")))

    assert errors.splitlines() == [
        "a.graphql:3:5: INVALID_GRAPHQL: This is not GraphQL: Expected ':', found Name 'Int'.",
        "    b Int",
        "      ^",
    ]


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    errors = refused(compose_in(tmp_path, *named(tmp_path, b"type Query {\n  a: Int # \xff\n}")))

    assert errors == "SUBGRAPHS_UNREADABLE: a.graphql:2: this is not UTF-8: byte 0xff at position 24.\n"


def test_nul_bytes(tmp_path: Path) -> None:
    assert "a.graphql:1:19: INVALID_GRAPHQL: " in refused(
        compose_in(tmp_path, *named(tmp_path, "type Query { a: In\0t }"))
    )


def test_half_a_surrogate_pair(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text('[{"name": "a", "sdl": "type Query { \\"\\ud800\\" a: Int }"}]')

    assert "INVALID_GRAPHQL" in refused(compose_in(tmp_path, "--subgraphs", "list.json"))


@pytest.mark.parametrize(
    "sdl",
    [
        f"type Query {{ a: {'[' * 100_000}Int{']' * 100_000} }}",
        f"type Query {{ a(x: Int = {'[' * 100_000}1{']' * 100_000}): Int }}",
        f"type Query {{ a(x: Int = {'{a: ' * 100_000}1{'}' * 100_000}): Int }}",
        f'type Query @key(fields: "{"a { " * 100_000}") {{ a: Int }}',
    ],
    ids=["type", "list value", "object value", "field set"],
)
def test_nesting_without_end(tmp_path: Path, sdl: str) -> None:
    ended = compose_in(tmp_path, *named(tmp_path, sdl))

    assert refused(ended).startswith("a.graphql:")
    assert ended.cpu_seconds < CPU_SECONDS


@pytest.mark.parametrize(
    "content", ["", "not JSON", '{"a": 1}', "[[]]", "null", '[{"name": "a", "sdl": null}]']
)
def test_a_list_of_another_shape(tmp_path: Path, content: str) -> None:
    (tmp_path / "list.json").write_text(content, encoding="utf-8")

    assert refused(compose_in(tmp_path, "--subgraphs", "list.json")).startswith(
        "SUBGRAPHS_UNREADABLE: list.json"
    )


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory." in refused(compose_in(tmp_path, "--subgraph", "a=."))
