"""Two routers over the same subgraphs, one with a lane and one without, and clients on bare sockets.

A no-op hook keeps a router from having a lane: it answers as the stages do.
"""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from graphql import build_schema, graphql

from router.app import RouterApp, Surroundings, build_app
from router.deadlines import deadlines_of
from router.hooks.protocol import Hook
from router.settings import RouterSettings, Timeouts
from router.snapshot.load import TextSource
from schema.compose import Subgraph, compose
from tests.fakes.http_server import HttpServer, serving
from tests.fakes.lasting_subgraph import Asked, Exchange, LastingSubgraph, lasting_subgraph

PATIENCE = 30.0
SETTINGS = RouterSettings(
    is_development=True,
    planner_process=False,
    timeouts=Timeouts(subgraph=60.0, request=60.0),
    forwarded_headers=frozenset({"x-tenant"}),
)
ALONE = replace(SETTINGS, share_requests=False, share_fetches=False)
JSON = "application/json"

_LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])\n'
_CATALOGUE = """
scalar Json
type Query { say(text: String): String any: Json wait: String tenant: String things(ids: [ID!]): [Thing!] }
type Mutation { set(text: String): String }
"""
_STOCK = """
type Query { depot: String }
"""
SUBGRAPHS = {
    "catalogue": _LINK + _CATALOGUE + 'type Thing @key(fields: "id") { id: ID! name: String! }',
    "stock": _LINK + _STOCK + 'type Thing @key(fields: "id") { id: ID! left: Int }',
}
_ENTITIES = (
    "scalar _Any union _Entity = Thing extend type Query { _entities(representations: [_Any!]!): [_Entity]! }"
)
_SERVED = {
    "catalogue": build_schema(_CATALOGUE + "type Thing { id: ID! name: String! } " + _ENTITIES),
    "stock": build_schema(_STOCK + "type Thing { id: ID! left: Int } " + _ENTITIES),
}
SAY = "query Say($text: String) { say(text: $text) }"
WAIT = "{ wait }"
THINGS = "query($ids: [ID!]) { depot things(ids: $ids) { name left } }"


class NoHook(Hook):
    """Wants to see no stage."""


@dataclass(kw_only=True)
class Answer:
    """An HTTP answer as it came."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)

    @property
    def codes(self) -> list[str]:
        """The codes of its errors."""
        return [error["extensions"]["code"] for error in self.json.get("errors", ())]

    @property
    def lasting(self) -> tuple[int, list[tuple[str, str]], bytes]:
        """What is the same whenever it is asked."""
        passing = ("date", "x-request-id")
        return self.status, sorted(each for each in self.headers if each[0] not in passing), self.body


class Client:
    """One connection."""

    def __init__(self, reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        self.reading = reading
        self.writing = writing

    async def read(self) -> Answer:
        """The next answer, once it is whole."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reading.readuntil(b"\r\n\r\n")
            first, *lines = head[:-4].decode("latin-1").split("\r\n")
            headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
            length = int(dict(headers)["content-length"])
            body = await self.reading.readexactly(length)
            return Answer(status=int(first.split()[1]), headers=headers, body=body)

    async def ask(
        self, query: str, variables: Any = None, headers: Mapping[str, str] | None = None, **members: Any
    ) -> Answer:
        """The answer to one request."""
        return await self.send(request(query, variables, headers, **members))

    async def send(self, data: bytes) -> Answer:
        """The next answer to any bytes."""
        self.writing.write(data)
        return await self.read()

    async def end(self) -> bytes:
        """What else comes until the server has closed."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reading.read()
            except ConnectionError:
                return b""


def request(
    query: str, variables: Any = None, headers: Mapping[str, str] | None = None, **members: Any
) -> bytes:
    """A whole POST."""
    body = orjson.dumps(
        {"query": query, **({} if variables is None else {"variables": variables}), **members}
    )
    return post(body, headers)


def post(body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """A whole POST of any body."""
    given = {"host": "x", "content-type": JSON, **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items()).encode()
    return b"POST /graphql HTTP/1.1\r\n%bcontent-length: %d\r\n\r\n%b" % (lines, len(body), body)


@dataclass(kw_only=True)
class Served:
    """A router on a real socket. `boarded`: how many requests got onto its lane."""

    app: RouterApp
    server: HttpServer
    boarded: int = 0
    clients: list[Client] = field(default_factory=list)

    async def client(self) -> Client:
        """A new connection."""
        client = Client(*await asyncio.open_connection("127.0.0.1", self.server.port, limit=2**24))
        self.clients.append(client)
        return client

    async def known_to(
        self, client: Client, query: str, variables: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Asked until a request with this document and head goes on the lane."""
        async with asyncio.timeout(PATIENCE):
            while True:
                before = self.boarded
                answer = await client.ask(query, variables, headers)
                if self.boarded > before or self.app.lane is None:
                    return answer

    @property
    def in_use(self) -> int:
        """Connections to subgraphs that somebody has."""
        return sum(host.in_use for host in self.app._pool.raw._hosts.values())

    @property
    def in_flight(self) -> int:
        """Requests that are worked on."""
        assert self.app.lane is not None
        return self.app.lane.admission.in_flight

    async def at_rest(self) -> None:
        """Nothing is held for anybody any more."""
        await until(lambda: self.in_flight == 0 and self.in_use == 0)
        await until(lambda: len(deadlines_of(asyncio.get_running_loop())) == 0)
        sharing = self.app.router.sharing
        assert sharing is None or len(sharing._flights) == 0


