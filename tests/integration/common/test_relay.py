"""The relay on real stores: order, once only, standing by, crashes of everything around it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from atrium.embedded import EmbeddedPostgres, EmbeddedRedis
from common.access.principal import Principal, PrincipalKind
from common.db.errors import DatabaseUnavailable
from common.db.session import Database
from common.errors import DomainError
from common.events.bus import Bus, redis_bus
from common.events.relay import Delivery, QueueUnavailable, Relay, RelayPace
from common.ids import uuid7
from common.settings import APP_LOGIN, login_url
from common.tasks.app import CeleryQueue
from tests.integration.common.conftest import migrate_notes
from tests.integration.common.notes.models import Note, NoteRepository, NoteWritten
from tests.integration.common.notes.tasks import TASKS
from tests.integration.common.workers import WorkerProcess, eventually
from tests.integration.conftest import APP_PASSWORD

pytestmark = pytest.mark.stores

PACE = RelayPace(
    poll=timedelta(milliseconds=200),
    sweep=timedelta(milliseconds=500),
    redeliver_after=timedelta(seconds=1),
)
# What is late on a slow machine must not come twice where once is expected.
ONCE = replace(PACE, redeliver_after=timedelta(hours=1))
# A worker that was killed keeps its tasks from the others: they come again after this.
PATIENT = replace(PACE, redeliver_after=timedelta(seconds=8))


class Recorder:
    """Takes tasks and remembers them; refuses while `is_away`."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.is_away = False
        self.refused = 0

    async def has_refused(self) -> bool:
        """Whether somebody came while it was away."""
        return self.refused > 0

    async def enqueue(self, deliveries: Sequence[Delivery]) -> None:
        """Remember all."""
        if self.is_away:
            self.refused += 1
            raise QueueUnavailable("away")
        self.deliveries.extend(deliveries)

    def titles(self, organisation_id: UUID, consumer: str = "notes.count_note") -> list[str]:
        """What one consumer got of one organisation, in order."""
        return [
            one.envelope.payload["title"]
            for one in self.deliveries
            if one.consumer.name == consumer and one.envelope.organisation_id == organisation_id
        ]


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[Relay]:
    """The relay at work, ended properly afterwards."""
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        relay.stop()
        async with asyncio.timeout(20):
            await task


def relay_of(url: str, bus: Bus, queue: Recorder | CeleryQueue, pace: RelayPace = ONCE) -> Relay:
    """A relay for the sample domain."""
    return Relay(
        database_url=url, domains=["notes"], consumers=TASKS.consumers, queue=queue, bus=bus, pace=pace
    )


async def write(database: Database, organisation_id: UUID, title: str, *, key: UUID | None = None) -> UUID:
    """A note and its event."""
    me = Principal(kind=PrincipalKind.USER, id=uuid7(), organisation_id=organisation_id)
    note = Note(organization_id=organisation_id, author_id=me.id, title=title)
    async with database.unit_of_work(domain="notes", principal=me) as work:
        await NoteRepository(work.session).add(note)
        event = NoteWritten(organisation_id=organisation_id, note_id=key or note.id, title=title)
        work.outbox.add(event)
    return note.id


async def test_events_of_one_key_arrive_in_order_and_in_the_log(
    app_url: str, database: Database, bus: Bus
) -> None:
    organisation_id, key, queue = uuid7(), uuid7(), Recorder()

    async with running(relay_of(app_url, bus, queue)):
        for number in range(20):
            await write(database, organisation_id, f"{number:02}", key=key)

        async def arrived() -> bool:
            return len(queue.titles(organisation_id)) == 20

        await eventually(arrived, seconds=10, what="twenty tasks")

    assert queue.titles(organisation_id) == [f"{number:02}" for number in range(20)]
    me = Principal(kind=PrincipalKind.SYSTEM, organisation_id=organisation_id)
    async with database.unit_of_work(domain="events", principal=me) as work:
        logged = await work.session.execute(
            text("select payload->>'title' from events.log order by position")
        )
        assert list(logged.scalars()) == queue.titles(organisation_id)


