"""`python -m schema compose`: the supergraph on stdout, or every error and exit code 1."""

import json
from pathlib import Path

import pytest

from schema.__main__ import Format, compose_command

OUTPUTS: tuple[Format, ...] = ("text", "json")


def listed(tmp_path: Path, *sdl: str) -> Path:
    path = tmp_path / "subgraphs.json"
    entries = [{"name": f"s{number}", "url": "http://s", "sdl": text} for number, text in enumerate(sdl)]
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def test_a_supergraph_goes_to_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = compose_command(listed(tmp_path, "type Query { a: Int }"))

    assert code == 0
    assert "enum join__Graph" in capsys.readouterr().out


def test_errors_as_text_show_place_and_caret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = compose_command(listed(tmp_path, "type Query {\n  a Int\n}"))

    shown = capsys.readouterr()
    assert code == 1
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "s0:2:5: INVALID_GRAPHQL: This is not GraphQL: Expected ':', found Name 'Int'.",
        "    a Int",
        "      ^",
    ]


def test_errors_as_json_are_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = compose_command(listed(tmp_path, "type A { x: Int }", "type Query { a: Missing }"), "json")

    errors = json.loads(capsys.readouterr().out)["errors"]
    assert code == 1
    assert [(error["code"], error["subgraphs"]) for error in errors] == [("INVALID_GRAPHQL", ["s1"])]
    assert errors[0]["locations"] == [{"subgraph": "s1", "line": 1, "column": 14}]
    assert "Missing" in errors[0]["message"]


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_file_that_cannot_be_read_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], output: Format
) -> None:
    assert compose_command(tmp_path / "nowhere.json", output) == 1
    shown = capsys.readouterr()
    assert "nowhere.json" in shown.out + shown.err


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_list_that_is_no_list_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], output: Format
) -> None:
    path = tmp_path / "subgraphs.json"
    path.write_text('{"users": 1}', encoding="utf-8")

    assert compose_command(path, output) == 1
    shown = capsys.readouterr()
    assert "JSON list" in shown.out + shown.err
