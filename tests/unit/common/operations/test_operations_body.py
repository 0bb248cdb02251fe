"""The body of the artefact of operations says what was put into it, and hostile ones are refused."""

import json
from typing import Any
from uuid import UUID

import pytest

from common.operations.artefact import OperationsRefused, read_operations, write_operations
from common.operations.documents import ClientDocuments, SafelistMode, TrustedDocuments

SHARED = "query Shared { a }"
TRUSTED = TrustedDocuments(
    default_mode=SafelistMode.LOG,
    clients=(
        ClientDocuments(name="agent", application_ids=frozenset({UUID(int=1)}), documents={"x": "{ b }"}),
        ClientDocuments(name="web", mode=SafelistMode.ID, documents={"x": SHARED, "y": SHARED}),
    ),
)


def test_what_is_written_is_read() -> None:
    assert read_operations(write_operations(TRUSTED)) == TRUSTED
    assert read_operations(write_operations(TrustedDocuments())) == TrustedDocuments()


def test_a_text_is_written_once_and_equal_values_give_equal_bytes() -> None:
    body = write_operations(TRUSTED)
    turned = TrustedDocuments(default_mode=SafelistMode.LOG, clients=TRUSTED.clients[::-1])

    assert body.count(b"Shared") == 1
    assert write_operations(turned) == body


def change(path: str, value: Any) -> bytes:
    whole = json.loads(write_operations(TRUSTED))
    *way, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    place = whole
    for step in way:
        place = place[step]
    place[last] = value
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        change("version", 2),
        change("default_mode", "everything"),
        change("bodies", ["{ b }"]),
        change("bodies.0", 1),
        change("clients.0.documents", {"x": -1}),
        change("clients.0.documents", {"x": 9}),
        change("clients.0.documents", {"x": True}),
        change("clients.0.applications", ["1"]),
        change("clients.0.mode", "none"),
        change("clients.1.name", "agent"),
    ],
)
def test_another_body_is_refused(body: bytes) -> None:
    with pytest.raises(OperationsRefused):
        read_operations(body)
