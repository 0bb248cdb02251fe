"""The relay's statements."""

from typing import Any

import orjson

from common.events.envelope import Envelope

BECOME = "set local role atrium_events_system"

NOTE_CONSUMER = "insert into events.consumers (name, topic) values ($1, $2) on conflict do nothing"

PRUNE_LOG = "delete from events.log where recorded_at < now() - $1::interval"

_COLUMNS = "id, topic, version, key, organization_id, actor_id, request_id, payload, occurred_at"

# Marking and logging happen in one statement; it takes effect with the commit after the enqueuing.
_PUBLISH = """
    with taken as (
        select sequence, <columns> from <domain>.outbox
        where published_at is null order by sequence limit $1 for update skip locked
    ), logged as (
        insert into events.log (<columns>) select <columns> from taken order by sequence
    ), marked as (
        update <domain>.outbox o set published_at = now() from taken where o.sequence = taken.sequence
    )
    select <columns> from taken order by sequence
"""

_UNHANDLED = """
    select <columns> from events.log l
    where l.topic = $1 and l.recorded_at < now() - $3::interval and l.recorded_at > now() - $4::interval
      and l.recorded_at >= (select since from events.consumers where name = $2 and topic = $1)
      and not exists (select from <domain>.inbox i where i.consumer = $2 and i.event_id = l.id)
    order by l.position limit $5
"""

_PRUNE_OUTBOX = "delete from <domain>.outbox where published_at < now() - $1::interval"
_PRUNE_INBOX = "delete from <domain>.inbox where claimed_at < now() - $1::interval"


def publish(domain: str) -> str:
    """Take up to $1 unpublished rows in order, write them to the log, mark them; gives the rows."""
    return _fill(_PUBLISH, domain)


def unhandled(domain: str) -> str:
    """Events of topic $1 that consumer $2 should have handled $3 ago, but not longer than $4 ago."""
    return _fill(_UNHANDLED, domain)


def prune_outbox(domain: str) -> str:
    """Delete what was published longer than $1 ago."""
    return _fill(_PRUNE_OUTBOX, domain)


def prune_inbox(domain: str) -> str:
    """Delete claims older than $1: their events have left the log by then."""
    return _fill(_PRUNE_INBOX, domain)


def envelope_of(row: Any) -> Envelope:
    """A row of outbox or log as an envelope."""
    return Envelope(
        id=row["id"],
        topic=row["topic"],
        version=row["version"],
        key=row["key"],
        organisation_id=row["organization_id"],
        actor_id=row["actor_id"],
        request_id=row["request_id"],
        occurred_at=row["occurred_at"],
        payload=orjson.loads(row["payload"]),
    )


def _fill(statement: str, domain: str) -> str:
    if not (domain.isidentifier() and domain.isascii() and domain.islower()):
        raise ValueError(f"{domain!r} is no name of a domain")
    return statement.replace("<columns>", _COLUMNS).replace("<domain>", domain)
