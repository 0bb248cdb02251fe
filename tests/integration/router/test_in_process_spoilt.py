"""A subgraph in process that answers nonsense, raises or hangs costs its own fields and nothing else.

One router interprets plans, one runs them compiled. The faulty subgraph has root fields, and entities of the
other one.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from router.app import RouterApp, Surroundings, build_app
from router.settings import RouterSettings, Timeouts
from router.snapshot.load import TextSource
from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse
from schema.compose import Subgraph, compose
from tests.fakes.http_server import serving

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])\n'
CATALOGUE = LINK + 'type Query { hello: String chairs: [Chair] } type Chair @key(fields: "id") { id: ID! }'
STOCK = (
    LINK + 'type Query { depot: String } type Chair @key(fields: "id") { id: ID! left: Int weight: Float }'
)
QUERY = "{ hello depot chairs { id left weight } }"
WANTED = {
    "hello": "hi",
    "depot": "north",
    "chairs": [{"id": "1", "left": 1, "weight": 1.5}, {"id": "2", "left": 1, "weight": 1.5}],
}
EMPTY = {"left": None, "weight": None}
NOTHING = {"hello": "hi", "depot": None, "chairs": [{"id": "1", **EMPTY}, {"id": "2", **EMPTY}]}
FOR_ALL = {("depot",), *(("chairs", index, name) for index in range(2) for name in EMPTY)}
SHORT_SECONDS = 1.0

Answer = Callable[[SubgraphRequest], Any]


def catalogue(request: SubgraphRequest) -> SubgraphResponse:
    """The good subgraph."""
    return SubgraphResponse(data={"hello": "hi", "chairs": [{"id": "1"}, {"id": "2"}]})


def stock(request: SubgraphRequest) -> SubgraphResponse:
    """The other one when it is well."""
    if "_entities" not in request.document:
        return SubgraphResponse(data={"depot": "north"})
    told = request.variables["representations"]
    return SubgraphResponse(data={"_entities": [{"left": 1, "weight": 1.5} for _ in told]})


class Fake:
    """Answers what `says` gives, or whatever that turns into."""

    def __init__(self, says: Answer) -> None:
        self.says = says

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        answer = self.says(request)
        found: SubgraphResponse = await answer if isinstance(answer, Awaitable) else answer
        return found

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        yield await self.execute(request)


def raising(failure: BaseException) -> Answer:
    def says(request: SubgraphRequest) -> Any:
        raise failure

    return says


async def hanging(request: SubgraphRequest) -> SubgraphResponse:
    await asyncio.Event().wait()
    raise AssertionError


def entities(first: Any) -> Answer:
    """All is well but the first entity."""

    def says(request: SubgraphRequest) -> SubgraphResponse:
        answer = stock(request)
        assert answer.data is not None
        if "_entities" in answer.data:
            answer.data["_entities"][0] = first
        return answer

    return says


BAD, FAILED, LATE = "SUBGRAPH_BAD_RESPONSE", "SUBGRAPH_HTTP_ERROR", "SUBGRAPH_TIMEOUT"
Data: Any = SubgraphResponse
USELESS: Mapping[str, tuple[Answer, str]] = {
    "nothing": (lambda _: None, BAD),
    "a dict": (lambda _: {"data": {"depot": "x"}}, BAD),
    "data is a list": (lambda _: Data(data=[1]), BAD),
    "data is a text": (lambda _: Data(data="x"), BAD),
    "neither data nor errors": (lambda _: Data(data=None), BAD),
    "errors are null": (lambda request: Data(data=stock(request).data, errors=None), BAD),
    "errors are texts": (lambda request: Data(data=stock(request).data, errors=("x",)), BAD),
    "errors are exceptions": (lambda request: Data(data=stock(request).data, errors=(ValueError(),)), BAD),
    "errors without a message": (lambda request: Data(data=stock(request).data, errors=({},)), BAD),
    "a failure": (raising(ValueError("secret")), FAILED),
    "too deep a recursion": (raising(RecursionError()), FAILED),
    "the end of an iterator": (raising(StopAsyncIteration()), FAILED),
    "something inside was cancelled": (raising(asyncio.CancelledError()), FAILED),
    "a timeout of its own": (raising(TimeoutError()), LATE),
}
SPOILT: Mapping[str, tuple[Any, Mapping[str, Any], set[str]]] = {
    # an entity, what is left of it, and which of its fields have errors
    "no object": (object(), EMPTY, {"left", "weight"}),
    "a decimal for an integer": (
        {"left": Decimal(1), "weight": 1.5},
        {"left": None, "weight": 1.5},
        {"left"},
    ),
    "not a number": ({"left": 1, "weight": float("nan")}, {"left": 1, "weight": None}, {"weight"}),
    "a set": ({"left": {1}, "weight": 1.5}, {"left": None, "weight": 1.5}, {"left"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A router over both."""

    app: RouterApp
    url: str
    session: aiohttp.ClientSession
    stock: Fake
    is_compiled: bool

    async def ask(self) -> dict[str, Any]:
        """The answer; always in time, always HTTP 200."""
        async with asyncio.timeout(30), self.session.post(self.url, json={"query": QUERY}) as response:
            assert response.status == 200
            body: dict[str, Any] = json.loads(await response.text())
            return body

    async def be_well(self) -> None:
        """A healthy answer, by a compiled plan if there may be one."""
        self.stock.says = stock
        counts = self.app.router.counts
        async with asyncio.timeout(30):
            while True:
                before = counts.compiled
                body = await self.ask()
                if body == {"data": WANTED} and (not self.is_compiled or counts.compiled > before):
                    return
                await asyncio.sleep(0.005)


