"""Checks that a person can read: two schemas, sometimes recorded operations, and what is said of them."""

import os
from pathlib import Path

import pytest

from schema.checks.kinds import RULES, Kind
from schema.checks.report import as_text
from tests.factories.golden_checks import all_cases, check_case


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_check_says_what_is_written(case: Path) -> None:
    said = as_text(check_case(case))

    expected = case / "expected.txt"
    if os.environ.get("ATRIUM_GOLDEN") == "rewrite":
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


def test_every_kind_is_shown_by_a_case() -> None:
    shown = {judged.change.kind for case in all_cases() for judged in check_case(case).changes}

    assert set(Kind) - shown == set()


def test_every_kind_has_a_rule() -> None:
    assert set(RULES) == set(Kind)
