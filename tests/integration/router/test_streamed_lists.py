"""Lists that our own subgraphs stream, through a running router: in process and behind HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest
import strawberry

from atrium.platform import InProcess
from common.access.signing import IdentityVerifier, generate_key, private_key_to_text
from common.clock import SystemClock
from common.errors import DomainError, Kind
from common.graphql.app import build_subgraph_app
from common.graphql.schema import build_schema
from common.graphql.subgraph import Subgraph
from router.app import Surroundings, build_app
from router.plan.nodes import StreamedList
from router.plan.serialise import from_json
from router.snapshot.load import TextSource
from schema import compose as composition
from tests.fakes.http_server import serving
from tests.integration.router.conftest import SETTINGS
from tests.integration.router.test_event_streams import Reader

KEY = generate_key()
STREAMED = "{ letters @stream(initialCount: 1) { text stamp } }"


class LetterLost(DomainError):
    """Nobody knows what was in it."""

    code = "LETTER_LOST"
    kind = Kind.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("The letter was lost.")


@dataclass
class Post:
    """Letters as the test lets them come."""

    letters: "asyncio.Queue[int | None]" = field(default_factory=asyncio.Queue)
    open: int = 0


@strawberry.federation.type(keys=["id"])
class Letter:
    """Something that was written."""

    id: strawberry.ID

    @strawberry.field
    def text(self) -> str | None:
        """What it says; the third was lost, at the fourth something breaks."""
        if self.id == "3":
            raise LetterLost
        if self.id == "4":
            raise ZeroDivisionError("secret")
        return f"letter {self.id}"


@strawberry.type
class LettersQuery:
    """Letters in their order."""

    @strawberry.field
    async def letters(self, info: strawberry.Info) -> strawberry.Streamable[Letter]:
        """One after the other, for as long as there are any."""
        post: Post = info.context.parts
        post.open += 1
        try:
            while (number := await post.letters.get()) is not None:
                yield Letter(id=strawberry.ID(str(number)))
        finally:
            post.open -= 1


@strawberry.federation.type(name="Letter", keys=["id"])
class Stamped:
    """A letter as those know it who stamp it."""

    id: strawberry.ID

    @strawberry.field
    def stamp(self) -> int:
        """What was paid."""
        return 10 * int(self.id)

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Stamped":
        """Every letter has a stamp."""
        return cls(id=id)


@strawberry.type
class StampsQuery:
    """Nothing to ask."""

    @strawberry.field
    def stamps(self) -> int:
        """How many there are."""
        return 0


class Resources:
    """What these need of the things with a life."""

    clock = SystemClock()


@dataclass
class World:
    """A router over letters and stamps."""

    post: Post
    url: str
    session: aiohttp.ClientSession

    def asked(self, accept: str) -> Any:
        """An answer that comes in parts."""
        return self.session.post(self.url, json={"query": STREAMED}, headers={"accept": accept})


@pytest.fixture(params=["in process", "http"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    post, resources = Post(), Resources()
    anything: Any = resources
    letters = Subgraph(
        name="letters", schema=build_schema(query=LettersQuery, streams=True), resources=anything, parts=post
    )
    stamps = Subgraph(
        name="stamps",
        schema=build_schema(query=StampsQuery, types=[Stamped]),
        resources=anything,
        parts=post,
    )
    settings, surroundings = replace(SETTINGS, signing_key=private_key_to_text(KEY)), Surroundings()
    async with AsyncExitStack() as stack:
        addresses = {}
        for each in (letters, stamps):
            app = build_subgraph_app(each, IdentityVerifier([KEY.public_key()], each.name))
            addresses[each.name] = f"{(await stack.enter_async_context(serving(app))).url}/graphql"
        if request.param == "in process":
            surroundings = Surroundings(
                subgraphs={each.name: InProcess(each.executor) for each in (letters, stamps)}
            )
        composed = composition.compose(
            [
                composition.Subgraph(name=each.name, url=addresses[each.name], sdl=each.schema.sdl())
                for each in (letters, stamps)
            ]
        )
        router = build_app(settings, TextSource(composed.supergraph_sdl), surroundings)
        server = await stack.enter_async_context(serving(router))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield World(post, f"{server.url}/graphql", session)


async def test_letters_are_delivered_as_they_come(world: World) -> None:
    world.post.letters.put_nowait(1)
    async with world.asked("text/event-stream") as response:
        reader = Reader(response)
        _, first = await reader.event()
        assert first["data"] == {"letters": [{"text": "letter 1", "stamp": 10}]}
        assert [each["path"] for each in first["pending"]] == [["letters"]]
        world.post.letters.put_nowait(2)
        _, second = await reader.event()
        assert second["incremental"][0]["items"] == [{"text": "letter 2", "stamp": 20}]
        world.post.letters.put_nowait(3)
        _, third = await reader.event()
        assert third["incremental"][0]["items"] == [{"text": None, "stamp": 30}]
        (lost,) = third["incremental"][0]["errors"]
        assert (lost["path"], lost["extensions"]["code"]) == (["letters", 2, "text"], "LETTER_LOST")
        world.post.letters.put_nowait(4)
        _, fourth = await reader.event()
        (broken,) = fourth["incremental"][0]["errors"]
        assert (broken["path"], broken["extensions"]["code"]) == (
            ["letters", 3, "text"],
            "INTERNAL_SERVER_ERROR",
        )
        assert "secret" not in json.dumps(fourth)
        world.post.letters.put_nowait(None)
        _, last = await reader.event()
        assert (last["hasNext"], len(last["completed"])) == (False, 1)
        assert await reader.event() == ("complete", None)
    assert world.post.open == 0


async def test_the_list_is_made_no_further_when_the_client_leaves(world: World) -> None:
    world.post.letters.put_nowait(1)
    async with world.asked("text/event-stream") as response:
        await Reader(response).event()
        assert world.post.open == 1
    async with asyncio.timeout(30):
        while world.post.open:
            world.post.letters.put_nowait(2)  # behind HTTP it is noticed when there is something to send
            await asyncio.sleep(0.01)


async def test_the_last_part_tells_the_plan_and_what_it_took(world: World) -> None:
    for number in (1, 2, 3, None):
        world.post.letters.put_nowait(number)
    asked = {"query": STREAMED}
    headers = {"accept": "text/event-stream", "atrium-explain": "1"}
    async with world.session.post(world.url, json=asked, headers=headers) as response:
        reader = Reader(response)
        told = []
        while (event := await reader.event())[0] == "next":
            told.append(event[1])
    assert ["plan" in each.get("extensions", {}) for each in told] == [False] * (len(told) - 1) + [True]
    plan = told[-1]["extensions"]["plan"]
    letters, stamps = plan["fetches"]
    assert letters["streams"] == [{"call": "", "keys": ["letters"]}]
    assert (letters["measured"]["requests"], letters["measured"]["items"]) == (1, 2)
    assert stamps["measured"]["entities"] == 3
    assert "streaming letters" in plan["text"]
    assert "2 items streamed" in plan["text"]
    assert [fetch.streams for fetch in from_json(plan).fetches] == [
        (StreamedList(call="", keys=("letters",)),),
        (),
    ]


async def test_whoever_takes_one_piece_waits_for_the_whole(world: World) -> None:
    for number in (1, 2, None):
        world.post.letters.put_nowait(number)
    async with world.asked("application/json") as response:
        answer = await response.json()
    assert answer == {
        "data": {"letters": [{"text": "letter 1", "stamp": 10}, {"text": "letter 2", "stamp": 20}]}
    }
