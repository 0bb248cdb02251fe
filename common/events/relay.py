"""From outbox to effect: publishes what the domains wrote, in order, at least once.

    outbox rows → events.log (position) → tasks for the consumers → marked published → commit → wake-up

One relay leads, by an advisory lock of its connection; others stand by. Tasks are enqueued before the commit:
after a crash in between they are enqueued again, and the inbox makes the second one harmless. What Redis lost
(a crash of its machine, a flush) is noticed by the missing inbox row and enqueued again, later and later.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, TypeAlias

import asyncpg

from common.clock import Clock, SystemClock
from common.events import relay_sql as sql
from common.events.bus import Bus
from common.events.envelope import Envelope
from common.events.hub import wake_message
from common.events.log import WAKE_CHANNEL
from common.events.outbox import CHANNEL
from common.events.redelivery import Redelivery
from common.settings import plain_url
from common.telemetry.logs import get_log
from common.telemetry.metrics import PUBLISHED, REDELIVERED

_LOCK = 0x41545249  # "ATRI": the leading relay holds it
# asyncpg calls it an error of its own when a connection is lost between two of its steps.
_LOST = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    TimeoutError,
)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_log = get_log(__name__)


class QueueUnavailable(Exception):
    """The task queue does not take tasks at the moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Who handles a topic: a task of a domain, named like its inbox entries."""

    name: str
    domain: str
    topic: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one consumer."""

    consumer: Consumer
    envelope: Envelope


