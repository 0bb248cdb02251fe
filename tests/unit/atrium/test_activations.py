"""The platform's router is told of activations in its own graph, and asks the registry in its process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import pytest

from atrium.activations import follow_activations
from atrium.supergraphs import InProcessArtefacts, graph_of
from common.errors import DomainError, Kind
from common.events.envelope import Envelope
from common.events.hub import Hub, wake_message
from common.events.log import WAKE_CHANNEL, LoggedEvent
from common.ids import uuid7
from router.artefacts.reader import NothingActive, SourceUnavailable
from router.snapshot.artefacts import Wanted
from tests.fakes.bus import memory_bus

OWNER, STRANGER, GRAPH = uuid7(), uuid7(), uuid7()
ACTIVATED, PUBLISHED = "gateway.supergraph.activated", "gateway.supergraph.published"


class DatabaseAway(DomainError):
    """Nobody can tell now."""

    code = "DATABASE_AWAY_IN_THIS_TEST"
    kind = Kind.UNAVAILABLE


@dataclass(slots=True)
class World:
    """A log of events, a graph with an owner or none, and a router that counts how often it looked."""

    owners: list[UUID | DomainError | None]
    events: list[LoggedEvent] = field(default_factory=list)
    looked: int = 0
    asked: int = 0

    def look(self) -> None:
        """As the router does."""
        self.looked += 1

    async def platform_owner(self) -> UUID | None:
        """The last answer stays."""
        self.asked += 1
        answer = self.owners.pop(0) if len(self.owners) > 1 else self.owners[0]
        if isinstance(answer, DomainError):
            raise answer
        return answer

    async def last_position(self, organisation_id: UUID) -> int:
        """Of the log."""
        return len(self.events)

    async def read(
        self, organisation_id: UUID, topics: Sequence[str], after: int, limit: int
    ) -> Sequence[LoggedEvent]:
        """From the log."""
        return [
            event
            for event in self.events[after : after + limit]
            if event.envelope.topic in topics and event.envelope.organisation_id == organisation_id
        ]

    def happens(self, topic: str, organisation_id: UUID) -> None:
        """Into the log."""
        envelope = Envelope(
            id=uuid7(),
            topic=topic,
            version=1,
            key=str(GRAPH),
            organisation_id=organisation_id,
            actor_id=None,
            request_id=None,
            occurred_at=datetime(2030, 1, 1, tzinfo=UTC),
            payload={},
        )
        self.events.append(LoggedEvent(position=len(self.events) + 1, envelope=envelope))


@asynccontextmanager
async def following(world: World) -> AsyncIterator[Callable[[UUID], "asyncio.Task[bool]"]]:
    """It follows; what is yielded wakes the organisation's listeners."""
    bus = memory_bus()
    await bus.open()
    hub = Hub(bus, world)
    await hub.open()
    task = asyncio.create_task(follow_activations(hub, world, world.look, seconds=0.001))
    try:
        await _until(lambda: hub.listener_count(OWNER) == 1)
        yield lambda id: asyncio.create_task(bus.publish(WAKE_CHANNEL, wake_message([id])))
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await hub.close()
        await bus.close()


async def test_every_activation_of_the_platforms_graph_makes_the_router_look() -> None:
    world = World(owners=[OWNER])
    async with following(world) as wake:
        before = world.looked
        assert before == 1  # for what happened before anybody listened
        for number in (1, 2):
            world.happens(ACTIVATED, OWNER)
            await wake(OWNER)
            await _until(lambda number=number: world.looked == before + number)  # type: ignore[misc]


async def test_other_facts_and_other_organisations_do_not() -> None:
    world = World(owners=[OWNER])
    async with following(world) as wake:
        world.happens(PUBLISHED, OWNER)
        world.happens(ACTIVATED, STRANGER)
        await wake(OWNER)
        world.happens(ACTIVATED, OWNER)
        await wake(OWNER)
        await _until(lambda: world.looked > 1)

        assert world.looked == 2


async def test_a_graph_that_is_founded_later_and_a_database_that_was_away_are_followed_then() -> None:
    world = World(owners=[None, DatabaseAway("away"), None, OWNER])
    async with following(world) as wake:
        assert world.asked == 4
        world.happens(ACTIVATED, OWNER)
        await wake(OWNER)
        await _until(lambda: world.looked == 2)


@dataclass(slots=True)
class Artefacts:
    """The domain's answers."""

    answer: "Handed | DomainError | None"
    asked: list[tuple[UUID | None, str, str | None]] = field(default_factory=list)

    async def active(
        self, graph: UUID | None, variant: str = "", *, known: str | None = None
    ) -> "Handed | None":
        """As the test wants it."""
        self.asked.append((graph, variant, known))
        if isinstance(self.answer, DomainError):
            raise self.answer
        return self.answer


@dataclass(frozen=True, slots=True)
class Handed:
    """Something active."""

    text: bytes | None


async def test_the_registry_in_process_is_asked_for_what_is_wanted() -> None:
    artefacts = Artefacts(Handed(b"text"))
    reader = InProcessArtefacts(artefacts, Wanted(graph=GRAPH, variant="app"))

    assert await reader.read('"tag"') == b"text"
    assert artefacts.asked == [(GRAPH, "app", '"tag"')]


async def test_what_the_registry_does_not_say_is_told_apart() -> None:
    assert await InProcessArtefacts(Artefacts(Handed(None)), Wanted()).read('"tag"') is None
    with pytest.raises(NothingActive):
        await InProcessArtefacts(Artefacts(None), Wanted()).read(None)
    with pytest.raises(SourceUnavailable, match="away") as caught:
        await InProcessArtefacts(Artefacts(DatabaseAway("away")), Wanted()).read(None)
    assert not isinstance(caught.value, NothingActive)


def test_a_graph_is_the_platforms_or_has_an_id() -> None:
    assert graph_of("platform") is None
    assert graph_of(str(GRAPH)) == GRAPH
    for text in ("", "atrium", "Platform", f"{GRAPH}x"):
        with pytest.raises(ValueError, match="UUID"):
            graph_of(text)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.001)
