"""The environment is checked as a whole, and every problem is named at once."""

import os
from pathlib import Path

import pytest

from atrium.environment import check_environment
from atrium.failure import Failed

GOOD = {
    "DATABASE_URL": "postgresql://somebody@database/atrium",
    "REDIS_URL": "redis://redis:6379/0",
    "ATRIUM_SECRET": "s" * 32,
    "ATRIUM_MAIL_SMTP_HOST": "mail.example",
}


def test_a_whole_environment_passes() -> None:
    check_environment(GOOD)


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(Failed) as caught:
        check_environment({})

    for name in ("DATABASE_URL", "REDIS_URL", "ATRIUM_SECRET", "ATRIUM_MAIL_SMTP_HOST"):
        assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "hint"),
    [("ATRIUM_SECRT", "ATRIUM_SECRET"), ("ATRIUM_ROUTER_MAX_DPTH", "ATRIUM_ROUTER_MAX_DEPTH")],
)
def test_a_variable_that_nobody_reads_is_taken_for_a_typing_error(variable: str, hint: str) -> None:
    with pytest.raises(Failed, match=f"{variable}.*did you mean {hint}"):
        check_environment({**GOOD, variable: "1"})


@pytest.mark.parametrize("variable", ["ATRIUM_ROUTER_KEY", "ATRIUM_ARTEFACT_KEY"])
@pytest.mark.parametrize("text", ["hush", "h" * 44, "-----BEGIN hush-----", "ä"])
def test_a_key_that_is_none_is_named_and_not_shown(variable: str, text: str) -> None:
    with pytest.raises(Failed, match=f"{variable} is no Ed25519 private key") as caught:
        check_environment({**GOOD, variable: text})

    assert "hush" not in str(caught.value)


def test_no_value_is_shown() -> None:
    with pytest.raises(Failed) as caught:
        check_environment({**GOOD, "ATRIUM_SECRET": "too-short", "DATABASE_URL": "mysql://u:hush@h/d"})

    assert "too-short" not in str(caught.value)
    assert "hush" not in str(caught.value)


def test_the_process_keeps_its_own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ATRIUM_DATA_FOLDER", str(tmp_path))

    check_environment(GOOD)

    assert os.environ["ATRIUM_DATA_FOLDER"] == str(tmp_path)
