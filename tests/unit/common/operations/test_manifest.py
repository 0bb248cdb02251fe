"""Manifests in both formats, and every way in which one is refused as a whole."""

import json
from typing import Any

import pytest

from common.operations import manifest
from common.operations.documents import PersistedDocument, digest_of
from common.operations.manifest import ManifestRefused, read_manifest

BODY = "query A { a }"
ID = digest_of(BODY)


def apollo(*operations: Any, **members: Any) -> bytes:
    whole = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": list(operations)}
    return json.dumps(whole | members).encode()


def test_apollos_format_is_read() -> None:
    text = apollo(
        {"id": ID, "name": "A", "type": "query", "body": BODY, "more": 1},
        {"id": "x-own", "body": "{ b }", "clientName": None},
    )

    assert read_manifest(text) == (
        PersistedDocument(id=ID, body=BODY, name="A"),
        PersistedDocument(id="x-own", body="{ b }"),
    )


def test_relays_format_is_read() -> None:
    assert read_manifest(json.dumps({"5d41402abc4b2a76b9719d911017c592": BODY}).encode()) == (
        PersistedDocument(id="5d41402abc4b2a76b9719d911017c592", body=BODY),
    )


def test_what_stands_there_twice_is_read_once() -> None:
    assert len(read_manifest(apollo({"id": ID, "body": BODY}, {"id": ID, "body": BODY}))) == 1


def test_what_belongs_to_the_client_is_read() -> None:
    assert len(read_manifest(apollo({"id": ID, "body": BODY, "clientName": "web"}), client="web")) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "not JSON"),
        (b'{"a": "\\ud800"}', "not JSON"),
        (b"[]", "is a JSON object"),
        (apollo(format="persisted"), "'format'"),
        (apollo(version=2), "'version' is 2"),
        (apollo(operations={}), "has to be a list"),
        (apollo("x"), "operations[0] has to be an object"),
        (apollo({"id": ID, "body": BODY, "name": 1}), "operations[0].name"),
        (apollo({"id": ID, "body": BODY, "clientName": 1}), "operations[0].clientName"),
        (apollo({"id": ID, "body": BODY, "clientName": "ios"}), "belongs to the client 'ios', not to 'web'"),
        (apollo({"body": BODY}), "The id of operations[0]"),
        (apollo({"id": "a b", "body": BODY}), "The id of operations[0]"),
        (apollo({"id": "a" * 129, "body": BODY}), "The id of operations[0]"),
        (apollo({"id": ID}), "The text of operations[0]"),
        (apollo({"id": ID, "body": " "}), "The text of operations[0]"),
        (apollo({"id": "x", "body": "{" + "a " * 200_000 + "}"}), "is longer than"),
        (apollo({"id": ID, "body": "{ other }"}), "is not that of its text"),
        (apollo({"id": "sha256:" + "0" * 64, "body": BODY}), "is not that of its text"),
        (apollo({"id": "sha256:x", "body": BODY}), "is not that of its text"),
        (json.dumps({"0" * 64: BODY}).encode(), "is not that of its text"),
        (json.dumps({"": BODY}).encode(), "The id of the entry ''"),
        (json.dumps({"x": None}).encode(), "The text of the entry 'x'"),
        (apollo({"id": "x", "body": BODY}, {"id": "x", "body": "{ b }"}), "'x' stands for two texts"),
    ],
)
def test_a_manifest_is_refused_with_what_is_wrong_and_where(text: bytes, sentence: str) -> None:
    with pytest.raises(ManifestRefused) as refused:
        read_manifest(text, client="web")

    assert sentence in str(refused.value)


def test_a_manifest_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "MOST_DOCUMENTS", 2)
    monkeypatch.setattr(manifest, "LARGEST_MANIFEST", 1_000)
    for text in (json.dumps({str(each): BODY for each in range(3)}).encode(), b" " * 1_001):
        with pytest.raises(ManifestRefused, match=r"is the most|larger than"):
            read_manifest(text)
