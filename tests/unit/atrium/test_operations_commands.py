"""`atrium operations`: what is asked of a registry, and what people and pipelines are told."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest

from atrium.failure import Failed
from atrium.operations import Publication, publish, read_manifests
from atrium.operations_commands import (
    Which,
    list_command,
    mode_command,
    publish_command,
    retire_command,
    usage_command,
)
from atrium.recorded import operations_of
from atrium.registry import Registry

MadeT = TypeVar("MadeT")


class Scripted:
    """A registry that gives its answers in order, and remembers what it was asked."""

    def __init__(self, *answers: Mapping[str, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[Mapping[str, Any]] = []
        self.documents: list[str] = []

    async def ask(self, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The next answer."""
        self.documents.append(document)
        self.asked.append(variables)
        return self.answers.pop(0)

    def use(self, ask: Callable[[Registry], Awaitable[MadeT]]) -> MadeT:
        """As the way to a graph."""

        async def run() -> MadeT:
            return await ask(Registry(self, "graph"))

        return asyncio.run(run())


def digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def wish(documents: Mapping[str, str], **more: Any) -> Publication:
    return Publication(client="web", version="1", documents=documents, **more)


def published(**more: Any) -> dict[str, Any]:
    payload = {"isNew": True, "documentCount": 2, "addedCount": 1, "errors": [], **more}
    return {"operationsPublish": payload}


def usage_of(count: int, **more: Any) -> dict[str, Any]:
    usage = {
        "count": str(count),
        "errors": "0",
        "meanMs": 1.5,
        "slowestMs": 2.0,
        "lastSeen": "2030-01-01T00:00:00Z",
    }
    return {
        "name": "A",
        "kind": "query",
        "sha256": "a" * 64,
        "registeredBy": [],
        "usage": usage,
        "clients": [{"client": "web", "version": "1", "count": str(count)}],
        **more,
    }


def page(*nodes: Mapping[str, Any], after: str | None = None) -> dict[str, Any]:
    info = {"hasNextPage": after is not None, "endCursor": after}
    return {"graph": {"operations": {"pageInfo": info, "nodes": list(nodes)}}}


async def test_a_small_manifest_goes_in_one_request() -> None:
    registry = Scripted(published())

    await publish(Registry(registry, "graph"), wish({"a": "{ a }"}, reason="why"))

    (asked,) = registry.asked
    assert asked["input"]["documents"] == [{"documentId": "a", "body": "{ a }"}]
    assert (asked["input"]["client"], asked["input"]["reason"]) == ("web", "why")


async def test_a_large_manifest_goes_up_in_parts_and_only_what_is_missing() -> None:
    bodies = [f"query Q{n} {{ a }} # {'x' * 180_000}" for n in range(5)]
    documents = {digest(body): body for body in bodies[:4]} | {"named": bodies[4]}
    missing = [digest(body) for body in bodies[1:]]
    uploaded = {"documentsUpload": {"newCount": 2, "errors": []}}
    registry = Scripted({"graph": {"missingDocuments": missing}}, uploaded, uploaded, published())

    await publish(Registry(registry, "graph"), wish(documents))

    first, one, two, last = registry.asked
    assert first["digests"] == [digest(body) for body in bodies]
    assert [one["input"]["bodies"], two["input"]["bodies"]] == [bodies[1:3], bodies[3:]]
    assert last["input"]["documents"] == [
        *({"sha256": digest(body)} for body in bodies[:4]),
        {"documentId": "named", "sha256": digest(bodies[4])},
    ]


async def test_parts_that_take_too_long_are_halved() -> None:
    bodies = [f"query Q{n} {{ a }} # {'x' * 150_000}" for n in range(4)]
    documents = {digest(body): body for body in bodies}
    slow = {"documentsUpload": {"errors": [{"code": "DOCUMENTS_TOO_EXPENSIVE", "message": "slow"}]}}
    done = {"documentsUpload": {"newCount": 1, "errors": []}}
    missing = {"graph": {"missingDocuments": list(documents)}}
    registry = Scripted(missing, slow, done, done, done, published())

    await publish(Registry(registry, "graph"), wish(documents))

    sent = [asked["input"]["bodies"] for asked in registry.asked[1:-1]]
    assert sent == [bodies[:2], bodies[:1], bodies[1:2], bodies[2:]]


