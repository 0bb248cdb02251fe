"""Facts that leave a domain: what a domain writes (Event) and what travels (Envelope)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of every fact: past tense, named by `topic` (`domain:thing:past` in dots), ordered by `key`."""

    topic: ClassVar[str]
    version: ClassVar[int] = 1

    organisation_id: UUID | None

    @property
    def key(self) -> str:
        """Events of one key are handled in the order of their changes; usually the thing's id."""
        raise NotImplementedError


EventT = TypeVar("EventT", bound=Event)


class EnvelopeMalformed(Exception):
    """The text is no envelope, or its payload does not fit the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An event on its way: with its id, who caused it and when."""

    id: UUID
    topic: str
    version: int
    key: str
    organisation_id: UUID | None
    actor_id: UUID | None
    request_id: str | None
    occurred_at: datetime
    payload: Mapping[str, Any]


def payload_of(event: Event) -> dict[str, Any]:
    """The event's own fields as JSON values."""
    dumped: dict[str, Any] = _adapter(cast("Any", type(event))).dump_python(event, mode="json")
    return dumped


def event_of(envelope: Envelope, kind: type[EventT]) -> EventT:
    """The fact inside an envelope; unknown fields of a newer writer are passed over."""
    known = {field.name for field in fields(kind)}
    given = {name: value for name, value in envelope.payload.items() if name in known}
    try:
        event = _adapter(cast("Any", kind)).validate_python(given)
    except ValidationError as error:
        raise EnvelopeMalformed(f"the payload is no {kind.__name__}") from error
    assert isinstance(event, kind)
    return event


def envelope_to_json(envelope: Envelope) -> bytes:
    """The envelope as it lies in a queue."""
    return orjson.dumps(envelope, default=str)  # asyncpg has a UUID of its own


def envelope_from_json(text: str | bytes) -> Envelope:
    """The envelope that lay in a queue; raises EnvelopeMalformed."""
    try:
        return _ENVELOPES.validate_json(text)
    except ValidationError as error:
        raise EnvelopeMalformed("this is no envelope") from error


_ENVELOPES: TypeAdapter[Envelope] = TypeAdapter(Envelope)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
