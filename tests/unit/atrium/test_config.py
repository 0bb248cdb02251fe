"""The settings file: what is wrong in it is named with its place, what it says lies under the environment."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from atrium.cli import app
from atrium.config import read_config, use_config
from atrium.config_nodes import Unreadable
from atrium.failure import Failed

KEY = "thirty-two characters, at the very least"


@pytest.fixture
def write(tmp_path: Path) -> "Write":
    return Write(tmp_path)


class Write:
    """Puts a settings file into a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, text: str) -> Path:
        path = self.folder / "atrium.yaml"
        path.write_text(text, encoding="utf-8")
        return path


def _problems(path: Path) -> list[str]:
    return [str(problem).removeprefix(f"{path}:") for problem in read_config(path, {}).problems]


def test_a_file_becomes_the_variables_it_means(write: Write) -> None:
    (write.folder / "key").write_text(f"{KEY}\n")
    path = write(
        """
        secret: ${file:key}
        database_url: postgresql://atrium:${env:PASSWORD}@db/atrium
        log_level: debug
        mail:
        subgraph_urls: {users: "http://users:4000/graphql"}
        auth:
          previous_secrets: [first, second]
          access_token_lifetime: PT6M
        router:
          mask_errors: no
          cors_origins: [https://a.example, https://b.example]
          limits: {max_depth: 12}
          timeouts:
            plan: 1.5
        """
    )

    config = read_config(path, {"PASSWORD": "hunter2"})

    assert not config.problems
    assert config.under({}) == {
        "ATRIUM_SECRET": KEY,
        "DATABASE_URL": "postgresql://atrium:hunter2@db/atrium",
        "ATRIUM_LOG_LEVEL": "debug",
        "ATRIUM_SUBGRAPH_URLS": '{"users": "http://users:4000/graphql"}',
        "ATRIUM_AUTH_PREVIOUS_SECRETS": '["first", "second"]',
        "ATRIUM_AUTH_ACCESS_TOKEN_LIFETIME": "PT6M",
        "ATRIUM_ROUTER_MASK_ERRORS": "no",
        "ATRIUM_ROUTER_CORS_ORIGINS": "https://a.example,https://b.example",
        "ATRIUM_ROUTER_MAX_DEPTH": "12",
        "ATRIUM_ROUTER_PLAN_SECONDS": "1.5",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("secrt: a", "1:1: secrt is not a setting, did you mean secret?"),
        ("a: 1\n", "1:1: a is not a setting."),
        ("mail:\n  smtp_prt: 3", "2:3: mail.smtp_prt is not a setting, did you mean smtp_port?"),
        ("max_depth: 3", "1:1: max_depth is not a setting, did you mean router.limits.max_depth?"),
        ("router: 3", "1:1: router holds settings by name, not a value."),
        ("- router", "1:1: The file holds settings by name, not a value."),
        ("router:\n  limits:\n    max_depth: 0", "3:5: router.limits.max_depth: must be a number above 0."),
        ("mail: {smtp_port: [3]}", "1:8: mail.smtp_port: it has one value, no list and no mapping."),
        ("mail: {smtp_port: }", "1:8: mail.smtp_port has no value: give one, or take the key away."),
        ("router:\n  max_batch: 11", "2:3: router.max_batch: must be a number from 0 to 10."),
        ("router:\n  cors_origins: {a: b}", "2:3: router.cors_origins: it is a list or a text, no mapping."),
        ('router:\n  cors_origins: ["a,b"]', "2:3: router.cors_origins: its items are texts without commas."),
        ("mail:\n  smtp_port: 99999", "2:3: mail.smtp_port: Input should be less than or equal to 65535."),
        ("traces: {sample: 2}", "1:10: traces.sample: Input should be less than or equal to 1."),
        ("secret: ${env:NOPE}", "1:1: secret: the variable NOPE is not set."),
        ("secret: ${file:nope}", "1:1: secret: nope cannot be read: No such file or directory."),
        ("graph: ${vault:a}", "1:1: graph: ${vault:...} is unknown; there are ${env:NAME} and ${file:PATH}."),
        ("graph: !!python/name:a.b x", "1:1: graph: the tag !!python/name:a.b has no place here."),
        ("graph: a\nvariant: b\ngraph: c", "3:1: 'graph' stands here twice."),
        ("config: a.yaml", "1:1: config is not a setting."),
        ("subgraph_urls: nonsense", "1:1: subgraph_urls: Input should be a valid dictionary."),
        ("router: {subscriptions: {sources: [{transport: ws}]}}",
         "1:26: router.subscriptions.sources: must be a list of {subgraph, transport, path, headers, "
         "connection_params, is_public}: [0] needs 'subgraph'."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(write: Write, text: str, problem: str) -> None:
    assert _problems(write(text)) == [problem]


def test_everything_that_is_wrong_is_named_at_once_in_the_order_of_the_file(write: Write) -> None:
    path = write("nope: 1\nmail:\n  smtp_port: 0\nrouter:\n  limits: {max_depth: none}\n")

    assert [problem.partition(" ")[0] for problem in _problems(path)] == ["1:1:", "3:3:", "5:12:"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a: [1", ":2:1: did not find expected ',' or ']'."),
        (b"a: &x [1]\nb: *x", ":2:4: aliases (*x) have no place here."),
        (b"\xff\xfe\xff", " is not UTF-8 (byte 0)."),
        (b"#" * 1_000_001, " is larger than 1000000 bytes."),
        (b"\x00", " is not YAML: "),
    ],
)
def test_what_is_no_settings_file_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "atrium.yaml"
    path.write_bytes(content)

    with pytest.raises(Unreadable) as refused:
        read_config(path, {})

    assert sentence in str(refused.value)


def test_deep_nesting_is_no_way_to_end_the_process(write: Write) -> None:
    problems = _problems(write("subgraph_urls: " + "[" * 200 + "]" * 200))

    assert problems == ["1:1: subgraph_urls: it is nested too deeply."]


def test_no_value_is_shown_that_was_looked_up(write: Write) -> None:
    path = write("router:\n  limits: {max_depth: '${env:SECRET}'}\nmail: {smtp_port: '${env:SECRET}'}")

    problems = " ".join(map(str, read_config(path, {"SECRET": "hunter2"}).problems))

    assert "max_depth" in problems
    assert "smtp_port" in problems
    assert "hunter2" not in problems


def test_the_environment_wins(write: Write) -> None:
    path = write("graph: platform\nvariant: public\n")
    environment = {"ATRIUM_GRAPH": "mine"}

    use_config(path, environment)

    assert environment == {"ATRIUM_GRAPH": "mine", "ATRIUM_VARIANT": "public", "ATRIUM_CONFIG": str(path)}


def test_a_variable_may_name_the_file(write: Write) -> None:
    environment = {"ATRIUM_CONFIG": str(write("graph: mine"))}

    use_config(None, environment)

    assert environment["ATRIUM_GRAPH"] == "mine"


def test_nothing_starts_with_a_wrong_file(write: Write) -> None:
    with pytest.raises(Failed, match=r"atrium\.yaml:1:1: grph is not a setting, did you mean graph\?"):
        use_config(write("grph: mine"), {})


def test_options_come_from_the_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATRIUM_SUPERGRAPH", raising=False)
    path = write("supergraph: /nowhere/supergraph.graphql")

    done = CliRunner(env={"ATRIUM_CONFIG": None}).invoke(app, ["serve", "router", "--config", str(path)])

    monkeypatch.setenv("ATRIUM_SUPERGRAPH", "")  # what the command has set goes with the test
    monkeypatch.setenv("ATRIUM_CONFIG", "")
    assert done.exit_code == 2
    assert "/nowhere/supergraph.graphql" in done.output


def _printed(path: Path, **environment: str) -> dict[str, tuple[str, str]]:
    words = ["config", "print", "--changed", "--format", "json", str(path)]
    done = CliRunner(env=environment).invoke(app, words)
    assert done.exit_code == 0, done.output
    return {entry["setting"]: (entry["value"], entry["source"]) for entry in json.loads(done.output)}


def test_print_shows_what_holds_and_where_it_comes_from(write: Write) -> None:
    path = write("graph: mine\nrouter:\n  limits: {max_depth: 7, max_aliases: 8}")

    printed = _printed(path, ATRIUM_ROUTER_MAX_DEPTH="9")

    assert printed["graph"] == ("mine", f"{path}:1:1")
    assert printed["router.limits.max_aliases"] == ("8", f"{path}:3:26")
    assert printed["router.limits.max_depth"] == (
        "9",
        f"environment ATRIUM_ROUTER_MAX_DEPTH (instead of {path}:3:12)",
    )


def test_print_shows_no_secrets(write: Write) -> None:
    path = write(
        f"""
        secret: {KEY}
        database_url: postgresql://atrium:hunter2@db/atrium
        redis_url: redis://:hunter2@cache/0
        auth: {{previous_secrets: [hunter2, "${{env:OLD}}"], secret: "${{env:NEW}}"}}
        """
    )

    printed = _printed(path, OLD="hunter2", NEW=KEY, ATRIUM_PLATFORM_KEY="hunter2")

    assert "hunter2" not in str(printed)
    assert KEY not in str(printed)
    assert printed["secret"][0] == "(hidden)"
    assert printed["database_url"][0] == "postgresql://atrium:(hidden)@db/atrium"
    assert printed["auth.secret"][0] == "${env:NEW}"
    assert printed["platform_key"] == ("(hidden)", "environment ATRIUM_PLATFORM_KEY")


def test_check_names_what_a_part_needs(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.delenv("ATRIUM_ROUTER_PUBLIC_KEYS", raising=False)
    path = write(f"secret: {KEY}\ndatabase_url: postgresql://db/atrium\n")

    for part, missing in (
        ("subgraph", "ATRIUM_ROUTER_PUBLIC_KEYS"),
        ("worker", "REDIS_URL"),
        ("up", "REDIS_URL"),
    ):
        done = CliRunner().invoke(app, ["config", "check", "--for", part, str(path)])
        assert isinstance(done.exception, Failed)
        assert missing in str(done.exception)
    assert CliRunner().invoke(app, ["config", "check", "--for", "router", str(path)]).exit_code == 0


def test_secrets_that_others_may_read_are_told(write: Write) -> None:
    path = write(f"secret: {KEY}")

    path.chmod(0o644)
    assert read_config(path, {}).is_open
    path.chmod(0o600)
    assert not read_config(path, {}).is_open
    write("secret: ${env:SECRET}").chmod(0o644)
    assert not read_config(path, {"SECRET": KEY}).is_open
