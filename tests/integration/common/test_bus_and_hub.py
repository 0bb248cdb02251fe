"""Wake-ups and subscriptions: several listeners, Redis away and back, replay, slow readers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from atrium.embedded import EmbeddedRedis
from common.errors import DomainError, Kind
from common.events.bus import MISSED, Bus, redis_bus
from common.events.envelope import Envelope
from common.events.hub import Hub, SubscriberTooSlow, wake_message
from common.events.log import WAKE_CHANNEL, LoggedEvent
from common.ids import uuid7
from tests.fakes.bus import memory_bus
from tests.integration.common.workers import eventually

pytestmark = pytest.mark.stores

ORGANISATION = uuid7()


class Away(DomainError):
    """The log cannot be read."""

    kind = Kind.UNAVAILABLE


class MemoryLog:
    """A log in a list."""

    def __init__(self) -> None:
        self.events: list[LoggedEvent] = []
        self.reads = 0
        self.is_away = False
        self.refused = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = 0

    async def has_refused_twice(self) -> bool:
        """Whether somebody looked while it was away, and looked again."""
        return self.refused >= 2

    async def is_being_read(self) -> bool:
        """Whether a read waits at the closed gate."""
        return self.waiting > 0

    def add(self, topic: str = "notes.note.written", organisation_id: UUID = ORGANISATION) -> int:
        """The next event's position."""
        position = len(self.events) + 1
        envelope = Envelope(
            id=uuid7(),
            topic=topic,
            version=1,
            key="k",
            organisation_id=organisation_id,
            actor_id=None,
            request_id=None,
            occurred_at=datetime.now(UTC),
            payload={},
        )
        self.events.append(LoggedEvent(position=position, envelope=envelope))
        return position

    async def last_position(self, organisation_id: UUID) -> int:
        """The newest event of the organisation."""
        return max(
            (e.position for e in self.events if e.envelope.organisation_id == organisation_id), default=0
        )

    async def read(
        self, organisation_id: UUID, topics: Sequence[str], after: int, limit: int
    ) -> Sequence[LoggedEvent]:
        """The organisation's next events."""
        if self.is_away:
            self.refused += 1
            raise Away("away")
        self.reads += 1
        found = self._found(organisation_id, topics, after, limit)
        self.waiting += 1
        await self.gate.wait()
        self.waiting -= 1
        return found

    def _found(
        self, organisation_id: UUID, topics: Sequence[str], after: int, limit: int
    ) -> Sequence[LoggedEvent]:
        return [
            event
            for event in self.events
            if event.position > after
            and event.envelope.topic in topics
            and event.envelope.organisation_id == organisation_id
        ][:limit]


@pytest.fixture(params=["redis", "memory"])
async def any_bus(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Bus]:
    """The real bus and the fake one: both must behave."""
    bus = redis_bus(redis_url) if request.param == "redis" else memory_bus()
    await bus.open()
    yield bus
    await bus.close()


async def test_every_simultaneous_subscriber_gets_every_message(any_bus: Bus) -> None:
    ready = [asyncio.Event() for _ in range(5)]

    async def listen(number: int) -> list[str]:
        async with any_bus.subscribe("channel") as messages:
            ready[number].set()
            return [await anext(messages), await anext(messages)]

    listeners = [asyncio.create_task(listen(number)) for number in range(5)]
    for event in ready:
        await event.wait()
    for message in ("one", "two"):
        assert await any_bus.publish("channel", message)

    async with asyncio.timeout(5):
        assert await asyncio.gather(*listeners) == [["one", "two"]] * 5


async def test_a_subscriber_hears_its_channel_only_and_again_after_leaving(any_bus: Bus) -> None:
    for _ in range(2):
        async with any_bus.subscribe("mine") as messages:
            await any_bus.publish("yours", "not this")
            await any_bus.publish("mine", "this")
            async with asyncio.timeout(5):
                assert await anext(messages) == "this"


