"""Feeds: one run of a subscription for all who ask for the same."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from router.operation.model import Argument, Field, Operation, OperationKind, SelectionSet
from router.pipeline.feeds import Feeds, Private, begins_somewhere
from router.wire.event import Event


class Tap:
    """A source whose events the test gives."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        self.begun = self.closed = 0

    async def events(self) -> AsyncGenerator[Event, None]:
        self.begun += 1
        try:
            while (event := await self.queue.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed += 1

    def give(self, *numbers: int) -> None:
        for number in numbers:
            self.queue.put_nowait(Event({"data": number}))


class Client:
    """A listener."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.ended = asyncio.Event()
        self.problem: Exception | None = None
        self.has_room = asyncio.Event()
        self.has_room.set()

    @property
    def seen(self) -> list[Any]:
        return [event.response["data"] for event in self.events]

    def take(self, event: Event) -> None:
        self.events.append(event)

    def finish(self, problem: Exception | None) -> None:
        self.problem = problem
        self.ended.set()

    @property
    def is_congested(self) -> bool:
        return not self.has_room.is_set()

    async def room(self) -> None:
        await self.has_room.wait()

    async def until(self, *numbers: int) -> None:
        async with asyncio.timeout(10):
            while self.seen != list(numbers):
                await asyncio.sleep(0)


async def test_those_who_ask_for_the_same_share_one_run_and_its_bytes() -> None:
    feeds, tap = Feeds(), Tap()
    first, second = Client(), Client()
    feeds.listen("key", tap.events, first)
    tap.give(1)
    await first.until(1)
    feeds.listen("key", tap.events, second)
    tap.give(2)
    await second.until(2)

    assert first.seen == [1, 2]
    assert (tap.begun, len(feeds), feeds.joined) == (1, 1, 1)
    assert first.events[1].json is second.events[0].json


async def test_the_run_goes_on_until_the_last_listener_leaves() -> None:
    feeds, tap = Feeds(), Tap()
    first, second = Client(), Client()
    leave_first = feeds.listen("key", tap.events, first)
    leave_second = feeds.listen("key", tap.events, second)
    leave_first()
    leave_first()
    tap.give(1)
    await second.until(1)
    leave_second()
    assert len(feeds) == 0
    async with asyncio.timeout(10):
        while not tap.closed:
            await asyncio.sleep(0)

    assert (first.seen, first.ended.is_set(), second.ended.is_set()) == ([], False, False)
    later = Client()
    leave = feeds.listen("key", tap.events, later)
    tap.give(2)
    await later.until(2)
    assert tap.begun == 2
    leave()


@pytest.mark.parametrize("problem", [None, RuntimeError("broken")])
async def test_the_end_is_told_to_all_and_nobody_joins_what_has_ended(problem: Exception | None) -> None:
    feeds, tap = Feeds(), Tap()
    clients = [Client(), Client()]
    for client in clients:
        feeds.listen("key", tap.events, client)
    tap.queue.put_nowait(problem)
    for client in clients:
        await asyncio.wait_for(client.ended.wait(), 10)

    assert [client.problem for client in clients] == [problem, problem]
    assert len(feeds) == 0


async def test_a_slow_listener_holds_up_nobody_in_a_feed_that_may_be_joined() -> None:
    feeds, tap = Feeds(), Tap()
    slow, quick = Client(), Client()
    slow.has_room.clear()
    leaves = [feeds.listen("key", tap.events, client) for client in (slow, quick)]
    tap.give(1, 2, 3)

    await quick.until(1, 2, 3)

    for leave in leaves:
        leave()


async def test_a_private_feed_goes_at_the_pace_of_its_listener() -> None:
    tap, client = Tap(), Client()
    client.has_room.clear()
    leave = Private(tap.events(), goes_on=True).listen(client)
    tap.give(1, 2, 3)
    await client.until(1)
    for _ in range(10):
        await asyncio.sleep(0)
    assert client.seen == [1]

    client.has_room.set()

    await client.until(1, 2, 3)
    leave()


async def test_a_source_that_nobody_listens_to_is_closed() -> None:
    tap = Tap()
    events = tap.events()
    tap.give(1)
    await anext(events)

    await Private(events, goes_on=False).close()

    assert tap.closed == 1


@pytest.mark.parametrize(
    ("arguments", "variables", "begins"),
    [
        ((), {}, False),
        ((Argument(name="id", value='"1"'),), {}, False),
        ((Argument(name="after", value='"1"'),), {}, True),
        ((Argument(name="since", value="null"),), {}, False),
        ((Argument(name="after", value="$a", variables=frozenset({"a"})),), {"a": "1"}, True),
        ((Argument(name="after", value="$a", variables=frozenset({"a"})),), {"a": None}, False),
        ((Argument(name="after", value="$a", variables=frozenset({"a"})),), {}, False),
    ],
)
def test_an_argument_may_say_where_a_subscription_begins(
    arguments: tuple[Argument, ...], variables: dict[str, Any], begins: bool
) -> None:
    field = Field(name="changed", response_key="changed", arguments=arguments)
    operation = Operation(
        kind=OperationKind.SUBSCRIPTION,
        name=None,
        variables=(),
        selections=SelectionSet(parent_type="Subscription", items=(field,)),
    )

    assert begins_somewhere(operation, variables) is begins
