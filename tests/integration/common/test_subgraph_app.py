"""A subgraph behind HTTP on a real server: who may ask, what is refused, subscriptions over the socket."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.access.signing import HEADER, IdentitySigner, IdentityVerifier, generate_key
from common.clock import SystemClock
from common.events.bus import Bus
from common.graphql.app import LARGEST_BODY, build_subgraph_app
from common.graphql.event_ids import event_id_of, position_of
from common.graphql.subgraph import Subgraph
from common.ids import to_global_id, uuid7
from common.resources import Resources
from tests.integration.common.notes.graph import SCHEMA, NotesParts
from tests.integration.common.test_relay import Recorder, relay_of, running, write
from tests.integration.common.workers import eventually

pytestmark = pytest.mark.stores

KEY = generate_key()
SIGNER = IdentitySigner(KEY)


async def own_route(request: Request) -> PlainTextResponse:
    """A route of the domain's own."""
    return PlainTextResponse("mine")


@asynccontextmanager
async def served(resources: Resources) -> AsyncIterator[str]:
    """Address of the sample domain behind uvicorn."""
    routes = (Route("/own", own_route),)
    subgraph = Subgraph(name="notes", schema=SCHEMA, resources=resources, parts=NotesParts(), routes=routes)
    app = build_subgraph_app(subgraph, IdentityVerifier([KEY.public_key()], audience="notes"))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="websockets-sansio"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