async def test_a_subscriber_far_behind_is_told_that_it_missed_something(any_bus: Bus) -> None:
    async with any_bus.subscribe("busy") as slow, any_bus.subscribe("busy") as quick:
        for number in range(300):
            await any_bus.publish("busy", str(number))
            async with asyncio.timeout(5):
                assert await anext(quick) == str(number)

        assert await anext(slow) == MISSED
        assert int(await anext(slow)) > 0


async def test_redis_away_and_back_is_noticed_by_every_subscriber(redis_server: EmbeddedRedis) -> None:
    bus = redis_bus(redis_server.url)
    await bus.open()
    async with bus.subscribe("channel") as first, bus.subscribe("channel") as second:
        redis_server.kill()
        assert not await bus.publish("channel", "nobody hears this")
        redis_server.start()
        async with asyncio.timeout(10):
            assert [await anext(first), await anext(second)] == [MISSED, MISSED]

        await bus.publish("channel", "hello again")

        async with asyncio.timeout(5):
            assert [await anext(first), await anext(second)] == ["hello again"] * 2
    await bus.close()


async def test_a_subscription_made_while_redis_is_away_works_when_it_is_back(
    redis_server: EmbeddedRedis,
) -> None:
    redis_server.stop()
    bus = redis_bus(redis_server.url)
    await bus.open()
    async with bus.subscribe("channel") as messages:
        redis_server.start()
        async with asyncio.timeout(10):
            assert await anext(messages) == MISSED
        await bus.publish("channel", "now")
        async with asyncio.timeout(5):
            assert await anext(messages) == "now"
    await bus.close()


@pytest.fixture
async def log_and_hub() -> AsyncIterator[tuple[MemoryLog, Hub, Bus]]:
    """A hub that never looks by itself within a test."""
    log, bus = MemoryLog(), memory_bus()
    await bus.open()
    hub = Hub(bus, log, poll=timedelta(hours=1))
    await hub.open()
    await eventually(lambda: is_awake(hub, bus), seconds=5, what="the hub takes wake-ups")
    yield log, hub, bus
    await hub.close()
    await bus.close()


async def is_awake(hub: Hub, bus: Bus) -> bool:
    """Whether the hub's own subscription stands."""
    return bus.is_subscribed(WAKE_CHANNEL)


async def take(
    hub: Hub, count: int, *, after: int | None = None, topics: Sequence[str] = ("notes.note.written",)
) -> list[int]:
    """The positions of the next events."""
    found: list[int] = []
    async with aclosing(hub.listen(topics, organisation_id=ORGANISATION, after=after)) as events:
        async for event in events:
            found.append(event.position)
            if len(found) == count:
                break
    return found


async def listening(hub: Hub, count: int) -> None:
    """Until so many listen."""

    async def enough() -> bool:
        return hub.listener_count(ORGANISATION) == count

    await eventually(enough, seconds=5, what=f"{count} listeners")


async def test_many_listeners_of_one_organisation_cost_one_read_per_wake_up(
    log_and_hub: tuple[MemoryLog, Hub, Bus],
) -> None:
    log, hub, bus = log_and_hub
    log.add()  # before anybody listens
    listeners = [asyncio.create_task(take(hub, 1)) for _ in range(20)]
    await listening(hub, 20)
    before = log.reads

    position = log.add()
    await bus.publish(WAKE_CHANNEL, wake_message([ORGANISATION]))

    async with asyncio.timeout(5):
        assert await asyncio.gather(*listeners) == [[position]] * 20
    assert log.reads - before == 1


async def test_a_listener_resumes_behind_a_position_without_gap_or_double(
    log_and_hub: tuple[MemoryLog, Hub, Bus],
) -> None:
    log, hub, bus = log_and_hub
    for _ in range(5):
        log.add()
    current = asyncio.create_task(take(hub, 2))
    await listening(hub, 1)
    resumed = asyncio.create_task(take(hub, 5, after=2))
    await listening(hub, 2)

    log.add()
    log.add()
    await bus.publish(WAKE_CHANNEL, wake_message([ORGANISATION]))

    async with asyncio.timeout(5):
        assert list(await asyncio.gather(current, resumed)) == [[6, 7], [3, 4, 5, 6, 7]]