async def test_writers_of_one_key_are_published_in_the_order_of_their_commits(
    app_url: str, database: Database, bus: Bus
) -> None:
    organisation_id, key, queue = uuid7(), uuid7(), Recorder()
    me = Principal(kind=PrincipalKind.USER, id=uuid7(), organisation_id=organisation_id)
    first_wrote = asyncio.Event()

    async def second_waits_or_is_published() -> bool:
        return await is_waiting_for_a_lock(database) or queue.titles(organisation_id) == ["second"]

    async def first() -> None:
        async with database.unit_of_work(domain="notes", principal=me) as work:
            work.outbox.add(NoteWritten(organisation_id=organisation_id, note_id=key, title="first"))
            await work.outbox.write(work.session)
            first_wrote.set()
            await eventually(second_waits_or_is_published, seconds=10, what="the second writer's turn")

    async def second() -> None:
        await first_wrote.wait()
        async with database.unit_of_work(domain="notes", principal=me) as work:
            work.outbox.add(NoteWritten(organisation_id=organisation_id, note_id=key, title="second"))

    async with running(relay_of(app_url, bus, queue)):
        await asyncio.gather(first(), second())

        async def arrived() -> bool:
            return len(queue.titles(organisation_id)) == 2

        await eventually(arrived, seconds=10, what="two tasks")

    assert queue.titles(organisation_id) == ["first", "second"]


async def test_while_the_queue_is_away_events_wait(app_url: str, database: Database, bus: Bus) -> None:
    organisation_id, queue = uuid7(), Recorder()
    queue.is_away = True

    async with running(relay_of(app_url, bus, queue)):
        await write(database, organisation_id, "patient")
        await eventually(queue.has_refused, seconds=10, what="the relay tried")
        assert await unpublished(database) > 0
        queue.is_away = False

        async def arrived() -> bool:
            return queue.titles(organisation_id) == ["patient"]

        await eventually(arrived, seconds=10, what="the task")


async def test_stopping_publishes_what_is_there(app_url: str, database: Database, bus: Bus) -> None:
    organisation_id, queue = uuid7(), Recorder()
    relay = relay_of(app_url, bus, queue)
    await write(database, organisation_id, "last minute")

    relay_task = asyncio.create_task(relay.run())

    async def leads() -> bool:
        return relay.is_leading

    await eventually(leads, seconds=10, what="the relay leads")
    relay.stop()
    await relay_task

    assert queue.titles(organisation_id) == ["last minute"]


async def test_a_second_relay_stands_by_and_takes_over(app_url: str, database: Database, bus: Bus) -> None:
    organisation_id, queue = uuid7(), Recorder()
    first, second = relay_of(app_url, bus, queue), relay_of(app_url, bus, queue)

    async with running(second):

        async def second_leads() -> bool:
            return second.is_leading

        await eventually(second_leads, seconds=10, what="the second leads")
        async with running(first):
            await eventually(lambda: has_asked_to_lead(database, 2), seconds=10, what="both have asked")
            assert not first.is_leading
            await write(database, organisation_id, "once")
            second.stop()

            async def first_leads() -> bool:
                return first.is_leading

            await eventually(first_leads, seconds=10, what="the first took over")
            await write(database, organisation_id, "twice")

            async def arrived() -> bool:
                return len(queue.titles(organisation_id)) == 2

            await eventually(arrived, seconds=10, what="both tasks")

    assert queue.titles(organisation_id) == ["once", "twice"]


async def test_an_event_that_nobody_handled_is_handed_over_again(
    app_url: str, database: Database, bus: Bus
) -> None:
    organisation_id, queue = uuid7(), Recorder()

    async with running(relay_of(app_url, bus, queue, PACE)):
        await write(database, organisation_id, "lost by Redis")

        async def again() -> bool:
            return queue.titles(organisation_id) == ["lost by Redis"] * 2

        await eventually(again, seconds=10, what="the second hand-over")


@dataclass
class Surroundings:
    """A database, a Redis, a worker and a bus of one test's own."""

    database: Database
    url: str
    bus: Bus
    queue: CeleryQueue
    worker: WorkerProcess

    async def handled(self) -> int:
        """How many notes the consumer has counted."""
        return await count(self.database, "select count(*) from notes.notes where rank >= 1")

    async def written(self) -> int:
        """How many notes there are."""
        return await count(self.database, "select count(*) from notes.notes")

    async def progress(self, what: str) -> None:
        """Wait until more is handled than is now."""
        await eventually(lambda: answers(self.database), seconds=30, what=f"PostgreSQL answers after {what}")
        before = await self.handled()

        async def more() -> bool:
            return await self.handled() > before

        await eventually(more, seconds=60, what=f"work goes on after {what}\n{self.worker.log[-2000:]}")


