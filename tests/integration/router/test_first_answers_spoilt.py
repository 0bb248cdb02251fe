"""A first answer that is spoilt, and what others should have added to it: the rest is there, and says why.

One router interprets plans, one runs them compiled; both meet every fault over real HTTP. The first subgraph
has the root fields, the second completes the entities among them.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from router.app import RouterApp, build_app
from router.settings import RouterSettings, Timeouts
from router.snapshot.load import TextSource
from schema.compose import Subgraph, compose
from tests.fakes.http_server import serving
from tests.fakes.raw_subgraph import Asked, http, raw_subgraph

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])\n'
)
FIRST = LINK + (
    "scalar Json enum Colour { RED GREEN } union Thing = Chair | Stool "
    "type Query { hello: String chairs: [Chair] seat: Seat seats: [Seat!] things: [Thing] colour: Colour "
    "size: Float grid: [[Int!]] whatever: Json part: Part } "
    "interface Seat { id: ID! legs: Int! } "
    'type Chair implements Seat @key(fields: "id") { id: ID! legs: Int! } '
    'type Stool implements Seat @key(fields: "id") { id: ID! legs: Int! } '
    'type Part @key(fields: "code { of } label") { code: Code label: Json } '
    "type Code @shareable { of: [Int] }"
)
SECOND = LINK + (
    "scalar Json type Query { other: String } "
    'type Chair @key(fields: "id") { id: ID! left: Int } type Stool @key(fields: "id") { id: ID! left: Int } '
    'type Part @key(fields: "code { of } label") { code: Code label: Json price: Int } '
    "type Code @shareable { of: [Int] }"
)
QUERY = (
    "{ other hello chairs { id left } "
    "seat { __typename legs ... on Chair { left } ... on Stool { left } } "
    "seats { __typename legs ... on Chair { left } ... on Stool { left } } "
    "things { __typename ... on Chair { left } ... on Stool { left } } "
    "colour size grid whatever part { price } }"
)
CHAIR = {"__typename": "Chair", "id": "1", "legs": 4}
STOOL = {"__typename": "Stool", "id": "2", "legs": 3}
GOOD: Mapping[str, Any] = {
    "hello": "hi",
    "chairs": [{"id": "1"}, {"id": "3"}],
    "seat": STOOL,
    "seats": [CHAIR, STOOL],
    "things": [CHAIR, None],
    "colour": "RED",
    "size": 1.5,
    "grid": [[1], None],
    "whatever": {"a": [1]},
    "part": {"code": {"of": [1, None]}, "label": "x"},
}


def shown(seat: Mapping[str, Any]) -> dict[str, Any]:
    """A seat as the client sees it."""
    return {"__typename": seat["__typename"], "legs": seat["legs"], "left": 10}


WANTED: Mapping[str, Any] = {
    "other": "o",
    **GOOD,
    "chairs": [{"id": "1", "left": 10}, {"id": "3", "left": 10}],
    "seat": shown(STOOL),
    "seats": [shown(CHAIR), shown(STOOL)],
    "things": [{"__typename": "Chair", "left": 10}, None],
    "part": {"price": 5},
}
DEEP = 1_000
DEEP_LIST = "[" * DEEP + "1" + "]" * DEEP
DEEP_OBJECT = '{"a":' * DEEP + "1" + "}" * DEEP
HALF_DEEP = "[" * 450 + "1" + "]" * 450

Place = tuple[str | int, ...]
CASES: Mapping[str, tuple[dict[str, Any], dict[str, Any], Place | None]] = {
    # what the first subgraph says instead, what the answer has instead, and where the error is
    "a list is an object": ({"chairs": {}}, {"chairs": None}, ("chairs",)),
    "a list is a text": ({"chairs": "x"}, {"chairs": None}, ("chairs",)),
    "a list has a list in it": ({"chairs": [[{"id": "1"}]]}, {"chairs": [None]}, ("chairs", 0)),
    "an item is a text": (
        {"chairs": ["x", {"id": "3"}]},
        {"chairs": [None, {"id": "3", "left": 10}]},
        ("chairs", 0),
    ),
    "an entity without its key": (
        {"chairs": [{}, {"id": "3"}]},
        {"chairs": [None, {"id": "3", "left": 10}]},
        ("chairs", 0, "id"),
    ),
    "a key is null": (
        {"chairs": [{"id": None}, {"id": "3"}]},
        {"chairs": [None, {"id": "3", "left": 10}]},
        ("chairs", 0, "id"),
    ),
    "a key is a list": (
        {"chairs": [{"id": ["1"]}, {"id": "3"}]},
        {"chairs": [None, {"id": "3", "left": 10}]},
        ("chairs", 0, "id"),
    ),
    "a key is an object": (
        {"chairs": [{"id": {"id": "1"}}, {"id": "3"}]},
        {"chairs": [None, {"id": "3", "left": 10}]},
        ("chairs", 0, "id"),
    ),
    "a key is true": (
        {"chairs": [{"id": True}, {"id": "3"}]},
        {"chairs": [None, {"id": "3", "left": 10}]},
        ("chairs", 0, "id"),
    ),
    "a type that is none": ({"seat": {**STOOL, "__typename": "Ghost"}}, {"seat": None}, ("seat",)),
    "the type is the interface": ({"seat": {**STOOL, "__typename": "Seat"}}, {"seat": None}, ("seat",)),
    "a type of something else": ({"seat": {**STOOL, "__typename": "Part"}}, {"seat": None}, ("seat",)),
    "a type that is a list": ({"seat": {**STOOL, "__typename": ["Stool"]}}, {"seat": None}, ("seat",)),
    "a type that is null": ({"seat": {**STOOL, "__typename": None}}, {"seat": None}, ("seat",)),
    "an object without its type": ({"seat": {"legs": 3, "id": "2"}}, {"seat": None}, ("seat",)),
    "null for non-null": ({"seat": {**STOOL, "legs": None}}, {"seat": None}, ("seat", "legs")),
    "null for non-null, in a list of such": (
        {"seats": [CHAIR, {**STOOL, "legs": None}]},
        {"seats": None},
        ("seats", 1, "legs"),
    ),
    "a type that is none, in a list": (
        {"seats": [{**CHAIR, "__typename": "Ghost"}, STOOL]},
        {"seats": None},
        ("seats", 0),
    ),
    "a member that is none": (
        {"things": [{"__typename": "Ghost", "id": "1"}, CHAIR]},
        {"things": [None, {"__typename": "Chair", "left": 10}]},
        ("things", 0),
    ),
    "a value that the enum has not": ({"colour": "BLUE"}, {"colour": None}, ("colour",)),
    "a number is a text": ({"size": "1.5"}, {"size": None}, ("size",)),
    "a number is true": ({"size": True}, {"size": None}, ("size",)),
    "a list of lists is flat": ({"grid": [1, [2]]}, {"grid": [None, [2]]}, ("grid", 0)),
    "null among what is not null": ({"grid": [[1, None], [2]]}, {"grid": [None, [2]]}, ("grid", 0, 1)),
    "anything nested without end": ({"whatever": DEEP_LIST}, {"whatever": DEEP_LIST}, None),
    "any object nested without end": ({"whatever": DEEP_OBJECT}, {"whatever": DEEP_OBJECT}, None),
    "a key nested without end": ({"part": {"code": {"of": []}, "label": DEEP_LIST}}, {}, None),
    "a key nested half as deep": ({"part": {"code": {"of": []}, "label": HALF_DEEP}}, {}, None),
    "a nested key that is no object": ({"part": {"code": [], "label": 1}}, {}, None),
}


def written(data: Mapping[str, Any]) -> str:
    """The data as JSON; what is nested too deeply for Python's own writer stands in it as a text."""
    text = json.dumps(data)
    for deep in (DEEP_LIST, DEEP_OBJECT, HALF_DEEP):
        text = text.replace(json.dumps(deep), deep)
    return text


