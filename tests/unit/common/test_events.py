"""Events and what carries them; how long to wait before trying again."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import pytest

from common.db.session import UnitOfWork
from common.events.envelope import (
    Envelope,
    EnvelopeMalformed,
    Event,
    envelope_from_json,
    envelope_to_json,
    event_of,
    payload_of,
)
from common.events.redelivery import Redelivery
from common.events.relay_sql import publish
from common.ids import uuid7
from common.tasks.task import Retry, TaskRun, TaskSet


class Colour(StrEnum):
    """A closed set."""

    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingPainted(Event):
    """Every kind of field an event may have."""

    topic: ClassVar[str] = "things.thing.painted"

    organisation_id: UUID
    thing_id: UUID
    colour: Colour
    at: datetime
    coats: int = 1
    note: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The thing."""
        return str(self.thing_id)


EVENT = ThingPainted(
    organisation_id=uuid7(),
    thing_id=uuid7(),
    colour=Colour.RED,
    at=datetime(2030, 1, 1, tzinfo=UTC),
    tags=("a",),
)
ENVELOPE = Envelope(
    id=uuid7(),
    topic=EVENT.topic,
    version=1,
    key=EVENT.key,
    organisation_id=EVENT.organisation_id,
    actor_id=None,
    request_id="r",
    occurred_at=datetime(2030, 1, 1, 1, 2, 3, 4, tzinfo=UTC),
    payload=payload_of(EVENT),
)


def test_an_event_survives_its_journey() -> None:
    arrived = envelope_from_json(envelope_to_json(ENVELOPE))

    assert arrived == ENVELOPE
    assert event_of(arrived, ThingPainted) == EVENT


def test_fields_of_a_newer_writer_are_passed_over() -> None:
    newer = replace(ENVELOPE, payload={**ENVELOPE.payload, "gloss": True})

    assert event_of(newer, ThingPainted) == EVENT


@pytest.mark.parametrize("payload", [{}, {"thing_id": "x"}, {**payload_of(EVENT), "colour": "green"}])
def test_a_payload_that_does_not_fit_is_malformed(payload: dict[str, object]) -> None:
    with pytest.raises(EnvelopeMalformed):
        event_of(replace(ENVELOPE, payload=payload), ThingPainted)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"id": "x"}', "null"])
def test_what_is_no_envelope_is_malformed(text: str) -> None:
    with pytest.raises(EnvelopeMalformed):
        envelope_from_json(text)


def test_pauses_double_up_to_the_longest_and_are_spread() -> None:
    retry = Retry(first=timedelta(seconds=1), longest=timedelta(seconds=10))

    assert [retry.pause(attempt, 1.0) for attempt in (1, 2, 3, 4, 5, 1000)] == [1, 2, 4, 8, 10, 10]
    assert retry.pause(2, 0.0) == 1.0


def test_redelivery_becomes_rarer() -> None:
    redelivery, key = Redelivery(first=timedelta(minutes=1)), ("consumer", uuid7())
    start = datetime(2030, 1, 1, tzinfo=UTC)

    due = [minute for minute in range(20) if redelivery.is_due(key, start + timedelta(minutes=minute))]

    assert due == [0, 1, 3, 7, 15]


@pytest.mark.parametrize("name", ["notes; drop schema users", "Notes", "", "a.b"])
def test_only_a_plain_name_becomes_part_of_a_statement(name: str) -> None:
    with pytest.raises(ValueError):
        publish(name)


def test_a_task_is_named_after_its_domain_and_only_once() -> None:
    tasks = TaskSet(domain="things")

    @tasks.on(ThingPainted, name="things.count")
    async def count(run: TaskRun[None], work: UnitOfWork, event: ThingPainted) -> None:
        """Nothing."""

    assert [consumer.topic for consumer in tasks.consumers] == ["things.thing.painted"]
    for name in ("others.count", "count", "things.count"):
        with pytest.raises(ValueError):
            tasks.on(ThingPainted, name=name)
