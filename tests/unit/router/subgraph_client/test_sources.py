"""Subscriptions to one subgraph: shared by those who may, remade when lost, resumed without gap or double."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from router.context import RequestContext
from router.operation.model import OperationKind
from router.settings import SourceSettings, SubscriptionSettings
from router.subgraph_client.headers import HeaderPolicy
from router.subgraph_client.interruption import Interrupted, Interruption
from router.subgraph_client.protocol import (
    Failure,
    Listening,
    Standing,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)
from router.subgraph_client.sources import ListeningClient

PLENTY = 30.0
ANN, BOB = (Principal(kind=PrincipalKind.USER, id=UUID(int=number)) for number in (1, 2))


@dataclass
class Numbers:
    """A source of numbered events: it keeps all, and goes on behind any of them. `break_off` loses it."""

    has_ids: bool = True
    tells_beginning: bool = False
    opened: list[SubgraphRequest] = field(default_factory=list)
    open: int = 0
    is_away: bool = False
    sent: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    breaks: int = 0

    async def emit(self, count: int = 1) -> None:
        async with self.changed:
            self.sent += count
            self.changed.notify_all()

    async def break_off(self, *, away: bool = False) -> None:
        async with self.changed:
            self.breaks += 1
            self.is_away = away
            self.changed.notify_all()

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        return SubgraphResponse(data={"asked": request.document})

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        self.opened.append(request)
        if self.is_away:
            raise SubgraphUnavailable("n", Failure.UNREACHABLE, "could not be reached")
        last, breaks = request.last_event_id, self.breaks
        at = self.sent if last is None else int(last)
        self.open += 1
        if self.tells_beginning:
            yield Standing(data=None, event_id=str(at))
        try:
            while True:
                async with self.changed:
                    while self.sent <= at and self.breaks == breaks:
                        await self.changed.wait()
                if self.breaks != breaks:
                    raise SubgraphUnavailable("n", Failure.UNREACHABLE, "went away", was_open=True)
                at += 1
                yield SubgraphResponse(data={"n": at}, event_id=str(at) if self.has_ids else None)
        finally:
            self.open -= 1

    async def close(self) -> None:
        """Nothing is held."""


class Heard:
    """What one listener hears."""

    def __init__(self, client: ListeningClient, request: SubgraphRequest) -> None:
        self.events: AsyncGenerator[SubgraphResponse, None] = client.subscribe(request)

    async def next(self, count: int = 1) -> list[Any]:
        async with asyncio.timeout(PLENTY):
            return [(await anext(self.events)).data["n"] for _ in range(count)]  # type: ignore[index]

    async def begin(self) -> "asyncio.Task[list[Any]]":
        """Listen, and wait for the first event beside."""
        task = asyncio.create_task(self.next())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return task


def client_of(source: Numbers, *, is_signed: bool = True, **settings: Any) -> ListeningClient:
    policy = HeaderPolicy(forwarded=frozenset({"x-tenant"}))
    return ListeningClient(
        "n",
        source,
        SubscriptionSettings(**settings),
        lambda context: policy.knows(context, is_in_process=is_signed),
    )


def request(principal: Principal = ANONYMOUS, **members: Any) -> SubgraphRequest:
    headers = members.pop("headers", {})
    return SubgraphRequest(
        kind=OperationKind.SUBSCRIPTION,
        document=members.pop("document", "subscription{n}"),
        operation_name=None,
        variables=members.pop("variables", {}),
        context=RequestContext(request_id="r", deadline=0.0, principal=principal, headers=headers),
        **members,
    )


async def until_open(source: Numbers, count: int) -> None:
    async with asyncio.timeout(PLENTY):
        while source.open != count:
            await asyncio.sleep(0)


async def test_the_same_subscription_is_opened_once_and_closed_by_the_last() -> None:
    source = Numbers()
    client = client_of(source)
    first, second = Heard(client, request()), Heard(client, request())
    hearing = [await first.begin(), await second.begin()]
    await until_open(source, 1)
    await source.emit()

    assert await asyncio.gather(*hearing) == [[1], [1]]
    assert (client.open_sources, client.listeners) == (1, 2)
    await first.events.aclose()
    await source.emit()
    assert await second.next() == [2]
    await second.events.aclose()
    assert (source.open, len(source.opened), client.open_sources) == (0, 1, 0)


@pytest.mark.parametrize(
    ("other", "opened"),
    [
        (request(ANN), 1),
        (request(BOB), 2),
        (request(ANN, headers={"x-tenant": "t"}), 2),
        (request(ANN, headers={"x-unseen": "t"}), 1),
        (request(ANN, document="subscription{m}"), 2),
        (request(ANN, variables={"a": 1}), 2),
        (request(ANN, listening=Listening(is_alone=True)), 2),
    ],
)
async def test_nobody_hears_what_was_opened_for_somebody_else(other: SubgraphRequest, opened: int) -> None:
    source = Numbers()
    client = client_of(source)
    both = [Heard(client, request(ANN)), Heard(client, other)]
    hearing = [await each.begin() for each in both]
    await until_open(source, opened)

    assert len(source.opened) == opened
    await source.emit()
    await asyncio.gather(*hearing)
    for each in both:
        await each.events.aclose()


async def test_a_public_subgraph_serves_everybody_at_once_and_is_told_of_nobody() -> None:
    source = Numbers()
    client = client_of(source, sources=(SourceSettings(subgraph="n", is_public=True),))
    both = [Heard(client, request(ANN, headers={"x-tenant": "t"})), Heard(client, request(BOB))]
    hearing = [await each.begin() for each in both]
    await until_open(source, 1)
    await source.emit()

    assert await asyncio.gather(*hearing) == [[1], [1]]
    [asked] = source.opened
    assert (asked.context.principal, asked.context.headers) == (ANONYMOUS, {})
    for each in both:
        await each.events.aclose()


async def test_a_lost_source_goes_on_without_gap_or_double() -> None:
    source = Numbers()
    heard = Heard(client_of(source), request())
    hearing = await heard.begin()
    await until_open(source, 1)
    await source.emit()
    assert await hearing == [1]

    await source.break_off(away=True)
    await source.emit(3)
    await asyncio.sleep(0)
    source.is_away = False

    assert await heard.next(3) == [2, 3, 4]
    await source.emit()
    assert await heard.next() == [5]
    assert {asked.last_event_id for asked in source.opened} == {None, "1"}
    await heard.events.aclose()


async def test_one_that_was_lost_before_its_first_event_misses_none_if_it_said_where_it_began() -> None:
    source = Numbers(tells_beginning=True, sent=7)
    heard = Heard(client_of(source), request())
    hearing = await heard.begin()
    await until_open(source, 1)
    await source.break_off(away=True)
    await source.emit(2)
    source.is_away = False

    assert [*await hearing, *await heard.next()] == [8, 9]
    assert source.opened[-1].last_event_id == "7"
    await heard.events.aclose()


async def test_a_source_without_ids_goes_on_from_when_it_is_back() -> None:
    source = Numbers(has_ids=False)
    heard = Heard(client_of(source), request())
    hearing = await heard.begin()
    await until_open(source, 1)
    await source.emit()
    await hearing

    await source.break_off()
    hearing = await heard.begin()
    await until_open(source, 0)
    await until_open(source, 1)
    await source.emit()

    assert await hearing == [2]
    await heard.events.aclose()


async def test_a_source_that_stays_away_is_given_up() -> None:
    source = Numbers()
    heard = Heard(client_of(source, reconnect=0.05), request())
    hearing = await heard.begin()
    await until_open(source, 1)
    await source.break_off(away=True)

    with pytest.raises(SubgraphUnavailable) as away:
        await hearing
    assert away.value.code == "SUBGRAPH_UNREACHABLE"


async def test_a_source_that_never_was_there_is_no_loss() -> None:
    source = Numbers(is_away=True)

    with pytest.raises(SubgraphUnavailable):
        await Heard(client_of(source), request()).next()
    assert len(source.opened) == 1


async def test_an_address_that_is_out_of_use_is_not_tried_again() -> None:
    source = Numbers()
    client = client_of(source)
    heard = Heard(client, request())
    hearing = await heard.begin()
    await until_open(source, 1)
    client.is_current = False
    await source.break_off(away=True)

    with pytest.raises(SubgraphUnavailable):
        await hearing
    assert len(source.opened) == 1


async def test_who_comes_back_behind_a_remembered_event_joins_the_others() -> None:
    source = Numbers()
    client = client_of(source)
    stays = Heard(client, request())
    hearing = await stays.begin()
    await until_open(source, 1)
    await source.emit(5)
    await hearing
    assert await stays.next(4) == [2, 3, 4, 5]

    back = Heard(client, request().behind("2"))

    assert await back.next(3) == [3, 4, 5]
    assert len(source.opened) == 1
    await source.emit()
    assert await back.next() == await stays.next() == [6]
    for each in (back, stays):
        await each.events.aclose()


async def test_who_comes_back_behind_a_forgotten_event_asks_the_source_and_misses_nothing() -> None:
    source = Numbers(sent=500)
    client = client_of(source)
    live = Heard(client, request())
    hearing = await live.begin()
    await until_open(source, 1)
    await source.emit()
    assert await hearing == [501]

    late = [Heard(client, request().behind("10")) for _ in range(2)]

    for each in late:
        assert await each.next(491) == list(range(11, 502))
    assert 2 <= len(source.opened) <= 3
    for each in (*late, live):
        await each.events.aclose()
    assert source.open == 0


async def test_a_long_replay_goes_at_the_pace_of_its_listener() -> None:
    source = Numbers(sent=10_000)
    heard = Heard(client_of(source, max_pending=10), request().behind("0"))

    assert await heard.next(10_000) == list(range(1, 10_001))
    await heard.events.aclose()


async def test_who_falls_behind_the_others_goes_on_alone_and_misses_nothing() -> None:
    source = Numbers()
    client = client_of(source, max_pending=10)
    quick, slow = Heard(client, request()), Heard(client, request())
    hearing = [await quick.begin(), await slow.begin()]
    await until_open(source, 1)
    await source.emit(300)
    await asyncio.gather(*hearing)

    assert await quick.next(299) == list(range(2, 301))
    assert await slow.next(299) == list(range(2, 301))
    for each in (quick, slow):
        await each.events.aclose()


async def test_who_falls_behind_without_ids_is_told() -> None:
    source = Numbers(has_ids=False)
    client = client_of(source, max_pending=10)
    quick, slow = Heard(client, request()), Heard(client, request())
    hearing = [await quick.begin(), await slow.begin()]
    await until_open(source, 1)
    await source.emit(300)
    await asyncio.gather(*hearing)
    await quick.next(299)

    with pytest.raises(SubgraphUnavailable) as behind:
        await slow.next(299)
    assert behind.value.code == "SUBSCRIBER_TOO_SLOW"
    await quick.events.aclose()


async def test_an_interruption_ends_the_wait_of_one_alone() -> None:
    source = Numbers()
    client = client_of(source)
    interruption = Interruption()
    one = Heard(client, request(listening=Listening(interruption=interruption)))
    other = Heard(client, request())
    waiting, hearing = await one.begin(), await other.begin()
    await until_open(source, 1)

    interruption.interrupt()

    with pytest.raises(Interrupted):
        await waiting
    await source.emit()
    assert await hearing == [1]
    async with aclosing(other.events):
        assert client.listeners == 1