def test_manifests_of_both_formats_are_read_together(tmp_path: Path) -> None:
    apollo, relay = tmp_path / "apollo.json", tmp_path / "relay.json"
    body = "query A { a }"
    apollo.write_text(
        json.dumps(
            {
                "format": "apollo-persisted-query-manifest",
                "version": 1,
                "operations": [{"id": digest(body), "name": "A", "type": "query", "body": body}],
            }
        )
    )
    relay.write_text(json.dumps({"b": "query B { b }"}))

    assert read_manifests([apollo, relay], "web") == {digest(body): body, "b": "query B { b }"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no JSON", "not JSON"),
        ("{}", "nothing to register"),
        ('{"format": "other", "operations": []}', "'format' is 'other'"),
        (json.dumps({digest("x"): "query A { a }"}), "looks like a SHA-256"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_named(tmp_path: Path, text: str, says: str) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(text)

    with pytest.raises(Failed, match=says):
        read_manifests([manifest], "web")


def test_manifests_must_not_contradict_each_other(tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text('{"a": "{ a }"}')
    two.write_text('{"a": "{ b }"}')

    with pytest.raises(Failed, match=r"two\.json: the id 'a'"):
        read_manifests([one, two], "web")


@pytest.mark.parametrize(
    ("payload", "trial", "says"),
    [
        ({}, False, "web 1: 2 documents registered, 1 new to the client."),
        ({}, True, "web 1: 2 documents would be registered, 1 new to the client; nothing was changed."),
        ({"isNew": False, "documentCount": 1}, False, "web 1: registered already, 1 document."),
    ],
)
def test_what_was_done_is_one_line(
    capsys: pytest.CaptureFixture[str], payload: dict[str, Any], trial: bool, says: str
) -> None:
    code = publish_command(
        Scripted(published(**payload)), wish({"a": "{ a }"}, is_trial=trial), as_json=False
    )

    assert (code, capsys.readouterr().out) == (0, f"{says}\n")


def test_every_reason_is_on_stderr_and_nothing_steers_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    problem = {
        "documentId": "a" * 64,
        "operation": "Get\x1b[31m",
        "line": 2,
        "column": 3,
        "message": "Cannot query field 'x'.",
        "advice": "Take it out.",
    }
    error = {
        "code": "DOCUMENTS_REFUSED",
        "message": "They do not fit.",
        "problemCount": 3,
        "problems": [problem],
    }
    payload = {"operationsPublish": {"errors": [error]}}

    code = publish_command(Scripted(payload), wish({"a": "{ a }"}), as_json=False)
    told = capsys.readouterr()
    as_json = publish_command(Scripted(payload), wish({"a": "{ a }"}), as_json=True)

    assert (code, as_json, told.out) == (1, 1, "")
    assert told.err.splitlines() == [
        f"Get?[31m (id {'a' * 20}…, line 2, column 3): Cannot query field 'x'.",
        "    Take it out.",
        "and 2 more",
        "DOCUMENTS_REFUSED: They do not fit.",
    ]
    assert json.loads(capsys.readouterr().out) == {"errors": [error]}


def test_usage_is_shown_with_the_most_used_first_from_all_pages(capsys: pytest.CaptureFixture[str]) -> None:
    registry = Scripted(
        page(usage_of(1), usage_of(5, name="", sha256="(others)"), after="next"),
        page(usage_of(30, name="B\n"), usage_of(9, usage=None)),
    )

    code = usage_command(registry, Which.USED, days=7, client=None, top=2, as_json=False)

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert [asked["after"] for asked in registry.asked] == [None, "next"]
    assert lines[0].split() == [
        "COUNT",
        "ERRORS",
        "MEAN",
        "MS",
        "SLOWEST",
        "LAST",
        "SEEN",
        "OPERATION",
        "DOCUMENT",
        "CLIENTS",
    ]
    assert lines[1].startswith("   30       0      1.5")
    assert "B?" in lines[1]
    assert "(not told apart)" in lines[2]
    assert len(lines) == 3


def test_what_is_registered_and_unused_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    registry = Scripted(page(usage_of(1), usage_of(0, name="Idle", usage=None, registeredBy=["web"])))

    usage_command(registry, Which.UNUSED, days=7, client="web", top=50, as_json=False)

    _, line = capsys.readouterr().out.splitlines()
    assert line.split() == ["Idle", "query", "a" * 12, "web"]
    assert "isRegistered: true" in registry.documents[0]


def test_what_is_used_and_not_registered_is_shown_alone(capsys: pytest.CaptureFixture[str]) -> None:
    registry = Scripted(page(usage_of(1), usage_of(0, usage=None)))

    usage_command(registry, Which.UNREGISTERED, days=7, client="web", top=50, as_json=False)

    assert len(capsys.readouterr().out.splitlines()) == 2
    assert "isRegistered: false, usedDays: $days" in registry.documents[0]
    assert (registry.asked[0]["client"], registry.asked[0]["days"]) == ("web", 7)


def test_a_mode_is_given_as_the_graph_calls_it_and_null_for_default() -> None:
    answer = {
        "clientModeSet": {
            "graph": {"operationsMode": "OFF"},
            "client": {"name": "w", "mode": None},
            "errors": [],
        }
    }
    chosen, back = Scripted(answer), Scripted(answer)

    assert mode_command(chosen, "id", "w", "", as_json=True, follows=False) == 0
    assert mode_command(back, None, "w", "", as_json=True, follows=True) == 0

    assert (chosen.asked[0]["input"]["mode"], back.asked[0]["input"]["mode"]) == ("ID", None)


def test_retiring_says_what_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    versions = [{"version": "1", "retiredAt": "2030-01-01T00:00:00Z", "documentCount": 2}]
    done = {"operationsRetire": {"documentCount": 1, "clientVersions": versions, "errors": []}}
    nothing = {"operationsRetire": {"documentCount": 0, "clientVersions": [], "errors": []}}
    options: dict[str, Any] = {
        "versions": ["1"],
        "documents": (),
        "unused_days": None,
        "reason": "",
        "as_json": False,
    }

    retire_command(Scripted(done), "web", **options)
    retire_command(Scripted(nothing), "web", **options)

    assert capsys.readouterr().out.splitlines() == [
        "web: retired 1; 1 document cannot be asked for any more.",
        "web: nothing to retire.",
    ]


def test_a_client_or_version_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    no_client = Scripted({"graph": {"client": None}})
    no_version = Scripted({"graph": {"client": {"version": None}}})

    codes = (
        list_command(no_client, "web", None, 30, as_json=False),
        list_command(no_version, "web", "1", 30, as_json=False),
    )

    assert codes == (1, 1)
    assert capsys.readouterr().err.count("NOT_FOUND") == 2


def test_a_check_knows_who_sends_what_and_who_registered_what_nobody_sends() -> None:
    client = {"client": "web", "version": "1", "count": "3", "firstSeen": "a", "lastSeen": "b"}
    used: list[dict[str, Any]] = [
        {"id": "1", "name": "A", "document": "{ a }", "usage": {"count": "3"}, "clients": [client]},
        {"id": "2", "name": "", "document": None, "usage": {"count": "4"}, "clients": []},
        {"id": "3", "name": "", "document": "{ c }", "usage": None, "clients": []},
    ]
    registered = [
        {"id": "1", "name": "A", "document": "{ a }", "registeredBy": ["web"]},
        {"id": "4", "name": "D", "document": "{ d }", "registeredBy": ["app"]},
    ]

    (sent, idle), unknown = operations_of(used, registered)

    assert (sent.text, sent.name, sent.count, unknown) == ("{ a }", "A", 3, 4)
    assert [(one.label, one.count, one.first_seen, one.last_seen) for one in sent.clients] == [
        ("web 1", 3, "a", "b")
    ]
    assert (idle.text, idle.count, [one.label for one in idle.clients]) == ("{ d }", 0, ["app"])
