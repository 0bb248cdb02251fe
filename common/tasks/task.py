"""Tasks of a domain, declared beside each other: what follows an event, and what happens regularly."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

from common.db.session import UnitOfWork
from common.events.envelope import Envelope, Event
from common.events.relay import Consumer
from common.resources import Resources
from common.telemetry.logs import Log

PartsT = TypeVar("PartsT")
EventT = TypeVar("EventT", bound=Event)

DEFAULT_QUEUE = "atrium"


class Reject(Exception):
    """Trying again would not help: give this event up, and note why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often, and how long between: twice as long each time, up to `longest`, with jitter.

    The defaults go on for about three hours: longer than most outages of what a task needs.
    """

    attempts: int = 30
    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=10)

    def pause(self, attempt: int, chance: float) -> float:
        """Seconds to wait after the given attempt (from 1 on); `chance` is from 0 to 1."""
        whole = min(self.first.total_seconds() * 2.0 ** min(attempt - 1, 60), self.longest.total_seconds())
        return whole * (0.5 + chance / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun(Generic[PartsT]):
    """One attempt of one task. `parts` are the domain's own things, as in GraphQL.

    `envelope` tells who caused the event and when; its id is the same in every attempt. None for a job.
    """

    name: str
    attempt: int
    resources: Resources
    parts: PartsT
    log: Log
    envelope: Envelope | None = None


EventHandler = Callable[[TaskRun[PartsT], UnitOfWork, EventT], Awaitable[None]]
JobHandler = Callable[[TaskRun[PartsT]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTask:
    """What follows an event: runs in a unit of work of the system role that claims the event first."""

    name: str
    domain: str
    event: type[Event]
    handle: EventHandler[Any, Any]
    retry: Retry
    queue: str

    @property
    def consumer(self) -> Consumer:
        """What the relay needs to know."""
        return Consumer(name=self.name, domain=self.domain, topic=self.event.topic, queue=self.queue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What happens regularly; it must not mind to run twice."""

    name: str
    domain: str
    every: timedelta
    handle: JobHandler[Any]
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSet:
    """The tasks of one domain, collected by decorators."""

    domain: str
    event_tasks: list[EventTask] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    def on(
        self, event: type[EventT], *, name: str, retry: Retry | None = None, queue: str = DEFAULT_QUEUE
    ) -> Callable[[EventHandler[PartsT, EventT]], EventHandler[PartsT, EventT]]:
        """The decorated coroutine follows each event of this kind, once in effect."""
        self._check(name)

        def register(handle: EventHandler[PartsT, EventT]) -> EventHandler[PartsT, EventT]:
            task = EventTask(
                name=name, domain=self.domain, event=event, handle=handle, retry=retry or Retry(), queue=queue
            )
            self.event_tasks.append(task)
            return handle

        return register

    def every(
        self, interval: timedelta, *, name: str, queue: str = DEFAULT_QUEUE
    ) -> Callable[[JobHandler[PartsT]], JobHandler[PartsT]]:
        """The decorated coroutine runs at this interval; a slow run and the next may overlap."""
        self._check(name)

        def register(handle: JobHandler[PartsT]) -> JobHandler[PartsT]:
            self.jobs.append(Job(name=name, domain=self.domain, every=interval, handle=handle, queue=queue))
            return handle

        return register

    @property
    def consumers(self) -> tuple[Consumer, ...]:
        """Who handles which topic."""
        return tuple(task.consumer for task in self.event_tasks)

    def _check(self, name: str) -> None:
        taken = {task.name for task in self.event_tasks} | {job.name for job in self.jobs}
        if not name.startswith(f"{self.domain}.") or name in taken:
            raise ValueError(f"{name!r}: a task is named domain.verb_thing, and only once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What the tasks of a process work with: resources, and each domain's parts by its name."""

    resources: Resources
    parts: Mapping[str, Any]
