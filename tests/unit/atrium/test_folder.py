"""The data folder keeps secrets to itself and remembers what was prepared."""

import stat
from pathlib import Path

import pytest

from atrium.folder import data_folder, digest_of


def test_secrets_are_made_once_and_only_the_owner_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ATRIUM_SECRET", raising=False)
    folder = data_folder(tmp_path / "data")

    first = folder.development_environment("postgresql://p", "redis://r")
    second = folder.development_environment("postgresql://p", "redis://r")

    assert first == second
    assert len(first["ATRIUM_SECRET"]) >= 32
    assert stat.S_IMODE((folder.path / "secrets").stat().st_mode) == 0o700
    for file in (folder.path / "secrets").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_two_folders_have_different_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATRIUM_SECRET", raising=False)

    one, two = (
        data_folder(tmp_path / name).development_environment("postgresql://p", "redis://r")
        for name in ("one", "two")
    )

    assert one["ATRIUM_SECRET"] != two["ATRIUM_SECRET"]


def test_what_the_person_has_set_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATRIUM_ENV", "production")

    environment = data_folder(tmp_path).development_environment("postgresql://p", "redis://r")

    assert environment["ATRIUM_ENV"] == "production"


def test_running_stores_are_known_until_forgotten(tmp_path: Path) -> None:
    folder = data_folder(tmp_path)
    assert folder.running_stores() is None

    folder.publish_stores("postgresql://p", "redis://r")
    assert folder.running_stores() == ("postgresql://p", "redis://r")
    assert stat.S_IMODE((tmp_path / "stores.json").stat().st_mode) == 0o600

    folder.forget_stores()
    assert folder.running_stores() is None


def test_marks_are_remembered(tmp_path: Path) -> None:
    folder = data_folder(tmp_path)

    folder.mark_prepared(frozenset({"migrate:a", "seed:b"}))

    assert data_folder(tmp_path).prepared() == {"migrate:a", "seed:b"}


def test_a_digest_changes_with_the_text_and_the_name_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("one")
    first = digest_of({"a": file})

    assert digest_of({"b": file}) != first
    file.write_text("two")
    assert digest_of({"a": file}) != first
