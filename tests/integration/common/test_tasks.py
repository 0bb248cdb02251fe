"""Tasks in a real worker process: once in effect, tried again, given up, and by the clock."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from celery import Celery
from sqlalchemy import text

from atrium.embedded import EmbeddedRedis
from common.db.session import Database
from common.events.envelope import Envelope
from common.events.relay import Delivery
from common.ids import uuid7
from common.tasks.app import CeleryQueue
from tests.integration.common.notes.models import NoteWritten
from tests.integration.common.notes.tasks import TASKS
from tests.integration.common.test_relay import write
from tests.integration.common.workers import WorkerProcess, eventually

pytestmark = pytest.mark.stores

CONSUMERS = {consumer.name: consumer for consumer in TASKS.consumers}


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """A worker at work and the ways to it."""

    queue: CeleryQueue
    redis_url: str
    worker: WorkerProcess


@pytest.fixture(scope="module")
async def background(app_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Background]:
    """A worker process on a Redis of its own."""
    folder = tmp_path_factory.mktemp("tasks")
    redis = EmbeddedRedis(folder, durable=False)
    redis.start()
    worker = WorkerProcess(database_url=app_url, redis_url=redis.url, folder=folder)
    worker.start()
    queue = CeleryQueue(redis.url)
    yield Background(queue=queue, redis_url=redis.url, worker=worker)
    worker.stop()
    queue.close()
    redis.stop()


def delivery(consumer: str, title: str, *, note_id: UUID | None = None, payload: object = None) -> Delivery:
    """A note's event for one consumer."""
    note = NoteWritten(organisation_id=uuid7(), note_id=note_id or uuid7(), title=title)
    fields = {"organisation_id": str(note.organisation_id), "note_id": str(note.note_id), "title": title}
    envelope = Envelope(
        id=uuid7(),
        topic=note.topic,
        version=1,
        key=note.key,
        organisation_id=note.organisation_id,
        actor_id=None,
        request_id="request-7",
        occurred_at=datetime.now(UTC),
        payload=fields if payload is None else {"odd": payload},
    )
    return Delivery(consumer=CONSUMERS[consumer], envelope=envelope)


async def claim(database: Database, given: Delivery) -> tuple[bool, str | None]:
    """Whether the inbox has the event, and the failure noted with it."""
    async with database.unit_of_work_for_system(domain="notes", job="look") as work:
        found = await work.session.execute(
            text("select failure from notes.inbox where consumer = :consumer and event_id = :event"),
            {"consumer": given.consumer.name, "event": given.envelope.id},
        )
        row = found.one_or_none()
    return (False, None) if row is None else (True, row[0])


async def settled(database: Database, background: Background, given: Delivery) -> str | None:
    """The failure noted for the event, once it is settled."""
    await background.queue.enqueue([given])

    async def is_settled() -> bool:
        return (await claim(database, given))[0]

    await eventually(is_settled, seconds=60, what=f"the task settles\n{background.worker.log[-2000:]}")
    return (await claim(database, given))[1]


async def rank(database: Database, note_id: UUID) -> int:
    """How often the note was counted."""
    async with database.unit_of_work_for_system(domain="notes", job="look") as work:
        found = await work.session.execute(
            text("select rank from notes.notes where id = :id"), {"id": note_id}
        )
        return int(found.scalar_one())


async def test_an_event_delivered_three_times_takes_effect_once(
    database: Database, background: Background
) -> None:
    note_id = await write(database, uuid7(), "counted")
    given = delivery("notes.count_note", "counted", note_id=note_id)

    await background.queue.enqueue([given, given])
    assert await settled(database, background, given) is None

    last = delivery("notes.count_note", "last")  # handled after those before it have begun
    await settled(database, background, last)
    assert await rank(database, note_id) == 1


async def test_a_task_that_stumbles_is_tried_again(database: Database, background: Background) -> None:
    assert await settled(database, background, delivery("notes.stumble", "stumbles")) is None


async def test_a_task_that_always_fails_is_given_up_with_its_reason(
    database: Database, background: Background
) -> None:
    failure = await settled(database, background, delivery("notes.stumble", "fails"))

    assert failure == "RuntimeError: this always fails"


async def test_a_refused_event_is_given_up_at_once(database: Database, background: Background) -> None:
    failure = await settled(database, background, delivery("notes.stumble", "is refused"))

    assert failure == "Reject: nobody wants this"


async def test_an_event_of_unknown_shape_is_given_up(database: Database, background: Background) -> None:
    failure = await settled(database, background, delivery("notes.stumble", "odd", payload=1))

    assert failure is not None
    assert failure.startswith("Reject: the payload is no NoteWritten")


async def test_a_job_runs_over_all_organisations(database: Database, background: Background) -> None:
    note_id = await write(database, uuid7(), "reset")
    client = Celery("client", broker=background.redis_url, set_as_current=False)

    client.send_task("notes.reset_ranks", queue="atrium")

    async def is_reset() -> bool:
        return await rank(database, note_id) == 100

    await eventually(is_reset, seconds=60, what="the job ran")
    client.close()


async def test_logs_carry_the_request_that_was_the_cause(database: Database, background: Background) -> None:
    given = delivery("notes.count_note", "logged")
    await settled(database, background, given)

    async def is_logged() -> bool:
        return any(
            str(given.envelope.id) in line and "request-7" in line and "task.done" in line
            for line in background.worker.log.splitlines()
        )

    await eventually(is_logged, seconds=5, what="the line")
