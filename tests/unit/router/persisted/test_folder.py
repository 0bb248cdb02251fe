"""Manifests of a folder: taken up when they change, file by file; a bad one is named and changes nothing."""

import json
import logging
from pathlib import Path

import pytest

from common.operations.documents import TrustedDocuments
from common.operations.manifest import ManifestRefused
from router.artefacts.reader import SourceUnavailable
from router.persisted import folder as folders
from router.persisted.folder import ManifestFolder


def write(folder: Path, name: str, **documents: str) -> None:
    (folder / name).write_text(json.dumps(documents))


def shown(trusted: TrustedDocuments | None) -> dict[str, dict[str, str]]:
    assert trusted is not None
    return {client.name: dict(client.documents) for client in trusted.clients}


async def test_versions_of_a_client_are_one_client(tmp_path: Path) -> None:
    write(tmp_path, "web.json", a="{ a }")
    write(tmp_path, "web@1.2.json", b="{ b }")
    write(tmp_path, "ios@2.json", a="{ other }")
    write(tmp_path, ".hidden.json", x="{ x }")

    assert shown(await ManifestFolder(tmp_path).load()) == {
        "web": {"a": "{ a }", "b": "{ b }"},
        "ios": {"a": "{ other }"},
    }


async def test_only_changes_are_taken_up(tmp_path: Path) -> None:
    write(tmp_path, "web.json", a="{ a }")
    source = ManifestFolder(tmp_path)
    await source.load()
    assert await source.load() is None

    write(tmp_path, "web.json", a="{ a }", b="{ b }")
    assert shown(await source.load()) == {"web": {"a": "{ a }", "b": "{ b }"}}
    assert await source.load() is None

    (tmp_path / "web.json").unlink()
    assert shown(await source.load()) == {}


async def test_a_bad_file_is_named_and_what_it_held_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "web.json", a="{ a }")
    source = ManifestFolder(tmp_path)
    await source.load()

    (tmp_path / "web.json").write_text("{")
    (tmp_path / "we b@.json").write_text("{}")
    write(tmp_path, "ios.json", b="{ b }")
    with caplog.at_level(logging.ERROR):
        assert shown(await source.load()) == {"web": {"a": "{ a }"}, "ios": {"b": "{ b }"}}
        assert await source.load() is None

    assert sorted(name for name in ("web.json", "we b@.json", "ios.json") if name in caplog.text) == [
        "we b@.json",
        "web.json",
    ]


async def test_of_two_texts_under_one_id_the_first_is_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "web@1.json", a="{ a }")
    write(tmp_path, "web@2.json", a="{ b }")

    assert shown(await ManifestFolder(tmp_path).load()) == {"web": {"a": "{ a }"}}
    assert "stands for another text" in caplog.text


@pytest.mark.parametrize(("name", "text"), [("web.json", "{"), ("@1.json", "{}"), ("web@.json", "{}")])
async def test_the_first_time_every_file_has_to_be_good(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(ManifestRefused, match=name):
        await ManifestFolder(tmp_path).load()


async def test_a_missing_folder_and_too_many_files_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ManifestRefused, match="it is no folder"):
        await ManifestFolder(tmp_path / "nowhere").load()

    source = ManifestFolder(tmp_path)
    await source.load()
    monkeypatch.setattr(folders, "MOST_FILES", 1)
    for name in ("a.json", "b.json"):
        write(tmp_path, name)
    with pytest.raises(SourceUnavailable, match="more than 1"):
        await source.load()
