"""Whatever a subgraph does to a ride: the answer of the stages, with as many questions; nothing is held."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from router.compiled.trust import IN_A_ROW, REST
from router.settings import RouterSettings, Timeouts
from tests.fakes.lasting_subgraph import Exchange, Says, as_json, whole
from tests.integration.router.riding import (
    ALONE,
    SETTINGS,
    THINGS,
    WAIT,
    Client,
    World,
    ours_left_by,
    request,
    until,
    worlds,
)

DEPOT = "{ depot }"


def healthy(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What stock says when it is well."""
    if "_entities" not in asked["query"]:
        return {"data": {"depot": "north"}}
    told = asked["variables"]["representations"]
    return {"data": {"_entities": [{"__typename": "Thing", "left": int(each["id"]) * 10} for each in told]}}


def bytes_of(make: Callable[[bytes], bytes]) -> Says:
    """The healthy answer, in other bytes."""

    async def say(exchange: Exchange) -> None:
        exchange.say_bytes(make(as_json(healthy(exchange.asked))))

    return say


def changed(change: Callable[[dict[str, Any]], Any]) -> Says:
    """The healthy answer, changed."""

    async def say(exchange: Exchange) -> None:
        exchange.say(change(healthy(exchange.asked)))

    return say


def entities(change: Callable[[list[Any]], Any]) -> Says:
    """Other entities."""
    return changed(
        lambda a: {"data": {"_entities": change(a["data"]["_entities"])}} if "_entities" in a["data"] else a
    )


def then_closes(make: Callable[[bytes], bytes]) -> Says:
    """Says it, and closes the connection."""

    async def say(exchange: Exchange) -> None:
        exchange.say_bytes(make(as_json(healthy(exchange.asked))))
        exchange.writer.close()

    return say


async def hangs_up(exchange: Exchange) -> None:
    """Not a byte."""
    exchange.hang_up()


def hangs_up_once() -> Says:
    """Each question only the second time."""
    seen: set[str] = set()

    async def say(exchange: Exchange) -> None:
        text = repr(exchange.asked)
        if text in seen:
            exchange.say(healthy(exchange.asked))
        else:
            seen.add(text)
            exchange.hang_up()

    return say