@pytest.fixture(scope="module")
async def address(resources: Resources) -> AsyncIterator[str]:
    """Address of the sample domain."""
    async with served(resources) as address:
        yield address


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client."""
    async with aiohttp.ClientSession() as session:
        yield session


def somebody() -> Principal:
    """A person in an organisation of their own."""
    return Principal(kind=PrincipalKind.USER, id=uuid7(), organisation_id=uuid7())


def signed(body: bytes, principal: Principal = ANONYMOUS, *, audience: str = "notes") -> dict[str, str]:
    """The headers the router sends."""
    token = SIGNER.sign(
        principal,
        audience=audience,
        body=body,
        request_id="r-1",
        now=SystemClock().now(),
        client_address="192.0.2.7",
    )
    return {HEADER: token, "content-type": "application/json"}


async def post(
    http: aiohttp.ClientSession, address: str, body: bytes, headers: dict[str, str]
) -> tuple[int, Any]:
    """Status and decoded body."""
    async with http.post(f"{address}/graphql", data=io.BytesIO(body), headers=headers) as response:
        return response.status, orjson.loads(await response.read())


async def test_a_signed_question_is_answered(http: aiohttp.ClientSession, address: str) -> None:
    body = orjson.dumps({"query": "query G { greeting }", "operationName": "G"})

    async with http.post(f"{address}/graphql", data=body, headers=signed(body)) as response:
        answer = orjson.loads(await response.read())

    assert (response.status, answer) == (200, {"data": {"greeting": "hello"}})
    assert response.headers.getall("set-cookie") == ["greeted=1; HttpOnly"]


async def test_a_question_without_the_routers_signature_is_refused(
    http: aiohttp.ClientSession, address: str
) -> None:
    body = orjson.dumps({"query": "{ greeting }"})
    other = IdentitySigner(generate_key())
    forged = other.sign(ANONYMOUS, audience="notes", body=body, request_id="r", now=SystemClock().now())
    good = signed(body)
    attempts = [
        (body, {"content-type": "application/json"}),
        (body, {**good, HEADER: forged}),
        (body, {**good, HEADER: "nonsense"}),
        (body + b" ", good),
        (body, signed(body, audience="users")),
    ]

    answers = [await post(http, address, *attempt) for attempt in attempts]

    assert [status for status, _ in answers] == [401] * len(attempts)
    assert {answer["errors"][0]["extensions"]["code"] for _, answer in answers} == {"UNAUTHENTICATED"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "BAD_REQUEST"),
        (b"[]", 400, "BAD_REQUEST"),
        (b"{}", 400, "BAD_REQUEST"),
        (b'{"query": 1}', 400, "BAD_REQUEST"),
        (b'{"query": "{ greeting }", "variables": []}', 400, "BAD_REQUEST"),
        (b'{"query": "{ greeting }", "operationName": {}}', 400, "BAD_REQUEST"),
        (b"x" * (LARGEST_BODY + 1), 413, "PAYLOAD_TOO_LARGE"),
    ],
)
async def test_malformed_requests_are_refused(
    http: aiohttp.ClientSession, address: str, body: bytes, status: int, code: str
) -> None:
    found, answer = await post(http, address, body, signed(body))

    assert (found, answer["errors"][0]["extensions"]["code"]) == (status, code)


async def test_another_content_type_is_refused(http: aiohttp.ClientSession, address: str) -> None:
    body = b'{"query": "{ greeting }"}'

    status, _ = await post(http, address, body, {**signed(body), "content-type": "text/plain"})

    assert status == 415


async def test_health_and_own_routes_need_no_signature(http: aiohttp.ClientSession, address: str) -> None:
    async def get(path: str) -> tuple[int, str]:
        async with http.get(address + path) as response:
            return response.status, await response.text()

    found = [await get(path) for path in ("/healthz", "/readyz", "/own")]

    assert found == [(200, '{"status":"alive"}'), (200, '{"status":"ready"}'), (200, "mine")]


async def test_a_subscription_hears_of_what_is_published(
    http: aiohttp.ClientSession, address: str, app_url: str, resources: Resources, bus: Bus
) -> None:
    database, me = resources.database, somebody()
    assert me.organisation_id is not None
    payload = {"query": "subscription { noteWritten { noteId note { title } } }"}

    async with connected(http, address, payload, me) as ws, running(relay_of(app_url, bus, Recorder())):
        await ws.send_json({"type": "connection_init"})
        assert await ws.receive_json() == {"type": "connection_ack"}
        await ws.send_json({"type": "ping"})
        assert await ws.receive_json() == {"type": "pong"}
        await ws.send_json({"id": "1", "type": "subscribe", "payload": payload})
        await eventually(lambda: listens(resources, me), seconds=5, what="the subscription stands")
        await write(database, uuid7(), "another organisation's")
        written = await write(database, me.organisation_id, "mine")
        begun, message = await ws.receive_json(timeout=10), await ws.receive_json(timeout=10)
        await ws.send_json({"id": "1", "type": "complete"})

    event = {"noteId": to_global_id("Note", written), "note": {"title": "mine"}}
    event_id = message["payload"].pop("extensions")["eventId"]
    assert (begun["type"], begun["payload"]["id"]) == ("ping", "1")
    assert position_of(begun["payload"]["eventId"]) < position_of(event_id)
    assert message == {"id": "1", "type": "next", "payload": {"data": {"noteWritten": event}}}


async def test_a_subscription_goes_on_behind_the_last_event_each_signed_by_itself(
    http: aiohttp.ClientSession, address: str, app_url: str, resources: Resources, bus: Bus
) -> None:
    me, stranger = somebody(), somebody()
    assert me.organisation_id is not None
    query = "subscription { noteWritten { note { title } } }"
    beginning = event_id_of(0)

    async def heard(ws: aiohttp.ClientWebSocketResponse, id: str) -> tuple[str, str]:
        while (message := await ws.receive_json(timeout=10))["type"] == "ping":
            pass  # where it begins
        assert message["id"] == id
        return message["payload"]["data"]["noteWritten"]["note"]["title"], message["payload"]["extensions"][
            "eventId"
        ]

    async with connected(http, address, {}, me) as ws, running(relay_of(app_url, bus, Recorder())):
        await ws.send_json({"type": "connection_init"})
        await ws.receive_json()
        for title in ("One", "Two", "Three"):
            await write(resources.database, me.organisation_id, title)
        await ws.send_json(subscribe("all", query, me, last_event_id=beginning))
        first = [await heard(ws, "all") for _ in range(3)]
        assert [title for title, _ in first] == ["One", "Two", "Three"]
        await ws.send_json({"id": "all", "type": "complete"})
        await ws.send_json(subscribe("rest", query, me, last_event_id=first[1][1]))
        assert await heard(ws, "rest") == first[2]
        await ws.send_json(subscribe("theirs", query, stranger, last_event_id=beginning))
        await write(resources.database, me.organisation_id, "Four")
        assert (await heard(ws, "rest"))[0] == "Four"
        await ws.send_json(subscribe("wrong", query, me, last_event_id="nonsense"))
        message = await ws.receive_json(timeout=10)
        assert message["payload"]["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


async def test_an_identity_vouches_for_its_own_payload_alone(
    http: aiohttp.ClientSession, address: str
) -> None:
    me = somebody()
    for change in ({"variables": {"a": 1}}, {"query": "subscription { b }"}):
        async with connected(http, address, {}, me) as ws:
            await ws.send_json({"type": "connection_init"})
            await ws.receive_json()
            message = subscribe("1", "subscription { a }", me)
            message["payload"] |= change
            await ws.send_json(message)
            closed = await ws.receive(timeout=10)

        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 4401)


async def test_a_socket_without_signature_does_not_open(http: aiohttp.ClientSession, address: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect(f"{address}/graphql", protocols=["graphql-transport-ws"])

    assert refused.value.status == 401


async def test_a_signature_is_good_for_its_own_subscription_only(
    http: aiohttp.ClientSession, address: str
) -> None:
    async with connected(http, address, {"query": "subscription { a }"}, somebody()) as ws:
        await ws.send_json({"type": "connection_init"})
        await ws.receive_json()
        await ws.send_json({"id": "1", "type": "subscribe", "payload": {"query": "subscription { b }"}})
        closed = await ws.receive(timeout=5)

    assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 4401)


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["{"], 4400),
        (["[]"], 4400),
        (['{"type": "subscribe", "id": "1", "payload": {"query": "{ a }"}}'], 4401),
        (['{"type": "connection_init"}', '{"type": "connection_init"}'], 4429),
        (['{"type": "connection_init"}', '{"type": "dance"}'], 4400),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": 1, "payload": {}}'], 4400),
    ],
)
async def test_a_socket_that_breaks_the_protocol_is_closed(
    http: aiohttp.ClientSession, address: str, messages: list[str], code: int
) -> None:
    async with connected(http, address, {}, somebody()) as ws:
        for message in messages:
            await ws.send_str(message)
        received = [await ws.receive(timeout=5)]
        while received[-1].type is aiohttp.WSMsgType.TEXT:
            received.append(await ws.receive(timeout=5))

    assert (received[-1].type, received[-1].data) == (aiohttp.WSMsgType.CLOSE, code)


async def test_a_refused_subscription_says_why_and_completes(
    http: aiohttp.ClientSession, address: str
) -> None:
    payload = {"query": "subscription { noteWritten { nothing } }"}

    async with connected(http, address, payload, somebody()) as ws:
        await ws.send_json({"type": "connection_init"})
        await ws.receive_json()
        await ws.send_json({"id": "1", "type": "subscribe", "payload": payload})
        first, last = await ws.receive_json(timeout=5), await ws.receive_json(timeout=5)

    assert first["payload"]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert last == {"id": "1", "type": "complete"}


@asynccontextmanager
async def connected(
    http: aiohttp.ClientSession, address: str, payload: dict[str, Any], principal: Principal
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A socket as the router opens it for one subscription."""
    headers = signed(orjson.dumps(payload), principal)
    async with http.ws_connect(
        f"{address}/graphql", protocols=["graphql-transport-ws"], headers={HEADER: headers[HEADER]}
    ) as ws:
        yield ws


def subscribe(id: str, query: str, principal: Principal, *, last_event_id: str | None = None) -> Any:
    """A message as the router sends it: the identity in the extensions of what it vouches for."""
    extensions = {} if last_event_id is None else {"lastEventId": last_event_id}
    payload: dict[str, Any] = {"query": query} | ({"extensions": extensions} if extensions else {})
    identity = signed(orjson.dumps(payload), principal)[HEADER]
    payload = payload | {"extensions": {**extensions, HEADER: identity}}
    return {"id": id, "type": "subscribe", "payload": payload}


async def listens(resources: Resources, principal: Principal) -> bool:
    """Whether the subscription stands."""
    assert principal.organisation_id is not None
    return resources.hub.listener_count(principal.organisation_id) > 0