@dataclass(kw_only=True)
class World:
    """Both routers and the subgraphs behind them."""

    lane: Served
    stages: Served
    subgraphs: Mapping[str, LastingSubgraph]
    may_answer: asyncio.Event
    waiting: list[str]

    @property
    def questions(self) -> int:
        """How many the subgraphs were asked."""
        return sum(len(each.questions) for each in self.subgraphs.values())

    async def until_waiting(self, count: int) -> None:
        """So many questions wait for their answers."""
        await until(lambda: len(self.waiting) == count)


async def until(holds: Callable[[], bool]) -> None:
    """Return when it holds."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def worlds(
    settings: RouterSettings = SETTINGS, surroundings: Surroundings | None = None
) -> AsyncIterator[World]:
    """All of it, until the test ends."""
    given, may_answer, waiting = surroundings or Surroundings(), asyncio.Event(), list[str]()
    async with AsyncExitStack() as stack:

        def answering(name: str) -> Callable[[Exchange], Awaitable[None]]:
            async def answer(exchange: Exchange) -> None:
                exchange.say(await answered(name, exchange.asked, exchange.headers, may_answer, waiting))

            return answer

        subgraphs = {
            name: await stack.enter_async_context(lasting_subgraph(answering(name))) for name in SUBGRAPHS
        }
        supergraph = supergraph_of({name: each.url for name, each in subgraphs.items()})
        lane = build_app(settings, TextSource(supergraph), given)
        stages = build_app(settings, TextSource(supergraph), replace(given, hooks=(NoHook(),)))
        assert lane.lane is not None
        assert stages.lane is None
        served = [
            Served(app=app, server=await stack.enter_async_context(serving(app))) for app in (lane, stages)
        ]
        _count(served[0])
        try:
            yield World(
                lane=served[0], stages=served[1], subgraphs=subgraphs, may_answer=may_answer, waiting=waiting
            )
        finally:
            may_answer.set()
            for each in (*served[0].clients, *served[1].clients):
                each.writing.close()


def supergraph_of(urls: Mapping[str, str]) -> str:
    """The supergraph with these addresses."""
    made = [Subgraph(name=name, url=urls[name], sdl=sdl) for name, sdl in SUBGRAPHS.items()]
    return compose(made).supergraph_sdl


async def answered(
    name: str, asked: Asked, headers: Mapping[str, str], may_answer: asyncio.Event, waiting: list[str]
) -> dict[str, Any]:
    """What a healthy subgraph says."""

    async def wait(info: Any) -> str:
        waiting.append(name)
        try:
            await may_answer.wait()
        finally:
            waiting.remove(name)
        return "waited"

    def entities(info: Any, representations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{"__typename": "Thing", "left": int(each["id"]) * 10, **each} for each in representations]

    root = {
        "say": lambda info, text=None: text,
        "set": lambda info, text=None: text,
        "any": {"big": 2**70, "exact": 2**63, "text": "ünï ✓ \u2028", "list": [1.5, None, True]},
        "wait": wait,
        "tenant": headers.get("x-tenant"),
        "things": lambda info, ids=("1", "2"): [{"id": id, "name": f"thing {id}"} for id in ids],
        "depot": "north",
        "_entities": entities,
    }
    result = await graphql(
        _SERVED[name], asked["query"], root, variable_values=dict(asked.get("variables") or {})
    )
    return dict(result.formatted)


def _count(served: Served) -> None:
    """Look on as requests board."""
    door = served.app.lane
    assert door is not None
    board = door.lane.board

    def boarding(*given: Any) -> Any:
        ride = board(*given)
        served.boarded += ride is not None
        return ride

    door.lane.board = boarding  # type: ignore[method-assign,assignment]


async def ours_left_by(working: Awaitable[None]) -> list[str]:
    """The types of the router's own objects that only the collector could get rid of."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        await working
        gc.collect()
        return [type(each).__qualname__ for each in gc.garbage if type(each).__module__.startswith("router.")]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
