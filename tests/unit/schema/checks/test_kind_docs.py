"""The page on schema checks has every kind of change with its criticality."""

from pathlib import Path

from schema.checks.kinds import RULES, Reach

PAGE = Path(__file__).parents[4] / "docs" / "schema-checks.md"


def test_every_kind_is_documented_as_it_is() -> None:
    rows = {
        line.split("`")[1]: line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")
    }

    for kind, rule in RULES.items():
        seen = {Reach.NOBODY: "", Reach.UNMEASURED: "no"}.get(rule.reach, "yes")
        assert f"| {rule.criticality} | {seen} |" in rows[kind], kind
        assert rule.why in rows[kind] or "{at}" in rule.why, kind


def test_no_row_is_about_a_kind_that_is_gone() -> None:
    rows = [line.split("`")[1] for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]

    assert {row for row in rows if row.isupper()} == {kind.value for kind in RULES}
