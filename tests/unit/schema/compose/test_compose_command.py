"""The compose command: a supergraph or a variant goes where it is wanted, or every error and exit code 1."""

import json
from pathlib import Path
from typing import Any

import pytest

from schema.compose_command import ComposeOptions, Format, compose_command

OUTPUTS: tuple[Format, ...] = ("text", "json")
LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@tag"])\n'
TAGGED = LINK + 'type Query { a: Int, b: Int @tag(name: "internal") }'


def listed(tmp_path: Path, *sdl: str) -> ComposeOptions:
    entries = [{"name": f"s{number}", "url": "http://s", "sdl": text} for number, text in enumerate(sdl)]
    return of(tmp_path, entries)


def of(tmp_path: Path, content: Any, **more: Any) -> ComposeOptions:
    path = tmp_path / "subgraphs.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return ComposeOptions(lists=(path,), **more)


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
    path = listed(tmp_path, "type A { x: Int }", "type Query { a: Missing }").lists[0]
    code = compose_command(ComposeOptions(lists=(path,), format="json"))

    errors = json.loads(capsys.readouterr().out)["errors"]
    assert code == 1
    assert [(error["code"], error["subgraphs"]) for error in errors] == [("INVALID_GRAPHQL", ["s1"])]
    assert errors[0]["locations"] == [{"subgraph": "s1", "line": 1, "column": 14}]
    assert "Missing" in errors[0]["message"]


def test_files_are_read_beside_their_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "users.graphql").write_text("type Query {\n  a: Missing\n}", encoding="utf-8")
    entry = {"routing_url": "http://users", "schema": {"file": "users.graphql"}}

    code = compose_command(of(tmp_path, {"federation_version": "=2.9.0", "subgraphs": {"users": entry}}))

    assert code == 1
    assert capsys.readouterr().err.startswith(f"{tmp_path}/users.graphql:2:3: INVALID_GRAPHQL: ")


def test_subgraphs_are_named_one_by_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    users, shop = tmp_path / "u@home=1.graphql", tmp_path / "shop.graphql"
    users.write_text("type Query { a: Int }", encoding="utf-8")
    shop.write_text("type Query { b: Int }", encoding="utf-8")

    code = compose_command(ComposeOptions(named=(f"users={users}@http://users:4000/g?x=1", f"shop={shop}")))

    shown = capsys.readouterr().out
    assert code == 0
    assert '@join__graph(name: "users", url: "http://users:4000/g?x=1")' in shown
    assert '@join__graph(name: "shop", url: "")' in shown


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "supergraph.graphql"
    good, bad = [{"name": "a", "sdl": "type Query { a: Int }"}], [{"name": "a", "sdl": "type Query {"}]

    assert compose_command(of(tmp_path, good, output=target)) == 0
    written = target.read_text(encoding="utf-8")
    assert compose_command(of(tmp_path, bad, output=target)) == 1

    assert "enum join__Graph" in written
    assert target.read_text(encoding="utf-8") == written
    assert sorted(path.name for path in tmp_path.iterdir()) == ["subgraphs.json", "supergraph.graphql"]
    assert capsys.readouterr().out == ""


def test_a_file_that_cannot_be_written_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [{"name": "a", "sdl": "type Query { a: Int }"}]

    assert compose_command(of(tmp_path, good, output=tmp_path / "nowhere" / "x.graphql")) == 1
    assert "x.graphql cannot be written: No such file or directory." in capsys.readouterr().err


def test_warnings_are_shown_always_and_other_hints_on_demand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@shareable"])\n'
    entries = [
        {"name": "a", "sdl": f'{link}type Query {{ "one" a: Int @shareable }}'},
        {"name": "b", "sdl": f'{link}type Query {{ "two" a: Int! @shareable }}'},
    ]

    compose_command(of(tmp_path, entries))
    usual = capsys.readouterr().err
    compose_command(of(tmp_path, entries, shows_hints=True))
    more = capsys.readouterr().err

    assert "warning: INCONSISTENT_DESCRIPTION" in usual
    assert "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE" not in usual
    assert "info: INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE" in more


@pytest.mark.parametrize("where", ["in its own file", "in the list", "in tags"])
def test_a_contract_hides_what_it_excludes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    contracts = {"public": {"exclude": ["internal"]}}
    own = tmp_path / "contracts.json"
    own.write_text(json.dumps(contracts), encoding="utf-8")
    subgraphs = {"a": {"schema": {"sdl": TAGGED}}}
    match where:
        case "in its own file":
            options = of(tmp_path, {"subgraphs": subgraphs}, contracts=own, contract="public")
        case "in the list":
            options = of(tmp_path, {"subgraphs": subgraphs, "contracts": contracts}, contract="public")
        case _:
            options = of(tmp_path, {"subgraphs": subgraphs}, exclude=("internal",))

    assert compose_command(options) == 0
    assert 'b: Int @tag(name: "internal") @inaccessible' in capsys.readouterr().out


