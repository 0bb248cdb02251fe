"""Any row of requests, however cut, on several connections, some of which break: answered as by a model."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.router.riding import ALONE, SAY, SETTINGS, Client, World, post, request, worlds

SOME = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CLIENTS = 3


@dataclass(frozen=True)
class Asked:
    """A request, and what its answer holds: data, or the code of its error."""

    data: bytes
    answer: Any


def said(text: str, head: dict[str, str]) -> Asked:
    return Asked(request(SAY, {"text": text}, head), {"say": text})


def slow(text: str) -> Asked:
    query = "query($text: String) { tenant say(text: $text) depot }"
    tenant = {"x-tenant": f"t{len(text)}"}
    return Asked(
        request(query, {"text": text}, tenant), {"tenant": tenant["x-tenant"], "say": text, "depot": "north"}
    )


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
heads = st.sampled_from([{}, {}, {"x-another": "1"}, {"accept": "application/graphql-response+json"}])
requests = st.one_of(
    st.builds(said, texts, heads),
    st.builds(said, st.just("same"), st.just({})),
    st.builds(slow, st.sampled_from(["a", "bb"])),
    st.just(Asked(request("{ depot }"), {"depot": "north"})),
    st.just(Asked(request(SAY, {"text": 7}), "BAD_USER_INPUT")),
    st.just(Asked(request("{ none }"), "GRAPHQL_VALIDATION_FAILED")),
    st.just(Asked(post(b"{"), "BAD_REQUEST")),
    st.just(Asked(request('mutation { set(text: "m") }'), {"set": "m"})),
    st.just(Asked(request("query($n: Int) { say }", {"n": 1}), "GRAPHQL_VALIDATION_FAILED")),
)


@dataclass(frozen=True)
class Visit:
    """What one client does: its requests, where their bytes are cut, how many turns it lets pass between.

    `leaves_after`: so many pieces are sent, and then it is gone without a word.
    """

    asked: Sequence[Asked]
    cuts: Sequence[int]
    pauses: Sequence[int]
    leaves_after: int | None

    @property
    def pieces(self) -> list[bytes]:
        data = b"".join(each.data for each in self.asked)
        at = sorted({0, len(data), *(cut % (len(data) + 1) for cut in self.cuts)})
        return [data[begin:end] for begin, end in pairwise(at)]


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    asked = draw(st.lists(requests, min_size=1, max_size=8))
    whole, ends = 0, []
    for each in asked:
        whole += len(each.data)
        ends.append(whole)
    # At the ends of requests, as clients that wait do, or anywhere.
    cuts = draw(st.lists(st.one_of(st.sampled_from(ends), st.integers(0, whole)), max_size=8))
    leaves = draw(st.one_of(st.none(), st.none(), st.integers(0, 9)))
    pauses = draw(st.lists(st.sampled_from([0, 1, 3, 30]), min_size=1, max_size=4))
    return Visit(asked, ends if draw(st.booleans()) else cuts, pauses, leaves)


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[World]:
    async with worlds(SETTINGS) as each:
        yield each


@pytest.fixture(scope="module")
async def alone() -> AsyncIterator[World]:
    async with worlds(ALONE) as each:
        yield each


async def visited(client: Client, visit: Visit) -> None:
    """Every answer is there, in order, and is what it should be."""
    for n, piece in enumerate(visit.pieces):
        if n == visit.leaves_after:
            client.writing.transport.abort()
            return
        client.writing.write(piece)
        for _ in range(visit.pauses[n % len(visit.pauses)]):
            await asyncio.sleep(0)
    for each in visit.asked:
        answer = await client.read()
        found = answer.json["data"] if answer.json.get("data") else answer.codes[0]
        assert found == each.answer
    client.writing.close()


async def all_visited(world: World, rounds: Sequence[Sequence[Visit]]) -> None:
    for together in rounds:
        clients = [await world.lane.client() for _ in together]
        for each in clients:
            await each.ask(SAY, {"text": "first"})
        visiting = [visited(client, visit) for client, visit in zip(clients, together, strict=True)]
        await asyncio.gather(*visiting)
        del world.lane.clients[:]
        await world.lane.at_rest()


rounds = st.lists(st.lists(visits(), min_size=1, max_size=CLIENTS), min_size=1, max_size=2)


@SOME
@given(rounds=rounds)
async def test_shared(shared: World, rounds: Sequence[Sequence[Visit]]) -> None:
    await all_visited(shared, rounds)


@SOME
@given(rounds=rounds)
async def test_alone(alone: World, rounds: Sequence[Sequence[Visit]]) -> None:
    await all_visited(alone, rounds)


async def test_most_of_that_went_on_the_lane(shared: World, alone: World) -> None:
    for world in (shared, alone):
        client = await world.lane.client()
        await world.lane.known_to(client, SAY)
        assert world.lane.boarded > 1
