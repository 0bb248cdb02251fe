"""Requests on the lane: answered as by the stages, in order, to whom they belong; nothing is left behind."""

import asyncio
import gc
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from ipaddress import ip_network
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import pytest

from common.operations.documents import SafelistMode, TrustedDocuments
from router.app import Surroundings
from router.http.connection import HEAD_TIMEOUT, Connection, connection_with
from router.http.on_lane import MOST_HELD
from router.persisted.library import library_of
from router.pipeline.lane import Known
from router.snapshot.build import build_snapshot
from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse
from tests.fakes.http_server import serving
from tests.fakes.lasting_subgraph import Exchange
from tests.integration.router.riding import (
    ALONE,
    SAY,
    SETTINGS,
    THINGS,
    WAIT,
    Answer,
    Client,
    Served,
    World,
    ours_left_by,
    post,
    request,
    supergraph_of,
    until,
    worlds,
)

BOTH = "query A { depot } query B { things { name } }"
READING = 262_144
"""Bytes that are received at a time, at most."""


@pytest.fixture(params=["shared", "alone"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with worlds(SETTINGS if request.param == "shared" else ALONE) as each:
        yield each


@pytest.fixture(scope="module")
async def both() -> AsyncIterator[World]:
    """For tests that leave it as it was."""
    async with worlds() as each:
        yield each


@pytest.fixture
async def shared() -> AsyncIterator[World]:
    async with worlds() as each:
        yield each


async def knowing(served: Served, *queries: str, headers: Mapping[str, str] | None = None) -> Client:
    """A connection whose head is known, and so are the documents."""
    client = await served.client()
    for query in (SAY, *queries):
        await served.known_to(client, query, headers=headers)
    return client


async def waited(world: World) -> Client:
    """A connection that may ask what has to wait."""
    world.may_answer.set()
    client = await knowing(world.lane, WAIT)
    world.may_answer.clear()
    return client


def texts(*answers: Answer) -> list[str]:
    return [each.json["data"]["say"] for each in answers]


# The same answer.

HEADS: Mapping[str, Mapping[str, str]] = {
    "plain": {},
    "graphql": {"accept": "application/graphql-response+json"},
    "both": {"accept": "application/graphql-response+json, application/json;q=0.9", "user-agent": "x/1"},
    "own id": {"x-request-id": "mine-1"},
    "an id that is none": {"x-request-id": "mine 1"},
    "gzip": {"accept-encoding": "gzip"},
    "brotli": {"accept-encoding": "br;q=0.9, gzip;q=0.1"},
    "zstandard": {"accept-encoding": "zstd", "accept": "application/graphql-response+json"},
    "identity": {"accept-encoding": "identity"},
    "charset": {"content-type": "application/json; charset=utf-8"},
}
QUESTIONS: tuple[tuple[str, Any], ...] = (
    (SAY, {"text": "ünï \u2028 \U0001f600"}),
    (SAY, {"text": "long " * 1_000}),
    (SAY, {"text": None}),
    (SAY, None),
    (THINGS, {"ids": [str(n) for n in range(60)]}),
    (THINGS, {"ids": []}),
    ("{ any }", None),
)


@pytest.mark.parametrize("name", HEADS)
async def test_the_answer_is_that_of_the_stages_to_the_byte(both: World, name: str) -> None:
    headers = HEADS[name]
    rides, walks = await both.lane.client(), await both.stages.client()
    for query, variables in QUESTIONS:
        await both.lane.known_to(rides, query, variables, headers)
        boarded = both.lane.boarded

        ridden = await rides.ask(query, variables, headers)
        walked = await walks.ask(query, variables, headers)

        assert both.lane.boarded == boarded + 1
        assert ridden.lasting == walked.lasting
        ids = [dict(each.headers)["x-request-id"] for each in (ridden, walked)]
        assert (ids == ["mine-1"] * 2) == (name == "own id")
    await both.lane.at_rest()


async def test_a_value_that_is_no_json_fails_as_in_the_stages() -> None:
    class Odd:
        async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
            return SubgraphResponse(data={"any": {1, 2} if self.is_odd else 1})

        def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
            raise NotImplementedError

        is_odd = False

    odd = Odd()
    async with worlds(surroundings=Surroundings(subgraphs={"catalogue": odd})) as world:
        rides, walks = await knowing(world.lane, "{ any }"), await world.stages.client()
        odd.is_odd = True

        answers = [await each.ask("{ any }") for each in (rides, walks)]

        assert [each.status for each in answers] == [500, 500]
        assert [each.codes for each in answers] == [["INTERNAL_SERVER_ERROR"]] * 2
        await world.lane.at_rest()


# Not on the lane.

OTHERS: Mapping[str, bytes] = {
    "no such operation": request(BOTH, operationName="C"),
    "no operation named": request(BOTH),
    "a wrong variable": request(SAY, {"text": 7}),
    "a wrong variable for a reader of statuses": request(
        SAY, {"text": [[]]}, {"accept": "application/graphql-response+json"}
    ),
    "variables in a list": request(SAY, ["text"]),
    "extensions": request(SAY, {"text": "x"}, extensions={"a": 1}),
    "a batch": post(b'[{"query":"{depot}"}]'),
    "an unknown id": post(b'{"documentId":"sha256:1"}'),
    "a mutation": request("mutation { set(text: 1) }"),
    "a good mutation": request('mutation { set(text: "1") }'),
    "a subscription": request("subscription { x }"),
    "no json": post(b'{"query":'),
    "two values": post(b'{"query":"{depot}"} {}'),
    "nothing": post(b""),
    "a text": post(b'"{depot}"'),
    "no utf-8": post(b'{"query":"{depot}","variables":{"text":"\xff"}}'),
    "another type of content": request(SAY, None, {"content-type": "text/plain"}),
    "parts accepted": request(SAY, None, {"accept": "multipart/mixed, application/json"}),
    "nothing to accept": request(SAY, None, {"accept": "text/plain"}),
    "get": b"GET /graphql?query={depot} HTTP/1.1\r\nhost: x\r\nx-apollo-operation-name: x\r\n\r\n",
    "elsewhere": request(SAY).replace(b"/graphql", b"/graphq1", 1),
    "compressed": request(SAY, None, {"content-encoding": "gzip"}),
}


@pytest.mark.parametrize("name", OTHERS)
async def test_what_is_unusual_goes_through_the_stages(both: World, name: str) -> None:
    rides, walks = await knowing(both.lane, "{ depot }"), await both.stages.client()
    await rides.ask(BOTH, operationName="A")
    await walks.ask(SAY)
    boarded = both.lane.boarded

    for _ in range(1 if name == "compressed" else 3):  # a body that was not read ends the connection
        assert (await rides.send(OTHERS[name])).lasting == (await walks.send(OTHERS[name])).lasting
    assert both.lane.boarded == boarded

    if name != "compressed":
        assert texts(await rides.ask(SAY, {"text": "again"})) == ["again"]
        assert both.lane.boarded == boarded + 1


async def test_operations_of_one_document_are_told_apart(shared: World) -> None:
    client = await knowing(shared.lane)
    for _ in range(4):
        assert (await client.ask(BOTH, operationName="A")).json == {"data": {"depot": "north"}}
        assert "things" in (await client.ask(BOTH, operationName="B")).json["data"]
        assert (await client.ask(BOTH)).codes
        await asyncio.sleep(0)
    await until(lambda: shared.lane.app.router.counts.compiled > 0)


async def test_an_explained_request_and_one_too_large_are_for_the_stages(shared: World) -> None:
    explained = {"atrium-explain": "1"}
    client = await knowing(shared.lane)
    for _ in range(3):
        boarded = shared.lane.boarded
        answer = await client.ask(SAY, {"text": "x"}, explained)
        assert "plan" in answer.json["extensions"]
        assert shared.lane.boarded == boarded

    answer = await client.ask(SAY, {"text": "x" * SETTINGS.max_body_bytes})

    assert (answer.status, answer.codes) == (413, ["PAYLOAD_TOO_LARGE"])
    assert shared.lane.boarded == boarded


async def test_a_safelist_that_becomes_strict_holds_at_once(shared: World) -> None:
    client, desk = await knowing(shared.lane), shared.lane.app.router.desk
    boarded, library = shared.lane.boarded, desk.library

    desk.library = library_of(TrustedDocuments(default_mode=SafelistMode.KNOWN))
    assert (await client.ask(SAY)).codes == ["OPERATION_NOT_REGISTERED"]
    assert shared.lane.boarded == boarded

    desk.library = library
    assert texts(await client.ask(SAY, {"text": "x"})) == ["x"]
    assert shared.lane.boarded == boarded + 1


async def test_there_is_no_lane_where_there_is_no_room(shared: World) -> None:
    client = await waited(shared)
    other = await knowing(shared.lane)
    assert shared.lane.app.lane is not None
    admission = shared.lane.app.lane.admission
    client.writing.write(request(WAIT))
    await shared.until_waiting(1)
    boarded, limit = shared.lane.boarded, admission._limit

    admission._limit = 1
    other.writing.write(request(SAY, {"text": "late"}))
    await until(lambda: admission.waiting == 1)
    shared.may_answer.set()

    assert (await client.read()).json == {"data": {"wait": "waited"}}
    assert texts(await other.read()) == ["late"]
    assert shared.lane.boarded == boarded, "it waited for its turn in the stages"
    admission._limit = limit
    await shared.lane.at_rest()


# Order.


async def test_requests_in_one_write_and_in_many_are_answered_in_order(world: World) -> None:
    client = await knowing(world.lane)
    said = [f"{n}" * (n + 1) for n in range(9)]
    several = [request(SAY, {"text": each}) for each in said]

    client.writing.write(b"".join(several))
    assert texts(*[await client.read() for _ in said]) == said

    for each in several:
        client.writing.write(each)
        await asyncio.sleep(0)
    assert texts(*[await client.read() for _ in said]) == said

    for each in several[:3]:
        for byte in each:
            client.writing.write(bytes([byte]))
            await asyncio.sleep(0)
    assert texts(*[await client.read() for _ in range(3)]) == said[:3]
    await world.lane.at_rest()


async def test_a_slow_ride_holds_what_comes_after_it_on_its_connection_only(world: World) -> None:
    client, other = await waited(world), await knowing(world.lane)
    client.writing.write(request(WAIT))
    await world.until_waiting(1)
    unusual = [
        request(SAY, {"text": "quick"}),
        request(SAY, {"text": 7}),
        request("mutation { set(text: 1) }"),
        b"\r\n" + request(SAY, {"text": "x"}, {"x-another": "head"}),
        request(SAY, {"text": "last"}),
    ]
    for each in unusual:
        client.writing.write(each)
        await client.writing.drain()
        assert texts(await other.ask(SAY, {"text": "beside"})) == ["beside"]

    world.may_answer.set()

    assert (await client.read()).json == {"data": {"wait": "waited"}}
    answers = [await client.read() for _ in unusual]
    assert texts(answers[0], answers[3], answers[4]) == ["quick", "x", "last"]
    assert [each.codes for each in answers[1:3]] == [["BAD_USER_INPUT"], ["GRAPHQL_VALIDATION_FAILED"]]
    await world.lane.at_rest()


async def test_no_more_is_held_for_a_slow_ride_than_there_is_room_for(shared: World) -> None:
    client = await waited(shared)
    [connection] = connections(shared.lane)
    client.writing.write(request(WAIT))
    await shared.until_waiting(1)
    said = [str(n) * 20_000 for n in range(40)]

    for each in said:
        client.writing.write(request(SAY, {"text": each}))
    assert connection._rider is not None
    rider = connection._rider
    await until(lambda: len(rider._held) > MOST_HELD)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(rider._held) <= MOST_HELD + READING
    shared.may_answer.set()

    assert (await client.read()).json == {"data": {"wait": "waited"}}
    assert texts(*[await client.read() for _ in said]) == said
    assert not rider._held
    await shared.lane.at_rest()


async def test_a_socket_may_be_opened_behind_a_ride(shared: World) -> None:
    client = await waited(shared)
    client.writing.write(request(WAIT))
    await shared.until_waiting(1)
    client.writing.write(
        b"GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
    )
    shared.may_answer.set()

    assert (await client.read()).json == {"data": {"wait": "waited"}}
    async with asyncio.timeout(20):
        head = await client.reading.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")


async def test_garbage_behind_a_ride_ends_the_connection_after_its_answer(world: World) -> None:
    client = await waited(world)
    client.writing.write(request(WAIT))
    await world.until_waiting(1)
    client.writing.write(b"\0 what?\r\n\r\n")
    world.may_answer.set()

    assert (await client.read()).json == {"data": {"wait": "waited"}}
    assert (await client.end()).startswith(b"HTTP/1.1 400 ")
    await world.lane.at_rest()


# Who leaves.


def connections(served: Served) -> list[Connection]:
    """Those of a router that are open."""
    assert served.server._server is not None
    return [each for each in served.server._server.server_state.connections if isinstance(each, Connection)]


async def test_who_leaves_is_worked_for_no_longer(world: World) -> None:
    for behind in (b"", request(SAY), request(SAY)[:-1]):
        client = await waited(world)
        client.writing.write(request(WAIT))
        await world.until_waiting(1)
        client.writing.write(behind)
        await client.writing.drain()
        client.writing.transport.abort()

        await world.lane.at_rest()
        world.may_answer.set()
        await world.until_waiting(0)
    assert texts(await (await knowing(world.lane)).ask(SAY, {"text": "x"})) == ["x"]


async def test_who_says_no_more_is_gone(world: World) -> None:
    client = await waited(world)
    client.writing.write(request(WAIT))
    await world.until_waiting(1)
    client.writing.write_eof()

    assert await client.end() == b""
    await world.lane.at_rest()


async def test_when_the_first_of_many_leaves_the_others_are_answered(world: World) -> None:
    clients = [await waited(world) for _ in range(5)]
    asked = world.questions
    for each in clients:
        each.writing.write(request(WAIT))
    is_shared = world.lane.app.router.sharing is not None
    await until(lambda: world.lane.in_flight == 5)
    await world.until_waiting(1 if is_shared else 5)
    leaving = 0
    if is_shared:
        leads = [each for each in connections(world.lane) if each._rider._ride._running is not None]  # type: ignore[union-attr]
        assert len(leads) == 1
        port = leads[0].client[1]  # type: ignore[index]
        leaving = [each.writing.get_extra_info("sockname")[1] for each in clients].index(port)

    clients.pop(leaving).writing.transport.abort()
    await until(lambda: world.lane.in_flight == 4)
    clients.pop().writing.transport.abort()
    await until(lambda: world.lane.in_flight == 3)
    if is_shared:
        await until(lambda: world.questions == asked + 2)
    world.may_answer.set()

    for each in clients:
        assert (await each.read()).json == {"data": {"wait": "waited"}}
    assert world.questions == asked + (2 if is_shared else 5)
    await world.lane.at_rest()


async def test_who_does_not_read_is_not_answered_without_end(shared: World) -> None:
    await knowing(shared.lane)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(slow, ("127.0.0.1", shared.lane.server.port))
        large = request(SAY, {"text": "x" * 900_000})
        asking = loop.create_task(loop.sock_sendall(slow, large * 30))
        await until(lambda: any(each.flow.write_paused for each in connections(shared.lane)))
        asked = len(shared.subgraphs["catalogue"].questions)
        for _ in range(200):
            await asyncio.sleep(0)
        assert len(shared.subgraphs["catalogue"].questions) <= asked + 1
        asking.cancel()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await shared.lane.at_rest()


# The end.


async def test_the_last_answer_says_that_it_is_the_last(world: World) -> None:
    rides, waits, idle = await waited(world), await waited(world), await knowing(world.lane)
    for each in (rides, waits):
        each.writing.write(request(WAIT))
    await until(lambda: world.lane.in_flight == 2)
    rides.writing.write(request(SAY))
    await until(lambda: any(each._rider._held for each in connections(world.lane)))  # type: ignore[union-attr]

    for connection in connections(world.lane):
        connection.shutdown()
    assert await idle.end() == b""
    world.may_answer.set()

    for each in (rides, waits):
        answer = await each.read()
        assert answer.json == {"data": {"wait": "waited"}}
        assert ("connection", "close") in answer.headers
        assert await each.end() == b"", "nothing more is answered"
    await until(lambda: not connections(world.lane))
    await world.lane.at_rest()


@pytest.fixture
async def hasty(shared: World) -> AsyncIterator[World]:
    """A server that looks at its connections often."""
    app = shared.lane.app
    async with serving(app, connection_with(0.05, "/graphql", app.lane)) as server:
        shared.lane.server, usual = server, shared.lane.server
        yield shared
        shared.lane.server = usual


async def looks(connection: Connection, times: int) -> None:
    """The connection has looked so often whether something takes too long."""
    for _ in range(times):
        looking = connection._looking
        await until(lambda: connection._looking is not looking)  # noqa: B023 - awaited at once


async def test_a_ride_may_take_its_time_and_heads_may_not(hasty: World) -> None:
    hasty.may_answer.set()
    client = await knowing(hasty.lane, WAIT)
    hasty.may_answer.clear()
    [connection] = connections(hasty.lane)
    client.writing.write(request(WAIT))
    await hasty.until_waiting(1)
    await looks(connection, 4)
    hasty.may_answer.set()
    assert (await client.read()).json == {"data": {"wait": "waited"}}
    await looks(connection, 4)

    client.writing.write(request(SAY)[:30])

    assert await client.end() in (HEAD_TIMEOUT, b"")


async def test_a_connection_that_is_idle_after_a_ride_is_closed(hasty: World) -> None:
    client = await knowing(hasty.lane)
    [connection] = connections(hasty.lane)
    connection.timeout_keep_alive = 0

    assert await client.end() == b""


# Another supergraph.


async def test_a_ride_ends_under_its_supergraph_and_the_next_begins_under_the_new_one(world: World) -> None:
    client = await waited(world)
    snapshots, urls = world.lane.app.router.snapshots, {n: each.url for n, each in world.subgraphs.items()}
    old = snapshots.current
    client.writing.write(request(WAIT))
    await world.until_waiting(1)

    other = supergraph_of({**urls, "catalogue": urls["stock"]})
    snapshots.swap(build_snapshot(other))
    client.writing.write(request("{ depot }"))
    world.may_answer.set()

    assert (await client.read()).json == {"data": {"wait": "waited"}}
    assert (await client.read()).json == {"data": {"depot": "north"}}
    boarded = world.lane.boarded
    asked = len(world.subgraphs["stock"].questions)
    await client.ask(WAIT)
    assert len(world.subgraphs["stock"].questions) == asked + 1, "in place of the catalogue"
    assert world.lane.boarded == boarded
    await world.lane.at_rest()
    del snapshots
    await until(lambda: not is_held(old))


def is_held(old: Any) -> bool:
    """Whether any document is known under the old supergraph."""
    return any(isinstance(each, Known) and each.snapshot is old for each in gc.get_objects())


# What is left behind.


async def canned(exchange: Exchange) -> None:
    """Not a word of GraphQL: nothing is computed."""
    exchange.say({"data": {"say": "x"}})


async def test_rides_leave_no_work_for_the_collector(world: World) -> None:
    client = await knowing(world.lane)
    world.subgraphs["catalogue"].says = canned
    others = [await knowing(world.lane) for _ in range(3)]

    async def rides() -> None:
        boarded = world.lane.boarded
        for n in range(25):
            for each in others:
                each.writing.write(request(SAY, {"text": str(n % 2)}))
            await client.ask(SAY, {"text": "x"})
            for each in others:
                await each.read()
        assert world.lane.boarded == boarded + 100

    assert await ours_left_by(rides()) == []


async def test_connections_that_have_ended_leave_no_work_for_the_collector(shared: World) -> None:
    await knowing(shared.lane)
    [open_before] = connections(shared.lane)

    async def come_and_go() -> None:
        for _ in range(3):
            client = await knowing(shared.lane)
            client.writing.close()
            await until(lambda: connections(shared.lane) == [open_before])

    assert await ours_left_by(come_and_go()) == []


async def test_nothing_of_those_who_asked_is_remembered(shared: World) -> None:
    secret = "open sesame"
    headers = {"x-tenant": secret, "cookie": f"a={secret}", "user-agent": secret}
    client = await shared.lane.client()
    for _ in range(3):
        await shared.lane.known_to(client, SAY, {"text": secret}, headers)
        await shared.lane.known_to(client, THINGS, {"ids": [secret.replace(" ", "0"), "1"]}, headers)
    client.writing.close()
    await shared.lane.at_rest()
    await until(lambda: not connections(shared.lane))
    lane = shared.lane.app.lane
    assert lane is not None

    texts = [each for each in reachable(lane.lane._known, shared.lane.app.router) if isinstance(each, str)]

    assert any(each == SAY for each in texts), "the search finds what there is"
    assert not [each for each in texts if "sesame" in each]


def reachable(root: Any, border: Any) -> list[Any]:
    """Whatever it holds, short of the border, of types and of modules."""
    seen = {id(border)}
    found, left = [], [root]
    while left:
        each = left.pop()
        if id(each) in seen or isinstance(each, type | ModuleType | BuiltinFunctionType):
            continue
        seen.add(id(each))
        found.append(each)
        if isinstance(each, FunctionType):
            left += [*(each.__closure__ or ()), *(each.__defaults__ or ())]
        else:
            left += gc.get_referents(each)
    return found


async def test_the_lane_remembers_no_more_than_it_may() -> None:
    small = replace(SETTINGS, caches=replace(SETTINGS.caches, planned=5))
    async with worlds(small) as world:
        client = await knowing(world.lane)
        for n in range(12):
            for _ in range(3):
                await client.ask(f"query Q{n} {{ depot }}")
        assert world.lane.app.lane is not None
        assert 0 < len(world.lane.app.lane.lane._known) <= 5


# Whose answer it is.


async def test_those_whom_a_subgraph_can_tell_apart_share_nothing(world: World) -> None:
    world.may_answer.set()
    names = ["a", "b", "a"]
    clients = [await knowing(world.lane, "{ tenant wait }", headers={"x-tenant": name}) for name in names]
    world.may_answer.clear()
    asked = len(world.subgraphs["catalogue"].questions)
    for name, each in zip(names, clients, strict=True):
        each.writing.write(request("{ tenant wait }", None, {"x-tenant": name}))
    await until(lambda: world.lane.in_flight == 3)
    count = 2 if world.lane.app.router.sharing is not None else 3
    await world.until_waiting(count)
    world.may_answer.set()

    answers = [await each.read() for each in clients]

    assert [each.json["data"]["tenant"] for each in answers] == names
    heads = world.subgraphs["catalogue"].heads[asked:]
    assert sorted(each["x-tenant"] for each in heads) == sorted(names[:count] if count == 2 else names)
    ids = [dict(each.headers)["x-request-id"] for each in answers]
    assert len(set(ids)) == 3
    assert {each["x-request-id"] for each in heads} <= set(ids)


async def test_one_connection_of_a_proxy_speaks_for_many(shared: World) -> None:
    client = await shared.lane.client()
    for _ in range(3):
        for name in ("a", "b"):
            await shared.lane.known_to(client, "{ tenant }", None, {"x-tenant": name})
    boarded = shared.lane.boarded
    several = b"".join(request("{ tenant }", None, {"x-tenant": name}) for name in "ab")

    alone = [await client.ask("{ tenant }", None, {"x-tenant": name}) for name in "abab"]
    client.writing.write(several)
    together = [await client.read() for _ in range(2)]

    assert [each.json["data"]["tenant"] for each in (*alone, *together)] == list("ababab")
    assert shared.lane.boarded == boarded + 4


async def test_a_subgraph_hears_of_each_askers_own_address() -> None:
    class Told:
        def __init__(self) -> None:
            self.addresses: list[str | None] = []

        async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
            self.addresses.append(request.context.client_address)
            return SubgraphResponse(data={"say": request.context.client_address})

        def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
            raise NotImplementedError

    settings = replace(SETTINGS, trusted_proxies=(ip_network("127.0.0.0/8"),))
    async with worlds(settings, Surroundings(subgraphs={"catalogue": Told()})) as world:
        heads = [{"x-forwarded-for": "192.0.2.1"}, {"x-forwarded-for": "6.6.6.6, 192.0.2.2"}]
        clients = [await knowing(world.lane, headers=head) for head in heads]
        boarded = world.lane.boarded

        for head, client in zip(heads, clients, strict=True):
            client.writing.write(request(SAY, None, head))

        assert texts(*[await each.read() for each in clients]) == ["192.0.2.1", "192.0.2.2"]
        assert world.lane.boarded == boarded + 2