def test_a_contract_that_leaves_no_api_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compose_command(of(tmp_path, [{"name": "a", "sdl": TAGGED}], include=("public",))) == 1

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "QUERY_ROOT_TYPE_INACCESSIBLE" in shown.err


def test_a_tag_that_nothing_has_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compose_command(of(tmp_path, [{"name": "a", "sdl": TAGGED}], exclude=("intrenal",)))

    assert 'CONTRACT_TAG_UNUSED: The contract speaks of tag "intrenal"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("contracts", "options", "reason"),
    [
        ({}, {"contract": "public"}, 'There is no contract "public"; known: none.'),
        ({"a": {"exclude": ["x"]}}, {"contract": "b"}, 'There is no contract "b"; known: "a".'),
        ({"a": {"exlude": ["x"]}}, {}, '"exlude" means nothing here'),
        ({"a": {}}, {}, "at least one tag"),
        ({"a": {"exclude": "x"}}, {}, "must be a list of tags"),
        ({"a": {"exclude": ["x"], "hide_unreachable": 1}}, {}, "must be true or false"),
        ({"a": {"exclude": ["x"], "include": ["x"]}}, {}, 'Tag "x" is both included and excluded'),
        ({"a": {"exclude": ["no tag"]}}, {}, "'no tag' is no tag"),
        ({"a": 1}, {}, 'contract "a" must be an object'),
        ([], {}, "contracts are an object"),
        ({"a": {"exclude": ["x"]}}, {"contract": "a", "exclude": ("x",)}, "not both"),
    ],
)
def test_contracts_that_make_no_sense_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], contracts: Any, options: dict[str, Any], reason: str
) -> None:
    subgraphs = {"a": {"schema": {"sdl": TAGGED}}}

    code = compose_command(of(tmp_path, {"subgraphs": subgraphs, "contracts": contracts}, **options))

    shown = capsys.readouterr()
    assert code == 1
    assert shown.out == ""
    assert reason in shown.err


@pytest.mark.parametrize("format", OUTPUTS)
def test_a_file_that_cannot_be_read_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], format: Format
) -> None:
    assert compose_command(ComposeOptions(lists=(tmp_path / "nowhere.json",), format=format)) == 1

    shown = capsys.readouterr()
    assert "nowhere.json cannot be read: No such file or directory." in shown.out + shown.err


@pytest.mark.parametrize("format", OUTPUTS)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "this is not JSON"),
        ('[\n  {"name": }]', "subgraphs.json:2:12: this is not JSON: Expecting value."),
        ("{}", "a list of subgraphs is"),
        ('"text"', "a list of subgraphs is"),
        ('{"users": 1}', "a list of subgraphs is"),
        ("[1]", "subgraph 1 must be a JSON object"),
        ('[{"name": "a"}]', 'subgraph 1 must have "name"'),
        ('[{"name": 1, "sdl": ""}]', 'subgraph 1 must have "name"'),
        ('[{"name": "a", "sdl": "", "url": 3}]', 'subgraph 1 must have "name"'),
        ('{"subgraphs": {"a": {}}}', 'subgraph "a" must have "schema"'),
        ('{"subgraphs": {"a": {"schema": {"subgraph_url": "http://a"}}}}', "write their SDL to a file"),
        ('{"subgraphs": {"a": {"schema": {"sdl": ""}}, "a": {"schema": {"sdl": ""}}}}', '"a" stands twice'),
        ('{"subgraphs": {}, "contarcts": {}}', '"contarcts" means nothing here'),
        ('{"subgraphs": {"a": {"schema": {"file": "gone.graphql"}}}}', "gone.graphql cannot be read"),
        ('{"subgraphs": {"a": {"schema": {"file": "a\\u0000b"}}}}', "cannot be read"),
        ("[" * 100_000, "nests deeper"),
    ],
)
def test_a_list_that_is_no_list_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], format: Format, content: str, reason: str
) -> None:
    assert compose_command(of(tmp_path, content, format=format)) == 1

    shown = capsys.readouterr()
    message = json.loads(shown.out)["errors"][0]["message"] if format == "json" else shown.err
    assert reason in message


@pytest.mark.parametrize("named", ["", "users", "users=", "=users.graphql", "@"])
def test_what_names_no_subgraph_is_refused(named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert compose_command(ComposeOptions(named=(named,))) == 1
    assert "NAME=PATH" in capsys.readouterr().err
