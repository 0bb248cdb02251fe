"""What waits for one client: bounded, with a policy for those who read more slowly than events come.

As long as the client reads, a frame is written the moment it is put here, without a task. When the connection
takes no more (its buffer holds 64 KiB), frames wait here, and a task writes them as the client goes on.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from router.http.begun import Begun
from router.settings import DeliverySettings, SlowClients

Frame = TypeVar("Frame")


@dataclass(slots=True)
class _Waiting(Generic[Frame]):
    frame: Frame
    size: int
    of: Hashable | None


@dataclass(slots=True)
class Lost:
    """Events that never reached their clients, in all outboxes of a process."""

    events: int = 0
    clients: int = 0


class Outbox(Generic[Frame]):
    """`write` gives a frame to the connection; `give_up` is called once, when the client is too slow.

    Frames that come with `of` are events of that subscription, and the policy may leave them out; everything
    else is delivered, or the client given up.
    """

    __slots__ = (
        "_bytes",
        "_give_up",
        "_is_closed",
        "_lost",
        "_rooms",
        "_settings",
        "_waiting",
        "_write",
        "_writing",
    )

    def __init__(
        self,
        settings: DeliverySettings,
        write: Callable[[Frame], Awaitable[None]],
        give_up: Callable[[], None],
        lost: Lost,
    ) -> None:
        self._settings = settings
        self._write = write
        self._give_up = give_up
        self._lost = lost
        self._waiting: deque[_Waiting[Frame]] | None = None
        self._bytes = 0
        self._writing: asyncio.Task[None] | None = None
        self._rooms: list[asyncio.Future[None]] | None = None
        self._is_closed = False

    @property
    def is_congested(self) -> bool:
        """Something waits."""
        return self._writing is not None

    def put(self, frame: Frame, size: int, *, of: Hashable | None = None) -> None:
        """Write it, now or as soon as the client has taken what came before."""
        if self._is_closed:
            return
        if self._writing is None:
            self._begin(frame)
            return
        if self._waiting is None:
            self._waiting = deque()
        if (
            of is not None
            and self._settings.slow_clients == SlowClients.COALESCE
            and self._replace(frame, size, of)
        ):
            return
        self._waiting.append(_Waiting(frame, size, of))
        self._bytes += size
        if self._is_too_much() and not self._make_room():
            self._lost.clients += 1
            self.close()
            self._give_up()

    async def room(self) -> None:
        """Return when half of what may wait has been taken, or nothing is delivered any more."""
        while not self._is_closed and self._writing is not None and self._is_half_full():
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._rooms = [*(self._rooms or ()), future]
            await future

    def forget(self) -> None:
        """What waits is of no use any more; what is being written goes on."""
        self._waiting = None
        self._bytes = 0

    def close(self) -> None:
        """Deliver nothing any more."""
        self._is_closed = True
        self.forget()
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        self._tell_room()

    def _begin(self, frame: Frame) -> None:
        with suppress(OSError, RuntimeError):  # the client has just left; reading will tell
            writing = Begun(self._write(frame))
            if not writing.is_done:
                self._writing = asyncio.create_task(self._go_on(writing))

    async def _go_on(self, writing: Awaitable[None]) -> None:
        try:
            while True:
                async with asyncio.timeout(self._settings.stall):
                    await writing
                if not self._waiting:
                    break
                next = self._waiting.popleft()
                self._bytes -= next.size
                self._tell_room()
                writing = self._write(next.frame)
        except TimeoutError:
            self._writing = None
            if not self._is_closed:
                self._lost.clients += 1
                self.close()
                self._give_up()
            return
        except (OSError, RuntimeError):  # as above
            self._is_closed = True
            self.forget()
        self._writing = None
        self._tell_room()

    def _is_too_much(self) -> bool:
        settings = self._settings
        return (
            self._waiting is not None and len(self._waiting) > settings.max_pending_messages
        ) or self._bytes > settings.max_pending_bytes

    def _is_half_full(self) -> bool:
        settings = self._settings
        return (
            self._waiting is not None and 2 * len(self._waiting) >= settings.max_pending_messages
        ) or 2 * self._bytes >= settings.max_pending_bytes

    def _replace(self, frame: Frame, size: int, of: Hashable) -> bool:
        """Let it take the place of an older event of the same subscription."""
        for waiting in self._waiting or ():
            if waiting.of == of:
                self._bytes += size - waiting.size
                waiting.frame, waiting.size = frame, size
                self._lost.events += 1
                return True
        return False

    def _make_room(self) -> bool:
        """Leave out the oldest events; False if that is no policy here, or not enough."""
        if self._settings.slow_clients != SlowClients.DROP_OLDEST or self._waiting is None:
            return False
        while self._is_too_much():
            oldest = next((waiting for waiting in self._waiting if waiting.of is not None), None)
            if oldest is None:
                return False
            self._waiting.remove(oldest)
            self._bytes -= oldest.size
            self._lost.events += 1
        return True

    def _tell_room(self) -> None:
        rooms, self._rooms = self._rooms, None
        for future in rooms or ():
            if not future.done():
                future.set_result(None)
