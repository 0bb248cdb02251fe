"""What routers read of registered operations, and what they report of their use."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

from common.access.artefacts import ArtefactKind, ArtefactVerifier
from common.access.principal import Principal, PrincipalKind
from common.access.signing import (
    HEADER,
    IdentitySigner,
    IdentityVerifier,
    generate_key,
    private_key_from_text,
)
from common.clock import SystemClock
from common.db.session import Database
from common.graphql.app import build_subgraph_app
from common.graphql.subgraph import Subgraph
from common.ids import from_global_id, to_global_id, uuid7
from common.operations.artefact import read_operations
from common.operations.documents import SafelistMode
from common.operations.usage import BOUNDS_MS, OTHERS, OperationUsage, UsageBatch, write_usage
from subgraphs.gateway.service.forgetting import forget_for_system
from subgraphs.gateway.service.operation_artefacts import OperationArtefacts
from subgraphs.gateway.service.parts import GatewayParts
from subgraphs.gateway.service.usage import UsageRecorder
from tests.factories.graphs import data_of
from tests.integration.gateway.conftest import Ask
from tests.integration.gateway.test_operations_graph import (
    A,
    B,
    C,
    digest,
    document,
    graph,
    make,
    parts,
    person,
    refusal,
    register,
)

__all__ = ["graph", "parts", "person"]  # fixtures

pytestmark = pytest.mark.stores

SYSTEM = Principal(kind=PrincipalKind.SYSTEM)
KEY = generate_key()
USED = """query ($id: ID!, $client: String) { graph(id: $id) { operations { nodes { name sha256 document kind
  lastSeen usage(client: $client) { count errors meanMs slowestMs } clients { client version count } } }
  clients { nodes { name versions { nodes { version usage { count } } } } } } }"""


@pytest.fixture
def router() -> IdentitySigner:
    """A router that the domain knows."""
    return IdentitySigner(KEY)


@pytest.fixture
async def http(subgraph: Subgraph[GatewayParts]) -> AsyncIterator[httpx2.AsyncClient]:
    """The domain behind HTTP."""
    app = build_subgraph_app(subgraph, IdentityVerifier([KEY.public_key()], "gateway"))
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


def signed(signer: IdentitySigner, body: bytes = b"", principal: Principal = SYSTEM) -> dict[str, str]:
    """Headers that say who asks."""
    token = signer.sign(principal, audience="gateway", body=body, request_id="r", now=SystemClock().now())
    return {HEADER: token, "content-type": "application/json"}


def key_of(graph: str) -> UUID:
    return from_global_id(graph, "Graph")


def usage(
    body: str = A,
    *,
    name: str = "A",
    client: str = "web",
    version: str = "1",
    count: int = 2,
    seen: datetime | None = None,
    **more: Any,
) -> OperationUsage:
    """Some requests of one operation."""
    known: dict[str, Any] = {
        "document": digest(body),
        "kind": "query",
        "is_registered": True,
        "errors": 1,
        "duration_ms": 10.0,
        "slowest_ms": 7.0,
        "buckets": (count, *([0] * len(BOUNDS_MS))),
    }
    seen = seen or SystemClock().now()
    return OperationUsage(
        operation=name, client=client, version=version, count=count, last_seen=seen, **{**known, **more}
    )


def batch(graph: str | None, *usages: OperationUsage, texts: tuple[str, ...] = ()) -> UsageBatch:
    return UsageBatch(
        graph=None if graph is None else key_of(graph),
        usages=usages,
        documents={digest(text): text for text in texts},
    )


async def used(ask: Ask, who: Principal, graph: str, client: str | None = None) -> dict[str, dict[str, Any]]:
    """Operations by name."""
    found = data_of(await ask(who, USED, id=graph, client=client))["graph"]["operations"]["nodes"]
    return {one["name"]: one for one in found}


async def test_routers_read_what_live_versions_registered(
    ask: Ask,
    person: Principal,
    graph: str,
    parts: GatewayParts,
    http: httpx2.AsyncClient,
    router: IdentitySigner,
) -> None:
    application = uuid7()
    path = f"/internal/artefacts/operations/{key_of(graph)}"
    before = await http.get(path, headers=signed(router))
    await register(ask, person, graph, "1", A, B)
    await register(ask, person, graph, "2", B, C)
    await make(
        ask,
        person,
        "operationsPublish",
        graphId=graph,
        client="bot",
        version="1",
        documents=[document(B, "list")],
    )
    await make(ask, person, "operationsRetire", graphId=graph, client="web", versions=["1"])
    await make(ask, person, "clientModeSet", graphId=graph, client="web", mode="ID")
    await make(ask, person, "clientModeSet", graphId=graph, mode="LOG")
    await make(
        ask,
        person,
        "clientApplicationsSet",
        graphId=graph,
        client="bot",
        applicationIds=[to_global_id("Application", application)],
    )

    answer = await http.get(path, headers=signed(router))
    again = await http.get(path, headers={**signed(router), "if-none-match": answer.headers["etag"]})
    elsewhere = await OperationArtefacts(parts.operations._database, parts_key(parts)).active(key_of(graph))

    assert (before.status_code, again.status_code) == (404, 304)
    assert parts.artefacts.public_key is not None
    artefact = ArtefactVerifier([parts.artefacts.public_key]).verify(
        answer.content, kind=ArtefactKind.OPERATIONS
    )
    assert (artefact.graph, artefact.serial, artefact.number, artefact.variant) == (key_of(graph), 7, 7, "")
    assert answer.headers["etag"] == artefact.tag
    trusted = read_operations(artefact.body)
    bot, web = trusted.clients
    assert trusted.default_mode is SafelistMode.LOG
    assert (bot.name, bot.mode, sorted(bot.application_ids)) == ("bot", None, [application])
    assert (web.name, web.mode, sorted(web.application_ids)) == ("web", SafelistMode.ID, [])
    assert bot.documents == {"list": B}
    assert web.documents == {digest(B): B, digest(C): C}
    assert elsewhere is not None
    assert elsewhere.text == answer.content  # every process signs the same


def parts_key(parts: GatewayParts) -> Any:
    """The key that signs."""
    assert parts.settings.artefact_key is not None
    return private_key_from_text(parts.settings.artefact_key.get_secret_value())


async def test_strangers_read_and_report_nothing(
    http: httpx2.AsyncClient, router: IdentitySigner, person: Principal, graph: str
) -> None:
    body = write_usage(batch(graph, usage()))
    stranger = IdentitySigner(generate_key())

    for headers in ({}, signed(stranger, body), signed(router, body, person)):
        read = await http.get(f"/internal/artefacts/operations/{key_of(graph)}", headers=headers)
        reported = await http.post("/internal/usage", content=body, headers=headers)
        assert (read.status_code, reported.status_code) == (401, 401)


async def test_a_report_is_counted_once_however_often_it_is_sent(
    ask: Ask, person: Principal, graph: str, http: httpx2.AsyncClient, router: IdentitySigner
) -> None:
    await register(ask, person, graph, "1", A)
    report = batch(graph, usage(count=2), usage(B, name="", client="", version="", count=3), texts=(B,))
    body = write_usage(report)

    answers = [
        (await http.post("/internal/usage", content=body, headers=signed(router, body))).json()
        for _ in range(2)
    ]
    other = write_usage(batch(graph, usage(count=4, slowest_ms=9.0)))
    await http.post("/internal/usage", content=other, headers=signed(router, other))

    assert answers == [{"accepted": True}, {"accepted": False}]
    found = await used(ask, person, graph)
    assert found["A"]["usage"] == {
        "count": "6",
        "errors": "2",
        "meanMs": pytest.approx(20 / 6),
        "slowestMs": 9.0,
    }
    assert found["A"]["clients"] == [{"client": "web", "version": "1", "count": "6"}]
    assert (found[""]["document"], found[""]["usage"]["count"]) == (B, "3")
    assert found[""]["clients"] == [{"client": "", "version": "", "count": "3"}]
    assert found["A"]["lastSeen"] is not None
    nobody = await used(ask, person, graph, "other")
    assert nobody["A"]["usage"] is None
    clients = data_of(await ask(person, USED, id=graph))["graph"]["clients"]["nodes"]
    assert clients == [{"name": "web", "versions": {"nodes": [{"version": "1", "usage": {"count": "6"}}]}}]


@pytest.mark.parametrize("body", [b"{}", b'{"id": 1}', b"[]", b'{"id":"x","usages":[]}'])
async def test_what_is_no_report_is_refused(
    http: httpx2.AsyncClient, router: IdentitySigner, body: bytes
) -> None:
    answer = await http.post("/internal/usage", content=body, headers=signed(router, body))

    assert answer.status_code == 400
    assert answer.json()["errors"]


async def test_what_clients_send_about_themselves_harms_nothing(
    ask: Ask, person: Principal, graph: str, parts: GatewayParts
) -> None:
    now = SystemClock().now()
    strange = usage(client="we\0b", version="\ud800", name="A\0", count=10**30, errors=10**30)
    old = usage(seen=now - timedelta(days=400))
    ahead = usage(seen=now + timedelta(days=400))
    forged = replace(batch(graph, strange, old, ahead), documents={digest(A): "query X { y }"})

    assert await parts.usage.record(forged)

    found = await used(ask, person, graph)
    assert found["A"]["document"] is None
    assert {each["client"] for each in found["A"]["clients"]} == {"web"}
    assert await parts.usage.record(batch(to_global_id("Graph", uuid7()), usage())) is False


async def test_what_is_too_much_to_tell_apart_is_counted_as_one(
    ask: Ask, person: Principal, graph: str, parts: GatewayParts, database: Database
) -> None:
    settings = parts.settings.model_copy(update={"operations_per_graph": 2, "usage_per_hour": 3})
    recorder = UsageRecorder(database, SystemClock(), settings)
    texts = [f"query Q{number} {{ a }}" for number in range(4)]

    await recorder.report(batch(graph, *(usage(each, name=each.split()[1], count=1) for each in texts)))
    await recorder.report(
        batch(graph, *(usage(texts[0], name="Q0", version=str(n), count=1) for n in range(3)))
    )

    found = await used(ask, person, graph)
    told = {name for name in found if name}
    assert len(told) == 2
    assert found[""]["sha256"] == OTHERS
    assert sum(int(one["usage"]["count"]) for one in found.values()) == 7
    rows = sum(len(one["clients"]) for one in found.values())
    assert rows <= 4  # three, and the one that stands for all others


async def test_what_nobody_used_can_be_retired_only_where_usage_is_known(
    ask: Ask, person: Principal, graph: str, parts: GatewayParts, database: Database
) -> None:
    await register(ask, person, graph, "1", A)
    await register(ask, person, graph, "2", B)
    await backdate(database, graph)
    unused = {"graphId": graph, "client": "web", "unusedDays": 10}

    unknown = await refusal(ask, person, "operationsRetire", **unused)
    await parts.usage.report(batch(graph, usage(version="2")))
    done = await make(ask, person, "operationsRetire", **unused)
    too_long = await refusal(ask, person, "operationsRetire", **{**unused, "unusedDays": 91})

    assert (unknown["code"], too_long["code"]) == ("INVALID_INPUT", "INVALID_INPUT")
    assert "No usage" in unknown["message"]
    assert [one["version"] for one in done["clientVersions"]] == ["1"]


async def backdate(database: Database, graph: str) -> None:
    """As if everything had been published long ago."""
    async with database.unit_of_work_for_system(domain="gateway", job="tests") as work:
        for statement in (
            "update gateway.client_versions set published_at = published_at - interval '100 days',"
            " retired_at = retired_at - interval '100 days' where graph_id = :graph",
            "update gateway.documents set needed_at = needed_at - interval '100 days'"
            " where graph_id = :graph",
            "update gateway.operations set first_seen = first_seen - interval '100 days',"
            " last_seen = last_seen - interval '100 days' where graph_id = :graph",
            "update gateway.operation_usage set hour = hour - interval '100 days' where graph_id = :graph",
        ):
            await work.session.execute(text(statement), {"graph": key_of(graph)})


async def test_what_is_old_is_forgotten_and_what_is_registered_stays(
    ask: Ask, person: Principal, graph: str, parts: GatewayParts, database: Database
) -> None:
    await register(ask, person, graph, "1", A)
    await register(ask, person, graph, "2", B)
    await make(ask, person, "documentsUpload", graphId=graph, bodies=[C])
    await make(ask, person, "operationsRetire", graphId=graph, client="web", versions=["1"])
    await parts.usage.report(
        batch(graph, usage(B, name="B", version="2"), usage("{ z }", name=""), texts=("{ z }",))
    )
    await backdate(database, graph)

    async with database.unit_of_work_for_system(domain="gateway", job="tests") as work:
        forgotten = await forget_for_system(work, SystemClock(), parts.settings)

    assert forgotten.usage >= 2
    found = data_of(await ask(person, USED, id=graph))["graph"]
    assert {one["name"]: one["usage"] for one in found["operations"]["nodes"]} == {"B": None}
    assert [one["version"] for one in found["clients"]["nodes"][0]["versions"]["nodes"]] == ["2"]
    asked = "query ($id: ID!, $d: [String!]!) { graph(id: $id) { missingDocuments(sha256: $d) } }"
    digests = [digest(body) for body in (A, B, C, "{ z }")]
    missing = data_of(await ask(person, asked, id=graph, d=digests))["graph"]["missingDocuments"]
    assert set(missing) == {digest(A), digest(C), digest("{ z }")}


async def test_routers_that_ask_at_once_make_it_be_read_once(
    ask: Ask, person: Principal, graph: str, parts: GatewayParts, database: Database
) -> None:
    await register(ask, person, graph, "1", A)

    with database.counting() as counted:
        found = await asyncio.gather(*(parts.operations.active(key_of(graph)) for _ in range(5)))
    with database.counting() as again:
        tag = "" if found[0] is None else found[0].tag
        unchanged = await parts.operations.active(key_of(graph), known=tag)

    assert len({each.text for each in found if each is not None}) == 1
    assert sum("documents.body" in statement for statement in counted.statements) == 1
    assert (unchanged is not None and unchanged.text is None, len(again.statements)) == (True, 1)


async def test_an_application_is_kept_to_what_it_registered_from_the_first_time_on_for_ever(
    ask: Ask, person: Principal, graph: str, parts: GatewayParts, database: Database
) -> None:
    application = uuid7()
    bound = {"applicationIds": [to_global_id("Application", application)]}

    async def applications() -> list[UUID]:
        found = await parts.operations.active(key_of(graph))
        assert found is not None
        assert found.text is not None
        trusted = read_operations(found.text.partition(b"\n")[2])
        return [id for client in trusted.clients for id in client.application_ids]

    await make(ask, person, "clientApplicationsSet", graphId=graph, client="bot", **bound)
    early = await applications()
    await make(ask, person, "clientModeSet", graphId=graph, client="bot", mode="OFF")
    with_mode = await applications()
    await make(ask, person, "clientModeSet", graphId=graph, client="bot", mode=None)
    await register(ask, person, graph, "1", A, client="bot")
    registered = await applications()
    await make(ask, person, "operationsRetire", graphId=graph, client="bot", versions=["1"])
    await backdate(database, graph)
    async with database.unit_of_work_for_system(domain="gateway", job="tests") as work:
        await forget_for_system(work, SystemClock(), parts.settings)
    await make(ask, person, "clientModeSet", graphId=graph, mode="LOG")

    assert (early, with_mode, registered) == ([], [application], [application])
    assert await applications() == [application]