@dataclass(slots=True, kw_only=True)
class Running:
    """A router over both subgraphs; `says`: what the first one's data is."""

    app: RouterApp
    url: str
    session: aiohttp.ClientSession
    is_compiled: bool
    says: list[Mapping[str, Any]] = field(default_factory=lambda: [GOOD])
    told: list[Any] = field(default_factory=list)

    async def ask(self) -> str:
        """The answer's text; always in time, always HTTP 200."""
        async with (
            asyncio.timeout(30),
            self.session.post(self.url, json={"query": QUERY}) as response,
        ):
            assert response.status == 200
            return await response.text()

    async def be_well(self) -> None:
        """A healthy answer, by a compiled plan if there may be one."""
        self.says[:] = [GOOD]
        counts = self.app.router.counts
        async with asyncio.timeout(30):
            while True:
                before = counts.compiled
                assert json.loads(await self.ask()) == {"data": WANTED}
                if not self.is_compiled or counts.compiled > before:
                    return
                await asyncio.sleep(0.005)


@pytest.fixture(scope="module", params=[False, True], ids=["interpreted", "compiled"])
async def running(request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    says: list[Mapping[str, Any]] = [GOOD]
    told: list[Any] = []

    async def first(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(http(f'{{"data":{written(says[0])}}}'.encode()))

    async def second(asked: Asked, writer: asyncio.StreamWriter) -> None:
        data: dict[str, Any] = {"other": "o"}
        for name, value in asked.get("variables", {}).items():
            told.extend(value)
            alias = "_entities" if name == "representations" else name.replace("representations", "_e")
            data[alias] = [{"left": 10, "price": 5} for _ in value]
        writer.write(http(json.dumps({"data": data}).encode()))

    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(raw_subgraph(first))
        two = await stack.enter_async_context(raw_subgraph(second))
        subgraphs = [
            Subgraph(name="first", url=one.url, sdl=FIRST),
            Subgraph(name="second", url=two.url, sdl=SECOND),
        ]
        settings = RouterSettings(
            timeouts=Timeouts(subgraph=20.0, request=60.0), compile_plans=request.param, share_fetches=False
        )
        app = build_app(settings, TextSource(compose(subgraphs).supergraph_sdl))
        server = await stack.enter_async_context(serving(app))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Running(
            app=app,
            url=f"{server.url}/graphql",
            session=session,
            is_compiled=request.param,
            says=says,
            told=told,
        )


@pytest.mark.parametrize("fault", CASES)
async def test_the_rest_is_there_and_the_place_is_named(running: Running, fault: str) -> None:
    said, instead, place = CASES[fault]
    await running.be_well()
    running.says[:] = [{**GOOD, **said}]

    text = await running.ask()

    answer = f'{{"data":{written({**WANTED, **instead})}}}'
    if place is None:
        assert text.replace(" ", "") == answer.replace(" ", "")
        return
    body = json.loads(text)
    assert body["data"] == {**WANTED, **instead}
    assert [tuple(error["path"]) for error in body["errors"]] == [place]
    for error in body["errors"]:
        assert error["extensions"] == {"code": "SUBGRAPH_BAD_RESPONSE", "service": "first"}


async def test_nobody_is_asked_for_what_is_no_entity(running: Running) -> None:
    await running.be_well()
    running.told.clear()
    running.says[:] = [{"chairs": ["x", {}, [], {"id": "3"}], "seat": {"id": "9"}}]

    await running.ask()

    assert running.told == [{"__typename": "Chair", "id": "3"}]


@pytest.mark.parametrize("left_out", sorted(GOOD))
async def test_a_field_that_is_left_out_is_null(running: Running, left_out: str) -> None:
    await running.be_well()
    running.says[:] = [{key: value for key, value in GOOD.items() if key != left_out}]

    body = json.loads(await running.ask())

    assert body["data"] == {**WANTED, left_out: None}


@pytest.mark.parametrize("nested", [DEEP_LIST, DEEP_OBJECT], ids=["lists", "objects"])
@pytest.mark.parametrize("name", sorted(GOOD))
async def test_a_field_that_is_nested_without_end_costs_itself_alone(
    running: Running, name: str, nested: str
) -> None:
    await running.be_well()
    running.says[:] = [{**GOOD, name: nested}]

    text = await running.ask()

    if name == "whatever":
        assert '"errors"' not in text
        return
    body = json.loads(text)
    assert {key: body["data"][key] for key in WANTED if key != name} == {
        key: value for key, value in WANTED.items() if key != name
    }
    assert all(error["path"][0] == name for error in body.get("errors", ()))


@pytest.mark.parametrize("part", [{"code": DEEP_LIST, "label": 1}, {"code": {"of": DEEP_LIST}, "label": 1}])
async def test_a_key_that_is_nested_without_end_costs_its_object_alone(
    running: Running, part: Mapping[str, Any]
) -> None:
    await running.be_well()
    running.says[:] = [{**GOOD, "part": part}]

    body = json.loads(await running.ask())

    assert {**body["data"], "part": None} == {**WANTED, "part": None}
