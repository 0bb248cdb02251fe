"""Events keep their shape, and whoever acts on another domain's event reads what that domain writes."""

import os
import typing
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import subgraphs.applications.events
import subgraphs.auth.events
import subgraphs.gateway.events
import subgraphs.users.events
from common.events.envelope import Event

MODULES = (
    subgraphs.applications.events,
    subgraphs.auth.events,
    subgraphs.gateway.events,
    subgraphs.users.events,
)
RECORDED = Path(__file__).with_name("events.txt")


def _events() -> Iterator[tuple[str, type[Event]]]:
    """Every event with the domain whose code defines it."""
    for module in MODULES:
        domain = module.__name__.split(".")[1]
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Event) and hasattr(value, "topic"):
                yield domain, value


def _shape(event: type[Event]) -> dict[str, str]:
    hints = typing.get_type_hints(event)
    return {field.name: _name(hints[field.name]) for field in fields(event)}


def _name(hint: object) -> str:
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)


PUBLISHED = {event.topic: event for domain, event in _events() if event.topic.startswith(f"{domain}.")}
READ = [event for domain, event in _events() if not event.topic.startswith(f"{domain}.")]


@pytest.mark.parametrize("reading", READ, ids=lambda event: f"{event.__module__}.{event.__name__}")
def test_a_domain_reads_what_another_writes(reading: type[Event]) -> None:
    written = PUBLISHED.get(reading.topic)

    assert written is not None, f"nobody publishes {reading.topic}"
    shape = _shape(written)
    wanted = _shape(reading)
    missing = {name: kind for name, kind in wanted.items() if name not in shape}
    assert missing == {}
    # A reader may be told less exactly (`UUID | None`), never promised more than the writer keeps.
    promised = {n: k for n, k in wanted.items() if k not in (shape[n], f"uuid.{shape[n]} | None")}
    assert promised == {}


def test_published_events_are_as_recorded() -> None:
    lines = [
        f"{topic} v{event.version}: " + ", ".join(f"{name} {kind}" for name, kind in _shape(event).items())
        for topic, event in sorted(PUBLISHED.items())
    ]

    text = "\n".join(lines) + "\n"
    if os.environ.get("ATRIUM_GOLDEN") == "rewrite":
        RECORDED.write_text(text)

    # A field may be added: record it. One that goes or changes its type needs a new version of the event.
    assert text == RECORDED.read_text()


def test_topics_name_domain_thing_and_fact() -> None:
    assert PUBLISHED
    assert [topic for topic in PUBLISHED if topic.count(".") != 2] == []
