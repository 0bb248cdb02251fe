"""Documents by id and hash, through a running router: over GET, POST, batches, sockets and event streams."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from common.operations.documents import digest_of
from common.operations.settings import ListedClient, PersistedSettings
from router.snapshot.build import build_snapshot
from tests.integration.router.conftest import SETTINGS, Answer, Platform, started
from tests.integration.router.test_socket import connected, until_listening

ECHO = "query Echo($t: String!) { echo(text: $t) }"
NAMES = "query Names { products { name } }"
RENAME = 'mutation Rename { rename(id: "1", name: "New") { name } }'
ADDED = "subscription Added { reviewAdded { text } }"
FAILING = "query Failing { fail }"
SECRET = "query Secret { products { id } }"
WEB = {"apollographql-client-name": "web", "apollographql-client-version": "1.2"}
NEW = {"accept": "application/graphql-response+json"}


def manifest(*bodies: str) -> str:
    operations = [
        {"id": digest_of(body), "body": body, "name": body.split("(")[0].split()[1], "type": body.split()[0]}
        for body in bodies
    ]
    return json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "default.json").write_text(manifest(ECHO, NAMES, RENAME, ADDED, FAILING))
    (tmp_path / "web@1.2.json").write_text(json.dumps({"md5ish": ECHO}))
    (tmp_path / "agent.json").write_text(manifest(SECRET))
    return tmp_path


async def serving_from(folder: Path, **settings: Any) -> AsyncIterator[Platform]:
    wanted = replace(
        SETTINGS,
        max_batch=3,
        metrics=True,
        reload_seconds=0.02,
        persisted=PersistedSettings(manifests=str(folder), **settings),
    )
    async for each in started(wanted, over_http=False):
        yield each


@pytest.fixture
async def lenient(folder: Path) -> AsyncIterator[Platform]:
    async for each in serving_from(folder, public_seconds=(("Failing", 60), ("Names", 60), ("Rename", 60))):
        yield each


@pytest.fixture
async def strict(folder: Path) -> AsyncIterator[Platform]:
    listed = (ListedClient(name="off", mode="off"), ListedClient(name="known", mode="known"))
    async for each in serving_from(folder, safelist="id", clients=listed):
        yield each


async def get(platform: Platform, headers: dict[str, str] | None = None, **parameters: Any) -> Answer:
    query = urlencode({k: v if isinstance(v, str) else json.dumps(v) for k, v in parameters.items()})
    return await platform.send("GET", f"/graphql?{query}", headers=NEW | (headers or {}))


def by_hash(document: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest_of(document)}}}


async def test_a_registered_document_runs_by_id_however_it_is_asked(lenient: Platform) -> None:
    variables, id = {"t": "hi"}, digest_of(ECHO)
    for answer in (
        await lenient.send(json={"documentId": id, "variables": variables}),
        await lenient.send(json={"documentId": f"sha256:{id}", "variables": variables}),
        await lenient.send(json={**by_hash(ECHO), "variables": variables}),
        await lenient.send(json={"doc_id": "md5ish", "variables": variables}, headers=WEB),
        await get(lenient, documentId=id, variables=variables),
        await get(lenient, **by_hash(ECHO), variables=variables),
    ):
        assert (answer.status, answer.body) == (200, {"data": {"echo": "hi"}})


async def test_it_runs_in_a_batch_on_a_socket_and_in_an_event_stream(lenient: Platform) -> None:
    asked = {"documentId": digest_of(ECHO), "variables": {"t": "hi"}}

    together = await lenient.send(json=[asked, {"documentId": "nobodys"}])
    assert together.body[0] == {"data": {"echo": "hi"}}
    assert together.body[1]["errors"][0]["extensions"]["code"] == "PERSISTED_DOCUMENT_NOT_FOUND"

    stream = await lenient.send(json=asked, headers={"accept": "text/event-stream"})
    assert '{"data":{"echo":"hi"}}' in stream.body

    async with connected(lenient) as socket:
        await socket.send(id="1", type="subscribe", payload=asked)
        assert (await socket.next())["payload"] == {"data": {"echo": "hi"}}


async def test_a_mutation_by_id_is_posted_and_never_got(lenient: Platform) -> None:
    assert (await lenient.send(json={"documentId": digest_of(RENAME)})).body["data"]["rename"]

    for answer in (
        await get(lenient, documentId=digest_of(RENAME)),
        await get(lenient, **by_hash(RENAME)),
    ):
        assert answer.status == 405
        assert answer.codes == ["METHOD_NOT_ALLOWED"]
        assert answer.headers["cache-control"] == "no-store"


async def test_a_client_gets_nothing_that_another_registered(lenient: Platform) -> None:
    said = []
    for id in (digest_of(SECRET), f"sha256:{digest_of(SECRET)}", "f" * 64, "md5ish"):
        answer = await lenient.send(json={"documentId": id}, headers=NEW)
        said.append((answer.status, answer.body))

    assert said == [said[0]] * 4
    assert said[0][0] == 400


async def test_automatic_documents_are_sent_once(lenient: Platform) -> None:
    text = "{ products { id name } }"
    missed = await lenient.send(json=by_hash(text), headers=NEW)
    assert (missed.status, missed.codes) == (400, ["PERSISTED_QUERY_NOT_FOUND"])
    assert missed.body["errors"][0]["message"] == "PersistedQueryNotFound"

    sent = await lenient.send(json={**by_hash(text), "query": text})
    by_get = await get(lenient, **by_hash(text))

    assert sent.body == by_get.body
    assert len(by_get.body["data"]["products"]) == 3


async def test_a_document_never_comes_under_the_hash_of_another(lenient: Platform) -> None:
    poisoned = await lenient.send(json={**by_hash(NAMES), "query": SECRET}, headers=NEW)
    assert (poisoned.status, poisoned.codes) == (400, ["PERSISTED_QUERY_HASH_MISMATCH"])

    answer = await lenient.send(json=by_hash(NAMES))
    assert list(answer.body["data"]["products"][0]) == ["name"]


@pytest.mark.parametrize("client", ["default", "nobody knows me"])
async def test_clients_that_ask_by_id_only_send_nothing_else(strict: Platform, client: str) -> None:
    headers = NEW | {"graphql-client-name": client}
    free = {"query": "{ __typename }"}
    for payload in (
        free,
        {"query": ECHO, "variables": {"t": "x"}},
        {"query": "{ __schema { types { name } } }"},
        {**free, **by_hash(free["query"])},
        {**free, **by_hash(NAMES)},
    ):
        answer = await strict.send(json=payload, headers=headers)
        assert (answer.status, answer.codes) == (400, ["DOCUMENT_ID_REQUIRED"])
    assert (await get(strict, headers, **free)).codes == ["DOCUMENT_ID_REQUIRED"]
    batch = await strict.send(json=[free], headers=headers)
    assert batch.body[0]["errors"][0]["extensions"]["code"] == "DOCUMENT_ID_REQUIRED"
    stream = await strict.send(json=free, headers=headers | {"accept": "text/event-stream"})
    assert "DOCUMENT_ID_REQUIRED" in stream.body
    async with connected(strict, headers={"graphql-client-name": client}) as socket:
        await socket.send(id="1", type="subscribe", payload=free)
        message = await socket.next()
        assert message["payload"][0]["extensions"]["code"] == "DOCUMENT_ID_REQUIRED"

    assert (await strict.send(json={"documentId": digest_of(NAMES)}, headers=headers)).status == 200


async def test_modes_are_set_for_each_client(strict: Platform) -> None:
    free = await strict.ask("{ __typename }", headers={"graphql-client-name": "off"})
    known = await strict.ask("query Names{products{name}} # mine", headers={"graphql-client-name": "known"})
    strange = await strict.ask("{ __typename }", headers={"graphql-client-name": "known"})

    assert free.body == {"data": {"__typename": "Query"}}
    assert len(known.body["data"]["products"]) == 3
    assert strange.codes == ["OPERATION_NOT_REGISTERED"]


async def test_a_subscription_runs_by_id_over_a_socket(strict: Platform) -> None:
    async with connected(strict) as socket:
        await socket.send(id="1", type="subscribe", payload={"documentId": digest_of(ADDED)})
        await until_listening(strict, 1)
        await strict.ask(
            'mutation { review(product: "1", text: "Great") { id } }', headers={"graphql-client-name": "off"}
        )
        assert (await socket.next())["payload"]["data"]["reviewAdded"]["text"] == "Great"


async def test_registered_documents_are_planned_before_anybody_asks(lenient: Platform) -> None:
    async with asyncio.timeout(10):
        while (await lenient.send("GET", "/metrics")).body.count("atrium_router_warmed_operations 12.0") == 0:
            await asyncio.sleep(0.01)
    caches = lenient.app.router.caches
    made = caches.operations.made, caches.plans.made

    await lenient.send(json={"documentId": digest_of(NAMES)})
    await lenient.send(json={"documentId": digest_of(NAMES), "operationName": "Names"})

    assert (caches.operations.made, caches.plans.made) == made


async def test_a_registered_document_is_held_against_the_supergraph_in_use(lenient: Platform) -> None:
    asked, snapshots = {"documentId": digest_of(NAMES)}, lenient.app.router.snapshots
    assert not (await lenient.send(json=asked)).codes

    sdl = snapshots.current.sdl.replace("products: [Product!]! @join__field(graph: PRODUCTS)", "")
    snapshots.swap(build_snapshot(sdl))
    registered = lenient.app.router.desk.library.registered.values()
    held = [made for each in registered for made in (each.ready or {}).values() if isinstance(made, tuple)]
    assert all(id == snapshots.current.id for id, _ in held)

    assert (await lenient.send(json=asked)).codes == ["GRAPHQL_VALIDATION_FAILED"]


async def test_a_changed_folder_is_taken_up_and_a_bad_file_changes_nothing(
    lenient: Platform, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "later.json").write_text(json.dumps({"new": "{ __typename }"}))
    asked, headers = {"documentId": "new"}, {"graphql-client-name": "later"}
    async with asyncio.timeout(10):
        while (await lenient.send(json=asked, headers=headers)).codes:
            await asyncio.sleep(0.01)

    (folder / "later.json").write_text('{"new": ')
    async with asyncio.timeout(10):
        while "later.json" not in caplog.text:
            await asyncio.sleep(0.01)

    assert not (await lenient.send(json=asked, headers=headers)).codes
    assert not (await lenient.send(json={"documentId": digest_of(NAMES)})).codes


async def test_answers_to_public_operations_may_be_kept_and_are_not_sent_twice(lenient: Platform) -> None:
    answer = await get(lenient, documentId=digest_of(NAMES))

    assert answer.headers["cache-control"] == "public, max-age=60"
    assert {"authorization", "x-api-key", "cookie", "accept", "graphql-client-name"} <= {
        each.strip() for each in answer.headers["vary"].split(",")
    }
    same = await get(lenient, {"if-none-match": answer.headers["etag"]}, documentId=digest_of(NAMES))
    assert (same.status, same.body) == (304, "")
    assert same.headers["etag"] == answer.headers["etag"]
    other = await get(lenient, {"if-none-match": '"other"'}, documentId=digest_of(NAMES))
    assert other.status == 200


@pytest.mark.parametrize(
    ("headers", "parameters"),
    [
        ({"authorization": "Bearer x"}, {"documentId": digest_of(NAMES)}),
        ({"x-api-key": "atr_x"}, {"documentId": digest_of(NAMES)}),
        ({"cookie": "a=b"}, {"documentId": digest_of(NAMES)}),
        ({}, {"query": "query Names { products { id } }"}),
        ({}, {"documentId": digest_of(FAILING)}),
        ({}, {"documentId": digest_of(ECHO), "variables": {"t": "x"}}),
        ({}, {"documentId": digest_of(ECHO)}),
        ({}, {"documentId": "unknown"}),
        ({"accept": "text/event-stream"}, {"documentId": digest_of(NAMES)}),
    ],
    ids=["token", "key", "cookie", "text", "errors", "not-listed", "refused", "unknown", "events"],
)
async def test_all_other_answers_are_for_nobody_to_keep(
    lenient: Platform, headers: dict[str, str], parameters: dict[str, Any]
) -> None:
    answer = await get(lenient, headers, **parameters)

    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


async def test_what_is_asked_is_counted_under_registered_names_only(lenient: Platform) -> None:
    for _ in range(3):
        await lenient.send(json={"documentId": digest_of(NAMES)}, headers=WEB)
    await lenient.send(json={"documentId": digest_of(FAILING)}, headers=WEB)
    await lenient.ask("query Strange { echo(text: 1) }", headers={"graphql-client-name": "strange"})
    await lenient.ask("query Strange { products { id } }", headers={"graphql-client-name": "strange"})
    async with connected(lenient, init=False) as socket:
        await socket.send(type="connection_init", payload={"headers": {"graphql-client-name": "mobile"}})
        assert await socket.next() == {"type": "connection_ack"}
        await socket.send(id="1", type="subscribe", payload={"documentId": digest_of(NAMES)})
        assert "data" in (await socket.next())["payload"]
        assert (await socket.next())["type"] == "complete"

    shown = (await lenient.send("GET", "/metrics")).body

    assert 'atrium_router_operations_total{client="web",operation="Names"} 3.0' in shown
    assert 'atrium_router_operations_total{client="mobile",operation="Names"} 1.0' in shown
    assert 'atrium_router_operation_errors_total{client="web",operation="Failing"} 1.0' in shown
    assert 'atrium_router_operations_total{client="(others)",operation="(others)"} 1.0' in shown
    assert 'atrium_router_documents_total{client="web",outcome="registered_id"} 4.0' in shown
    assert "strange" not in shown
