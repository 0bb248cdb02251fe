"""Lint as a whole: levels from files and options, exemptions, source lines, and what is no schema."""

from pathlib import Path

import pytest

from schema.lint.finding import Level
from schema.lint.levels import Levels, RulesUnreadable, Setting, read_levels, with_options
from schema.lint.lint import NotASchema, as_json, as_text, is_failed, lint
from schema.lint.rules import RULES
from schema.subgraph.model import Subgraph
from tests.federation.corpus_sets import sets_of

SDL = """
"A person."
type User {
\t"Whole." userName: String @deprecated
}

"All." type Query { "One." user: User }
"""


def test_a_finding_shows_its_line() -> None:
    found = lint([Subgraph(name="users.graphql", sdl=SDL)], Levels())

    line, caret = '    "Whole." userName: String @deprecated', "             ^"
    assert as_text(found).splitlines() == [
        "users.graphql:4:11: error: deprecated-reason: User.userName:"
        " Say what to use instead: @deprecated(reason: ...).",
        line,
        caret,
        "",
        "users.graphql:4:11: warn: field-repeats-type: User.userName:"
        " Leave user out: name of User is enough.",
        line,
        caret,
        "",
        "1 error, 1 warning.",
    ]
    assert is_failed(found)
    assert as_json(found)["findings"][0]["line"] == 4


def test_nothing_found_is_said() -> None:
    assert (
        as_text(lint([Subgraph(name="a", sdl='"All." type Query { "It." a: Int }')], Levels()))
        == "Nothing found.\n"
    )


def test_levels_come_from_defaults_then_a_file_then_options() -> None:
    file = '[tool.atrium.lint]\nfield-description = "error"\ntype-description = "off"\n'

    levels = with_options(read_levels(file, Levels()), ["type-description=warn"])

    assert levels.settings["field-description"].level is Level.ERROR
    assert levels.settings["type-description"].level is Level.WARN
    assert levels.settings["enum-value-case"].level is RULES["enum-value-case"].level


def test_a_rule_leaves_alone_what_it_is_told_to() -> None:
    file = (
        '[rules]\nfield-repeats-type = { level = "error", except = ["User.*"] }\ndeprecated-reason = "off"\n'
    )

    levels = with_options(read_levels(file, Levels()), ["field-repeats-type=warn"])

    assert lint([Subgraph(name="a", sdl=SDL)], levels) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules", "not TOML"),
        ("[tool.other]", "no table"),
        ("rules = 1", "Rules are a table"),
        ('[rules]\nno-such = "warn"', "no rule 'no-such'"),
        ('[rules]\nid-type = "loud"', "off, warn or error, not 'loud'"),
        ("[rules]\nid-type = 1", "id-type: write"),
        ('[rules]\nid-type = {level = "warn", only = []}', "id-type: write"),
        ('[rules]\nid-type = {level = "warn", except = [1]}', "id-type: write"),
    ],
)
def test_rules_that_cannot_be_read_are_named(text: str, said: str) -> None:
    with pytest.raises(RulesUnreadable, match=said):
        read_levels(text, Levels())


def test_what_is_no_schema_is_said_with_its_place() -> None:
    with pytest.raises(NotASchema, match="a:1:14"):
        lint([Subgraph(name="a", sdl="type Query { !")], Levels())


def test_control_characters_do_not_reach_the_terminal() -> None:
    sdl = 'type Query { "\\u001b" a: Int } type B { a: Int } # \x1b[2J'

    assert "\x1b" not in as_text(lint([Subgraph(name="a", sdl=sdl)], Levels()))


def test_every_rule_reads_whatever_federation_has() -> None:
    every = Levels().changed({name: Setting(level=Level.WARN) for name in RULES})
    for one in sets_of("valid"):
        found = lint(one.subgraphs, every)

        for finding in found:
            assert finding.place is None or finding.line, finding
            assert finding.message.endswith("."), finding
        assert not is_failed(found)


def test_every_rule_is_documented() -> None:
    page = (Path(__file__).parents[4] / "docs" / "schema-checks.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}

    for name, rule in RULES.items():
        assert f"| {rule.level} |" in rows[name], name
        assert rule.demands in rows[name], name