@pytest.fixture
async def surroundings(
    postgres_server: EmbeddedPostgres, redis_server: EmbeddedRedis, tmp_path: Path
) -> AsyncIterator[Surroundings]:
    """Everything a relay works with, to be crashed."""
    await migrate_notes(postgres_server.url)
    url = login_url(postgres_server.url, APP_LOGIN, APP_PASSWORD)
    worker = WorkerProcess(database_url=url, redis_url=redis_server.url, folder=tmp_path)
    database, bus, queue = Database(url), redis_bus(redis_server.url), CeleryQueue(redis_server.url)
    await bus.open()
    worker.start()
    yield Surroundings(database, url, bus, queue, worker)
    worker.kill()
    queue.close()
    await bus.close()
    await database.close()


@dataclass
class Written:
    """What the writers know: how many notes were committed, how often PostgreSQL was away."""

    committed: int = 0
    refused: int = 0

    async def goes_on(self) -> None:
        """Wait until more is committed than is now."""
        before = self.committed

        async def more() -> bool:
            return self.committed >= before + 4

        await eventually(more, seconds=30, what="writers go on")

    async def is_refused(self) -> None:
        """Wait until a writer is refused."""
        before = self.refused

        async def more() -> bool:
            return self.refused > before

        await eventually(more, seconds=30, what="a writer is refused")


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[Written]:
    """Four people who keep writing notes, whatever happens."""
    written = Written()

    async def keep_writing(writer: int) -> None:
        for number in itertools.count():
            try:
                await write(database, uuid7(), f"{writer} {number}")
                written.committed += 1
            except DatabaseUnavailable:  # anything else is a fault
                written.refused += 1
            await asyncio.sleep(0.2)  # their pace: nothing waits for it

    writers = [asyncio.create_task(keep_writing(number)) for number in range(4)]
    try:
        yield written
    finally:
        for writer in writers:
            writer.cancel()
        ends = await asyncio.gather(*writers, return_exceptions=True)
    assert [end for end in ends if not isinstance(end, asyncio.CancelledError)] == []


async def test_nothing_is_lost_or_done_twice_when_everything_crashes(
    surroundings: Surroundings, postgres_server: EmbeddedPostgres, redis_server: EmbeddedRedis
) -> None:
    database, worker = surroundings.database, surroundings.worker

    async with running(relay_of(surroundings.url, surroundings.bus, surroundings.queue, PATIENT)):
        async with writing(database) as written:
            await surroundings.progress("the start")
            redis_server.kill()
            await written.goes_on()
            redis_server.start()
            await surroundings.progress("a crash of Redis")
            postgres_server.kill()
            await written.is_refused()
            postgres_server.start()
            await surroundings.progress("a crash of PostgreSQL")
            worker.kill()
            worker.start()
            await surroundings.progress("a crash of the worker")

        async def all_handled() -> bool:
            return await surroundings.handled() == await surroundings.written()

        await eventually(all_handled, seconds=120, what=f"every event is handled\n{worker.log[-2000:]}")

    notes = await surroundings.written()
    assert notes >= written.committed  # a commit whose answer was lost counts too
    assert await count(database, "select count(*) from notes.notes where rank <> 1") == 0
    claims = "select count(*) from notes.inbox where consumer = 'notes.count_note'"
    assert await count(database, claims) == notes


async def is_waiting_for_a_lock(database: Database) -> bool:
    """Whether a writer waits for another's."""
    statement = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    async with database.engine.connect() as connection:
        return bool((await connection.execute(text(statement))).scalar_one())


async def has_asked_to_lead(database: Database, relays: int) -> bool:
    """Whether so many relays are connected and have asked for the lock."""
    statement = (
        "select count(*) from pg_stat_activity where application_name = 'atrium relay'"
        " and datname = current_database() and state = 'idle' and query <> ''"
    )
    async with database.engine.connect() as connection:
        return bool((await connection.execute(text(statement))).scalar_one() >= relays)


async def unpublished(database: Database) -> int:
    """How many events wait in the outbox."""
    async with database.engine.begin() as connection:
        await connection.execute(text("set local role atrium_events_system"))
        found = await connection.execute(text("select count(*) from notes.outbox where published_at is null"))
        return int(found.scalar_one())


async def count(database: Database, statement: str) -> int:
    """A number, over all organisations."""
    async with database.unit_of_work_for_system(domain="notes", job="count") as work:
        return int((await work.session.execute(text(statement))).scalar_one())


async def answers(database: Database) -> bool:
    """Whether PostgreSQL is back."""
    try:
        async with database.unit_of_work_for_system(domain="notes", job="count") as work:
            await work.session.execute(select(func.count()).select_from(Note))
    except DomainError:
        return False
    return True