def chunked(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%b\r\n5;a=b\r\n     \r\n0\r\nx-trailer: 1\r\n\r\n" % (len(body), body)


ERROR = {"message": "m", "extensions": {"code": "ODD"}}
FAULTS: Mapping[str, Callable[[], Says]] = {
    "an error beside data": lambda: changed(lambda a: a | {"errors": [ERROR]}),
    "an error and no data": lambda: changed(lambda a: {"errors": [ERROR]}),
    "null": lambda: changed(lambda a: {"data": None}),
    "no json": lambda: bytes_of(lambda body: whole(b"so what")),
    "half a json": lambda: bytes_of(lambda body: whole(body[:-3])),
    "nothing in it": lambda: bytes_of(lambda body: whole(b"")),
    "status 500": lambda: bytes_of(lambda body: whole(b"oh", status="500 Oh")),
    "status 500 with an answer": lambda: bytes_of(lambda body: whole(body, status="500 Oh")),
    "status 204": lambda: bytes_of(lambda body: b"HTTP/1.1 204 No\r\n\r\n"),
    "another shape": lambda: changed(lambda a: {"data": [1]}),
    "an entity missing": lambda: entities(lambda all: all[:-1]),
    "an entity null": lambda: entities(lambda all: [None, *all[1:]]),
    "a number that is a text": lambda: entities(lambda all: [{**each, "left": "x"} for each in all]),
    "half an answer, then closed": lambda: then_closes(lambda body: whole(body)[:-4]),
    "half a head, then closed": lambda: then_closes(lambda body: whole(body)[:30]),
    "closed without a byte": lambda: hangs_up,
    "closed without a byte, then well": hangs_up_once,
    "more than it should be": lambda: bytes_of(lambda body: whole(body) + b"more"),
    "a second answer": lambda: bytes_of(lambda body: whole(body) * 2),
    "no http": lambda: bytes_of(lambda body: b"SSH-2.0\r\n\r\n"),
    "an upgrade": lambda: bytes_of(
        lambda body: b"HTTP/1.1 101 X\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"
    ),
    "an answer to be had elsewhere": lambda: bytes_of(lambda body: whole(b"", status="302 X", location="/")),
}
HARMLESS = frozenset(
    {
        "status 500 with an answer",
        "an entity null",
        "closed without a byte, then well",
        "more than it should be",
        "a second answer",
    }
)
"""What is nothing to tell a client of."""

VARIANTS: Mapping[str, Callable[[], Says]] = {
    "chunked": lambda: bytes_of(chunked),
    "gzip": lambda: bytes_of(lambda body: whole(gzip.compress(body), content_encoding="gzip")),
    "a cookie": lambda: bytes_of(lambda body: whole(body, set_cookie="__Host-atrium-refresh=1; Secure")),
    "interim answers before": lambda: bytes_of(
        lambda body: b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\n" + whole(body)
    ),
    "the last of the connection": lambda: then_closes(lambda body: whole(body, connection="close")),
    "as long as the connection": lambda: then_closes(lambda body: b"HTTP/1.1 200 OK\r\n\r\n" + body),
    "as of old": lambda: then_closes(lambda body: whole(body).replace(b"HTTP/1.1", b"HTTP/1.0", 1)),
    "status 203": lambda: bytes_of(lambda body: whole(body, status="203 X")),
    "other letters": lambda: bytes_of(
        lambda body: whole(body).replace(b"content-length: ", b"Content-LENGTH:\t ")
    ),
}


@asynccontextmanager
async def knowing(settings: RouterSettings, *queries: str) -> AsyncIterator[tuple[World, Client, Client]]:
    """A connection to each router, on which these are known."""
    async with worlds(replace(settings, mask_errors=False)) as world:
        world.may_answer.set()
        rides, walks = await world.lane.client(), await world.stages.client()
        for query in queries:
            await world.lane.known_to(rides, query)
            for _ in range(3):
                await walks.ask(query)
        yield world, rides, walks


async def both(world: World, rides: Client, walks: Client, make: Callable[[], Says]) -> list[str]:
    """Ask both routers; the codes of their errors."""
    world.subgraphs["stock"].says = make()
    boarded, asked = world.lane.boarded, world.questions
    ridden = await rides.ask(THINGS)
    questions, world.subgraphs["stock"].says = world.questions - asked, make()
    walked = await walks.ask(THINGS)

    assert world.lane.boarded == boarded + 1
    assert ridden.lasting == walked.lasting
    assert questions == world.questions - asked - questions, "as many questions"
    await world.lane.at_rest()
    return ridden.codes


BOTH_WAYS = pytest.mark.parametrize("settings", [SETTINGS, ALONE], ids=["shared", "alone"])


@BOTH_WAYS
async def test_faults_are_answered_as_by_the_stages(settings: RouterSettings) -> None:
    async with knowing(settings, THINGS) as (world, rides, walks):
        well = world.subgraphs["stock"].says
        for name, make in FAULTS.items():
            assert (await both(world, rides, walks, make) == []) == (name in HARMLESS), name
            world.subgraphs["stock"].says = well
            for each in (rides, walks):
                assert (await each.ask(THINGS)).codes == []


@BOTH_WAYS
async def test_answers_may_come_in_many_forms(settings: RouterSettings) -> None:
    async with knowing(settings, THINGS) as (world, rides, walks):
        for make in VARIANTS.values():
            assert await both(world, rides, walks, make) == []
        assert world.lane.app.router.counts.taken_over.total() == 0


async def test_a_connection_that_was_closed_meanwhile_is_not_noticed() -> None:
    async with knowing(ALONE, THINGS) as (world, rides, _):
        for _ in range(5):
            for each in world.subgraphs.values():
                each.hang_up()
            assert (await rides.ask(THINGS)).codes == []
        await world.lane.at_rest()


async def test_a_query_that_is_surprised_again_and_again_rests_from_the_lane() -> None:
    async with knowing(ALONE, DEPOT) as (world, rides, _):
        well, boarded = world.subgraphs["stock"].says, world.lane.boarded
        world.subgraphs["stock"].says = FAULTS["an error beside data"]()
        for n in range(IN_A_ROW + REST):
            assert (await rides.ask(DEPOT)).codes == ["ODD"]
            assert world.lane.boarded == boarded + min(n + 1, IN_A_ROW)
        world.subgraphs["stock"].says = well

        assert (await rides.ask(DEPOT)).codes == []
        assert world.lane.boarded == boarded + IN_A_ROW + 1


async def test_a_subgraph_that_is_gone_is_not_asked_for_a_while() -> None:
    now = 0.0
    async with knowing(ALONE, DEPOT) as (world, rides, _):
        breaker, well = world.lane.app.router.clients._breakers["stock"], world.subgraphs["stock"].says
        breaker._clock = lambda: now
        world.subgraphs["stock"].says = hangs_up
        asked, boarded = world.questions, world.lane.boarded
        for _ in range(breaker._threshold + 2):
            assert (await rides.ask(DEPOT)).codes == ["SUBGRAPH_UNREACHABLE"]
        assert world.questions == asked + 2 * breaker._threshold, "each twice, and then none"
        assert world.lane.boarded == boarded + IN_A_ROW

        now, world.subgraphs["stock"].says = 60.0, well
        assert (await rides.ask(DEPOT)).codes == []
        assert breaker.is_at_rest
        await world.lane.at_rest()


async def test_a_subgraph_that_says_nothing_is_given_up_in_time() -> None:
    settings = replace(SETTINGS, timeouts=Timeouts(subgraph=0.3, request=60.0))
    async with knowing(settings, WAIT) as (world, rides, walks):
        others = [await world.lane.client() for _ in range(2)]
        for each in others:
            await world.lane.known_to(each, WAIT)
        world.may_answer.clear()
        boarded = world.lane.boarded
        for each in (rides, *others):
            each.writing.write(request(WAIT))
        answers = [await each.read() for each in (rides, *others)]

        assert world.lane.boarded == boarded + 3
        assert [each.codes for each in answers] == [["SUBGRAPH_TIMEOUT"]] * 3
        assert {each.body for each in answers} == {(await walks.ask(WAIT)).body}
        await world.lane.at_rest()


async def test_a_request_ends_at_its_deadline() -> None:
    settings = replace(ALONE, timeouts=Timeouts(subgraph=60.0, request=0.3))
    async with knowing(settings, WAIT) as (world, rides, _):
        world.may_answer.clear()
        boarded = world.lane.boarded

        answer = await rides.ask(WAIT)

        assert world.lane.boarded == boarded + 1
        # The question has the same deadline, and may be given up first.
        assert answer.codes in (["REQUEST_TIMEOUT"], ["SUBGRAPH_TIMEOUT"])
        await world.lane.at_rest()


@pytest.mark.parametrize("name", ["an error and no data", "no json", "closed without a byte", "status 500"])
async def test_those_who_wait_for_a_faulty_answer_get_the_same_one(name: str) -> None:
    async with knowing(SETTINGS, DEPOT) as (world, rides, walks):
        clients = [rides]
        for _ in range(4):
            clients.append(await world.lane.client())
            await world.lane.known_to(clients[-1], DEPOT)
        fault, go = FAULTS[name](), asyncio.Event()

        async def later(exchange: Exchange) -> None:
            await go.wait()
            await fault(exchange)

        world.subgraphs["stock"].says = later
        asked, boarded = world.questions, world.lane.boarded
        for each in clients:
            each.writing.write(request(DEPOT))
        await until(lambda: world.lane.boarded == boarded + 5)
        go.set()

        answers = [await each.read() for each in clients]

        assert len({each.body for each in answers}) == 1
        assert answers[0].lasting == (await walks.ask(DEPOT)).lasting
        assert world.questions - asked == (4 if name == "closed without a byte" else 2), "by both routers"
        assert len({dict(each.headers)["x-request-id"] for each in answers}) == 5
        await world.lane.at_rest()


@BOTH_WAYS
async def test_who_leaves_while_it_goes_wrong_leaves_nothing_behind(settings: RouterSettings) -> None:
    """One subgraph has failed, and the reference executor waits for the other."""
    query = "{ depot wait }"
    async with knowing(settings, query) as (world, rides, _):
        stays = await world.lane.client()
        await world.lane.known_to(stays, query)
        world.may_answer.clear()
        world.subgraphs["stock"].says = FAULTS["no json"]()
        for each in (rides, stays):
            each.writing.write(request(query))
        await until(lambda: world.lane.in_flight == 2)
        await until(lambda: len(world.waiting) == (1 if settings is SETTINGS else 2))
        taken = world.lane.app.router.counts.taken_over

        rides.writing.transport.abort()
        await until(lambda: world.lane.in_flight == 1)
        world.may_answer.set()

        answer = await stays.read()
        assert (answer.codes, answer.json["data"]["wait"]) == (["SUBGRAPH_BAD_RESPONSE"], "waited")
        assert taken.total() == 1
        await world.lane.at_rest()


async def test_answers_with_errors_leave_no_work_for_the_collector() -> None:
    async with knowing(ALONE, THINGS) as (world, rides, _):
        well = world.subgraphs["stock"].says

        async def faults() -> None:
            for name in ("an error beside data", "an entity missing", "a number that is a text"):
                world.subgraphs["stock"].says = FAULTS[name]()
                await rides.ask(THINGS)
                world.subgraphs["stock"].says = well
                await rides.ask(THINGS)

        assert await ours_left_by(faults()) == []
