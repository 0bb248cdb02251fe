"""Wake-ups between processes: Redis pub/sub behind broadcaster, with a backend that survives Redis.

Messages may be lost (Redis was away, a subscriber was slow). A subscriber then gets MISSED instead, once the
bus works again, and has to look for itself. broadcaster's own Redis backend stops for ever when a connection
drops, and its Broadcast loses one of two subscribers that come at the same moment: so the backend is ours,
and each channel has one subscription per process that is fanned out here.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from broadcaster import Broadcast, BroadcastBackend
from broadcaster import Event as BroadcastEvent
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from common.telemetry.logs import get_log

MISSED: Final = ""
"""In place of messages that were lost."""

_ALWAYS = "atrium:always"
_QUEUE_SIZE = 256
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_LOST = (RedisError, OSError, TimeoutError)

_log = get_log(__name__)


class RedisBackend(BroadcastBackend):
    """broadcaster's backend interface over one connection that comes back and subscribes anew."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._channels: dict[str, asyncio.Event] = {}
        self._owed: set[str] = set()  # channels that have missed something and are not told yet
        self._tried = asyncio.Event()  # the first connection stands or has failed
        self._messages: asyncio.Queue[BroadcastEvent] = asyncio.Queue()
        self._pubsub: PubSub | None = None
        self._publisher: Redis | None = None
        self._reader: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Start listening; Redis may come later."""
        self._publisher = Redis.from_url(self._url, socket_timeout=2, socket_connect_timeout=2)
        self._reader = asyncio.create_task(self._listen())

    async def disconnect(self) -> None:
        """Stop listening."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._publisher is not None:
            await self._publisher.aclose()

    async def subscribe(self, group: str) -> None:
        """Return when Redis has confirmed; at once if it is away (then it is made up for on return)."""
        confirmed = self._channels[group] = asyncio.Event()
        await self._tried.wait()
        if self._pubsub is None:
            return
        with contextlib.suppress(*_LOST):
            await self._pubsub.subscribe(group)
            async with asyncio.timeout(2):
                await confirmed.wait()

    async def unsubscribe(self, group: str) -> None:
        """Listen to this channel no more."""
        self._channels.pop(group, None)
        self._owed.discard(group)
        if self._pubsub is not None:
            with contextlib.suppress(*_LOST):
                await self._pubsub.unsubscribe(group)

    async def publish(self, channel: str, message: str) -> None:
        """Tell every process; raises what Redis raises."""
        assert self._publisher is not None
        await self._publisher.publish(channel, message)

    async def next_published(self) -> BroadcastEvent:
        """The next message of any channel."""
        return await self._messages.get()

    async def _listen(self) -> None:
        pause, was_away = _FIRST_PAUSE, False
        while True:
            client = Redis.from_url(
                self._url,
                socket_timeout=None,  # an idle channel is no failure
                socket_connect_timeout=2,
                socket_keepalive=True,
                health_check_interval=15,
                retry=Retry(NoBackoff(), 0),  # reconnecting is done here, where it can be noticed
            )
            try:
                async with client.pubsub() as pubsub:
                    known = frozenset(self._channels)
                    await pubsub.subscribe(_ALWAYS, *known)
                    self._pubsub, pause = pubsub, _FIRST_PAUSE
                    self._tried.set()
                    if late := self._channels.keys() - known:  # asked for while we were subscribing
                        await pubsub.subscribe(*late)
                    if was_away:
                        _log.info("bus.back")
                        was_away = False
                    await self._read(pubsub)
            except _LOST as error:
                if not was_away:
                    _log.warning("bus.away", reason=str(error))
                was_away = True
            finally:
                self._pubsub = None
                self._owed.update(self._channels)
                self._tried.set()
                with contextlib.suppress(*_LOST):
                    await client.aclose()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _read(self, pubsub: PubSub) -> None:
        while True:
            message = await pubsub.get_message(timeout=10)
            if message is None:
                continue
            channel = _text(message["channel"])
            match message["type"]:
                case "subscribe" if channel in self._channels:
                    self._channels[channel].set()
                    if channel in self._owed:  # only now nothing more can be missed
                        self._owed.discard(channel)
                        self._messages.put_nowait(BroadcastEvent(channel, MISSED))
                case "message":
                    self._messages.put_nowait(BroadcastEvent(channel, _text(message["data"])))
                case _:
                    pass


class Bus:
    """Publishes and hands out messages; one per process and event loop."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self._queues: dict[str, set[asyncio.Queue[str]]] = {}
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._changing = asyncio.Lock()

    async def open(self) -> None:
        """Begin to listen."""
        await self._broadcast.connect()

    async def close(self) -> None:
        """End every subscription."""
        readers = tuple(self._readers.values())
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        await self._broadcast.disconnect()

    def is_subscribed(self, channel: str) -> bool:
        """Whether somebody in this process listens to the channel."""
        return channel in self._readers

    async def publish(self, channel: str, message: str) -> bool:
        """Wake the subscribers of every process; False if Redis is away."""
        try:
            await self._broadcast.publish(channel, message)
        except _LOST as error:
            _log.warning("bus.not_published", channel=channel, reason=str(error))
            return False
        return True

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[AsyncIterator[str]]:
        """The channel's messages from now on; MISSED stands for some that were lost."""
        queue: asyncio.Queue[str] = asyncio.Queue(_QUEUE_SIZE)
        async with self._changing:
            queues = self._queues.setdefault(channel, set())
            queues.add(queue)
            if channel not in self._readers:
                ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._readers[channel] = asyncio.create_task(self._fan_out(channel, queues, ready))
                await ready
        try:
            yield _drain(queue)
        finally:
            queues.discard(queue)
            if not queues:
                await self._end(channel)

    async def _end(self, channel: str) -> None:
        async with self._changing:
            if self._queues.get(channel):
                return
            self._queues.pop(channel, None)
            reader = self._readers.pop(channel, None)
            if reader is not None:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)

    async def _fan_out(
        self, channel: str, queues: set[asyncio.Queue[str]], ready: asyncio.Future[None]
    ) -> None:
        async with self._broadcast.subscribe(channel) as messages:
            ready.set_result(None)
            while True:
                message = (await messages.get()).message
                for queue in tuple(queues):
                    _offer(queue, message)


def redis_bus(url: str) -> Bus:
    """A bus over Redis; `open` it inside the event loop."""
    return Bus(Broadcast(backend=RedisBackend(url)))


def _offer(queue: asyncio.Queue[str], message: str) -> None:
    """Hand over a message; a reader that is far behind gets MISSED in place of all it has not read."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        message = MISSED
    queue.put_nowait(message)


async def _drain(queue: asyncio.Queue[str]) -> AsyncIterator[str]:
    while True:
        yield await queue.get()


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