@asynccontextmanager
async def started(*, is_compiled: bool, seconds: float = 20.0) -> AsyncIterator[Running]:
    """The router; `seconds`: what subgraphs get."""
    faulty = Fake(stock)
    composed = compose(
        [
            Subgraph(name="catalogue", url="http://catalogue", sdl=CATALOGUE),
            Subgraph(name="stock", url="http://stock", sdl=STOCK),
        ]
    )
    settings = RouterSettings(compile_plans=is_compiled, timeouts=Timeouts(subgraph=seconds, request=60.0))
    surroundings = Surroundings(subgraphs={"catalogue": Fake(catalogue), "stock": faulty})
    async with AsyncExitStack() as stack:
        app = build_app(settings, TextSource(composed.supergraph_sdl), surroundings)
        server = await stack.enter_async_context(serving(app))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Running(
            app=app,
            url=f"{server.url}/graphql",
            session=session,
            stock=faulty,
            is_compiled=is_compiled,
        )


@pytest.fixture(scope="module", params=[False, True], ids=["interpreted", "compiled"])
async def running(request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    async with started(is_compiled=request.param) as found:
        yield found


@pytest.mark.parametrize("fault", USELESS)
async def test_a_useless_answer_costs_its_own_fields(running: Running, fault: str) -> None:
    says, code = USELESS[fault]
    await running.be_well()
    running.stock.says = says

    body = await running.ask()

    assert body["data"] == NOTHING
    assert {tuple(error["path"]) for error in body["errors"]} == FOR_ALL
    assert {error["extensions"]["code"] for error in body["errors"]} == {code}
    assert {error["extensions"]["service"] for error in body["errors"]} == {"stock"}
    assert "secret" not in str(body)


@pytest.mark.parametrize("is_compiled", [False, True], ids=["interpreted", "compiled"])
async def test_one_that_never_answers_is_given_up(is_compiled: bool) -> None:
    async with started(is_compiled=is_compiled, seconds=SHORT_SECONDS) as running:
        await running.be_well()
        running.stock.says = hanging

        body = await running.ask()

        assert body["data"] == NOTHING
        assert {error["extensions"]["code"] for error in body["errors"]} == {LATE}


@pytest.mark.parametrize("fault", SPOILT)
async def test_of_a_spoilt_entity_what_is_right_stays(running: Running, fault: str) -> None:
    entity, left, wrong = SPOILT[fault]
    await running.be_well()
    running.stock.says = entities(entity)

    body = await running.ask()

    chairs = [{"id": "1", **left}, WANTED["chairs"][1]]
    assert body["data"] == {**WANTED, "chairs": chairs}
    assert {tuple(error["path"]) for error in body["errors"]} == {("chairs", 0, name) for name in wrong}
    assert {error["extensions"]["service"] for error in body["errors"]} == {"stock"}
