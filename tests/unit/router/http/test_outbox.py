"""What waits for a client, and what is done about too much of it."""

import asyncio
from collections.abc import Awaitable

import pytest

from router.http.outbox import Lost, Outbox
from router.settings import DeliverySettings, SlowClients


class Client:
    """Takes frames while it `reads`."""

    def __init__(self, **settings: object) -> None:
        self.taken: list[str] = []
        self.reads = asyncio.Event()
        self.was_given_up = asyncio.Event()
        self.lost = Lost()
        chosen = DeliverySettings(**{"max_pending_messages": 3, **settings})  # type: ignore[arg-type]
        self.outbox: Outbox[str] = Outbox(chosen, self._write, self.was_given_up.set, self.lost)

    async def _write(self, frame: str) -> None:
        if not self.reads.is_set():
            await self.reads.wait()
        self.taken.append(frame)

    def put(self, *frames: str, of: str | None = "s", size: int = 1) -> None:
        for frame in frames:
            self.outbox.put(frame, size, of=of)

    async def drain(self) -> list[str]:
        self.reads.set()
        async with asyncio.timeout(10):
            while self.outbox.is_congested:
                await asyncio.sleep(0)
        return self.taken


async def soon(waiting: Awaitable[object]) -> None:
    async with asyncio.timeout(10):
        await waiting


async def test_a_client_that_reads_gets_frames_at_once_and_nothing_waits() -> None:
    client = Client()
    client.reads.set()

    client.put("a", "b", "c", "d", "e", "f")

    assert client.taken == ["a", "b", "c", "d", "e", "f"]
    assert not client.outbox.is_congested


async def test_what_waits_comes_in_its_order() -> None:
    client = Client()
    client.put("a", "b", "c", "d")

    assert client.outbox.is_congested
    assert await client.drain() == ["a", "b", "c", "d"]
    client.put("e")
    assert client.taken[-1] == "e"


@pytest.mark.parametrize("size", [1, 500_000])
async def test_a_client_is_given_up_when_more_would_wait_than_may(size: int) -> None:
    client = Client()
    client.put("a", "b", "c", "d", size=size)
    is_too_large = client.was_given_up.is_set()
    client.put("e", size=size)

    assert is_too_large == (size > 1)
    assert client.was_given_up.is_set()
    assert (client.lost.clients, client.lost.events) == (1, 0)
    assert await client.drain() == []


async def test_the_oldest_events_are_dropped_but_nothing_else() -> None:
    client = Client(slow_clients=SlowClients.DROP_OLDEST.value)
    client.put("being written")
    client.put("answer", of=None)
    client.put("1", "2", "3", "4")

    assert await client.drain() == ["being written", "answer", "3", "4"]
    assert (client.lost.clients, client.lost.events) == (0, 2)


async def test_a_client_is_given_up_when_there_is_nothing_to_drop() -> None:
    client = Client(slow_clients=SlowClients.DROP_OLDEST.value)
    client.put("being written", "a", "b", "c", "d", of=None)

    assert client.was_given_up.is_set()


async def test_only_the_newest_event_of_each_subscription_waits() -> None:
    client = Client(slow_clients=SlowClients.COALESCE.value)
    client.put("being written")
    client.put("s1", of="s")
    client.put("t1", of="t")
    client.put("s2", "s3", of="s")
    client.put("complete", of=None)

    assert await client.drain() == ["being written", "s3", "t1", "complete"]
    assert client.lost.events == 2


async def test_a_client_that_takes_nothing_is_given_up() -> None:
    client = Client(stall=0.01)
    client.put("a")

    await soon(client.was_given_up.wait())

    assert not client.outbox.is_congested


async def test_there_is_room_once_half_of_it_was_taken() -> None:
    client = Client(max_pending_messages=4)
    client.put("a", "b", "c", "d")
    room = asyncio.create_task(client.outbox.room())
    await asyncio.sleep(0)

    assert not room.done()
    client.reads.set()
    await soon(room)


async def test_nobody_waits_for_room_in_what_is_closed() -> None:
    client = Client(max_pending_messages=2)
    client.put("a", "b", "c")
    room = asyncio.create_task(client.outbox.room())
    await asyncio.sleep(0)

    client.outbox.close()

    await soon(room)
    client.put("d")
    assert await client.drain() == []


async def test_a_client_that_left_is_nobody_s_failure() -> None:
    async def write(frame: str) -> None:
        if frame == "b":
            await asyncio.sleep(0)
        raise ConnectionResetError

    given_up: list[None] = []
    outbox: Outbox[str] = Outbox(DeliverySettings(), write, lambda: given_up.append(None), Lost())
    for frame in "abc":
        outbox.put(frame, 1)
    async with asyncio.timeout(10):
        while outbox.is_congested:
            await asyncio.sleep(0)

    assert given_up == []