async def test_topics_and_organisations_of_others_stay_with_them(
    log_and_hub: tuple[MemoryLog, Hub, Bus],
) -> None:
    log, hub, bus = log_and_hub
    written = asyncio.create_task(take(hub, 1))
    removed = asyncio.create_task(take(hub, 1, topics=["notes.note.removed"]))
    await listening(hub, 2)

    log.add(organisation_id=uuid7())
    first, second = log.add("notes.note.removed"), log.add("notes.note.written")
    await bus.publish(WAKE_CHANNEL, wake_message([ORGANISATION]))

    async with asyncio.timeout(5):
        assert list(await asyncio.gather(written, removed)) == [[second], [first]]


async def test_who_comes_while_the_log_is_read_misses_nothing(
    log_and_hub: tuple[MemoryLog, Hub, Bus],
) -> None:
    log, hub, bus = log_and_hub
    written = asyncio.create_task(take(hub, 1))
    await listening(hub, 1)
    log.gate.clear()
    first = log.add("notes.note.removed")
    second = log.add("notes.note.written")
    await bus.publish(WAKE_CHANNEL, wake_message([ORGANISATION]))
    await eventually(log.is_being_read, seconds=5, what="the feed reads")

    removed = asyncio.create_task(take(hub, 1, topics=["notes.note.removed"], after=0))
    await listening(hub, 2)
    log.gate.set()

    async with asyncio.timeout(5):
        assert list(await asyncio.gather(written, removed)) == [[second], [first]]


async def test_a_lost_wake_up_costs_delay_but_no_event() -> None:
    log, bus = MemoryLog(), memory_bus()
    await bus.open()
    hub = Hub(bus, log, poll=timedelta(milliseconds=20))
    await hub.open()
    listener = asyncio.create_task(take(hub, 1))
    await listening(hub, 1)

    log.is_away = True  # and the first looks find PostgreSQL away
    position = log.add()
    await eventually(log.has_refused_twice, seconds=5, what="the hub looks again")
    log.is_away = False

    async with asyncio.timeout(5):
        assert await listener == [position]
    await hub.close()
    await bus.close()


@pytest.mark.parametrize("message", [MISSED, "nonsense", "{}"])
async def test_a_wake_up_that_says_nothing_wakes_everybody(
    log_and_hub: tuple[MemoryLog, Hub, Bus], message: str
) -> None:
    log, hub, bus = log_and_hub
    listener = asyncio.create_task(take(hub, 1))
    await listening(hub, 1)

    position = log.add()
    await bus.publish(WAKE_CHANNEL, message)

    async with asyncio.timeout(5):
        assert await listener == [position]


async def test_a_listener_that_does_not_read_is_ended(log_and_hub: tuple[MemoryLog, Hub, Bus]) -> None:
    log, hub, bus = log_and_hub
    stuck = hub.listen(["notes.note.written"], organisation_id=ORGANISATION)
    first = asyncio.ensure_future(anext(stuck))
    await listening(hub, 1)
    for _ in range(1500):
        log.add()
    await bus.publish(WAKE_CHANNEL, wake_message([ORGANISATION]))

    async def end() -> None:
        await first
        async for _ in stuck:
            pass

    async with asyncio.timeout(5):
        with pytest.raises(SubscriberTooSlow):
            await end()
    assert hub.listener_count(ORGANISATION) == 0


async def test_closing_the_hub_ends_its_listeners(log_and_hub: tuple[MemoryLog, Hub, Bus]) -> None:
    _, hub, _ = log_and_hub
    listener = asyncio.create_task(take(hub, 1))
    await listening(hub, 1)

    await hub.close()

    async with asyncio.timeout(5):
        assert await listener == []