class TaskQueue(Protocol):
    """Where tasks are handed over."""

    async def enqueue(self, deliveries: Sequence[Delivery]) -> None:
        """Hand over all, in order; raises QueueUnavailable if it cannot (some may have gone through)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayPace:
    """How often the relay looks without being woken, and how much it takes at once."""

    batch: int = 200
    poll: timedelta = timedelta(seconds=1)
    redeliver_after: timedelta = timedelta(minutes=15)
    redeliver_for: timedelta = timedelta(days=7)
    sweep: timedelta = timedelta(minutes=1)
    keep_published: timedelta = timedelta(days=7)
    keep_log: timedelta = timedelta(days=30)
    prune: timedelta = timedelta(hours=1)


@dataclass(slots=True)
class _Due:
    """When something that happens now and then is next."""

    every: timedelta
    at: float = 0.0

    def is_now(self, now: float) -> bool:
        """Whether it is time; if so, the next time is set."""
        if now < self.at:
            return False
        self.at = now + self.every.total_seconds()
        return True


@dataclass(slots=True, kw_only=True)
class Relay:
    """The loop. `database_url` logs in as the application, on a direct connection."""

    database_url: str
    domains: Sequence[str]
    consumers: Collection[Consumer]
    queue: TaskQueue
    bus: Bus
    pace: RelayPace = field(default_factory=RelayPace)
    clock: Clock = field(default_factory=SystemClock)
    is_leading: bool = False
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _is_stopping: bool = False
    _by_topic: dict[str, list[Consumer]] = field(default_factory=dict)
    _redelivery: Redelivery = field(init=False)
    _sweep_due: _Due = field(init=False)
    _prune_due: _Due = field(init=False)

    def __post_init__(self) -> None:
        for consumer in self.consumers:
            self._by_topic.setdefault(consumer.topic, []).append(consumer)
        self._redelivery = Redelivery(first=self.pace.redeliver_after)
        self._sweep_due = _Due(self.pace.sweep)
        self._prune_due = _Due(self.pace.prune)

    async def run(self) -> None:
        """Publish until `stop` is called, whatever PostgreSQL and Redis do meanwhile."""
        pause = _FIRST_PAUSE
        while not self._is_stopping:
            try:
                async with _connected(self.database_url) as connection:
                    await self._lead(connection)
                pause = _FIRST_PAUSE
            except _LOST as error:
                _log.warning("relay.database_away", reason=str(error))
                self._woken.clear()  # or what woke the lost connection would keep this from resting
                await self._rest(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            finally:
                self.is_leading = False

    def stop(self) -> None:
        """Publish what is there and end."""
        self._is_stopping = True
        self._woken.set()

    async def _lead(self, connection: Connection) -> None:
        """Publish as long as this connection holds the lock."""
        while not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
            if self._is_stopping:
                return
            await self._rest(self.pace.poll.total_seconds())
        self.is_leading = True
        await connection.add_listener(CHANNEL, self._wake)
        await self._note_consumers(connection)
        _log.info("relay.leading")
        while True:
            self._woken.clear()
            await self._drain(connection)
            if self._is_stopping:
                return
            await self._now_and_then(connection)
            await self._rest(self.pace.poll.total_seconds())

    async def _drain(self, connection: Connection) -> None:
        """Publish until nothing is left, the domains in turn; while the queue is away, wait for it."""
        pause = _FIRST_PAUSE
        pending = deque(self.domains)
        while pending:
            try:
                count = await self._publish_batch(connection, pending[0])
            except QueueUnavailable as error:
                _log.warning("relay.queue_away", reason=str(error))
                if self._is_stopping:
                    return
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            domain = pending.popleft()
            if count == self.pace.batch:
                pending.append(domain)

    async def _publish_batch(self, connection: Connection, domain: str) -> int:
        async with connection.transaction():
            await connection.execute(sql.BECOME)
            rows = await connection.fetch(sql.publish(domain), self.pace.batch)
            envelopes = [sql.envelope_of(row) for row in rows]
            deliveries = self._deliveries(envelopes)
            if deliveries:
                await self.queue.enqueue(deliveries)
        if envelopes:
            organisations = {one.organisation_id for one in envelopes if one.organisation_id is not None}
            await self.bus.publish(WAKE_CHANNEL, wake_message(organisations))
            for envelope in envelopes:
                PUBLISHED.labels(envelope.topic).inc()
                _log.info("relay.published", topic=envelope.topic, event_id=str(envelope.id))
        return len(rows)

    def _deliveries(self, envelopes: Sequence[Envelope]) -> list[Delivery]:
        return [
            Delivery(consumer=consumer, envelope=envelope)
            for envelope in envelopes
            for consumer in self._by_topic.get(envelope.topic, ())
        ]

    async def _note_consumers(self, connection: Connection) -> None:
        """A consumer that is new gets events from now on, not those of the past."""
        async with connection.transaction():
            await connection.execute(sql.BECOME)
            await connection.executemany(
                sql.NOTE_CONSUMER, sorted((consumer.name, consumer.topic) for consumer in self.consumers)
            )

    async def _now_and_then(self, connection: Connection) -> None:
        now = asyncio.get_running_loop().time()
        if self._sweep_due.is_now(now):
            with contextlib.suppress(QueueUnavailable):
                for consumer in self.consumers:
                    await self._redeliver(connection, consumer)
        if self._prune_due.is_now(now):
            await self._prune(connection)

    async def _redeliver(self, connection: Connection, consumer: Consumer) -> None:
        """Enqueue again what a consumer should have handled long ago."""
        async with connection.transaction():
            await connection.execute(sql.BECOME)
            rows = await connection.fetch(
                sql.unhandled(consumer.domain),
                consumer.topic,
                consumer.name,
                self.pace.redeliver_after,
                self.pace.redeliver_for,
                self.pace.batch,
            )
        now = self.clock.now()
        late = [row for row in rows if self._redelivery.is_due((consumer.name, row["id"]), now)]
        if late:
            envelopes = map(sql.envelope_of, late)
            await self.queue.enqueue([Delivery(consumer=consumer, envelope=one) for one in envelopes])
            REDELIVERED.labels(consumer.name).inc(len(late))
            _log.warning("relay.redelivered", consumer=consumer.name, count=len(late))

    async def _prune(self, connection: Connection) -> None:
        """Forget what was published and handled long ago."""
        async with connection.transaction():
            await connection.execute(sql.BECOME)
            for domain in self.domains:
                await connection.execute(sql.prune_outbox(domain), self.pace.keep_published)
                await connection.execute(sql.prune_inbox(domain), self.pace.keep_log)
            await connection.execute(sql.PRUNE_LOG, self.pace.keep_log)

    async def _rest(self, seconds: float) -> None:
        """Until woken, at most so long."""
        if self._is_stopping:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    def _wake(self, *_: Any) -> None:
        self._woken.set()


@contextlib.asynccontextmanager
async def _connected(url: str) -> Any:
    connection = await asyncpg.connect(
        plain_url(url), timeout=10, command_timeout=60, server_settings={"application_name": "atrium relay"}
    )
    try:
        yield connection
    finally:
        with contextlib.suppress(*_LOST):
            await connection.close(timeout=5)
