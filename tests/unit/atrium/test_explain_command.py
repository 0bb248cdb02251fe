"""`atrium explain`: the plan as text and JSON, for the labels of overrides that are named."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from atrium.cli import app

SUPERGRAPH = """
schema @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) { query: Query }
enum join__Graph { OLD @join__graph(name: "old", url: "") NEW @join__graph(name: "new", url: "") }
type Query @join__type(graph: OLD) @join__type(graph: NEW) {
  moving: Int
    @join__field(graph: OLD) @join__field(graph: NEW, override: "old", overrideLabel: "beta")
}
"""


def explained(folder: Path, *options: str) -> str:
    path = folder / "supergraph.graphql"
    path.write_text(SUPERGRAPH, encoding="utf-8")
    result = CliRunner().invoke(app, ["explain", "--supergraph", str(path), *options, "{ moving }"])
    assert result.exit_code == 0, result.output
    return result.output


def test_labels_decide_who_is_asked(tmp_path: Path) -> None:
    assert "fetch 0 from old, cost 1001" in explained(tmp_path)
    assert "fetch 0 from new, cost 1001" in explained(tmp_path, "--label", "beta")


def test_the_same_as_json(tmp_path: Path) -> None:
    plan = json.loads(explained(tmp_path, "--label", "beta", "--format", "json"))

    assert [(fetch["subgraph"], fetch["cost"]) for fetch in plan["fetches"]] == [("new", 1001)]
    assert plan["fetches"][0]["reason"] == "new resolves Query.moving, taken over from old for beta"


def test_parts_have_fetches_of_their_own_for_who_takes_them(tmp_path: Path) -> None:
    path = tmp_path / "supergraph.graphql"
    path.write_text(SUPERGRAPH)
    command = ["explain", "--supergraph", str(path), "{ __typename ... @defer { moving } }"]

    whole, in_parts = (CliRunner().invoke(app, [*command, *more]).output for more in ([], ["--in-parts"]))

    assert "for @defer 0" not in whole
    assert "for @defer 0" in in_parts
    assert "resolves Query.moving" in in_parts


@pytest.mark.parametrize("named", ["nosuchfile.graphql", "", "a" * 5_000])
def test_what_is_neither_operation_nor_file_is_said_to_be(named: str) -> None:
    result = CliRunner().invoke(app, ["explain", named])

    assert result.exit_code == 1
    assert "is no operation, and no file that can be read" in str(result.exception) + result.output
