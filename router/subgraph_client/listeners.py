"""One source, many listeners: each has a bounded queue of its own, and nobody waits for the slowest."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from router.subgraph_client.interruption import Interrupted

Item = TypeVar("Item")


class TooFarBehind(Exception):
    """The listener left more unread than may wait for it."""


class Listener(Generic[Item]):
    """What one listener has not read yet. `offer` never waits; `next` is for one reader.

    Whoever leaves more than `limit` items unread loses them all and is ended, since one that merely missed
    some would never know. `taken` is called whenever one was read.
    """

    __slots__ = ("_end", "_is_over", "_items", "_limit", "_reader", "_taken")

    def __init__(self, limit: int, taken: Callable[[], None] | None = None) -> None:
        self._items: deque[Item] = deque()
        self._limit = limit
        self._reader: asyncio.Future[None] | None = None
        self._is_over = False
        self._end: Exception | None = None
        self._taken = taken

    @property
    def is_half_full(self) -> bool:
        """Half of what may wait for it waits."""
        return 2 * len(self._items) >= self._limit

    def offer(self, item: Item) -> bool:
        """Hand an item over; False: it listens no more."""
        if len(self._items) >= self._limit:
            self.end(TooFarBehind(), at_once=True)
        if self._is_over:
            return False
        self._items.append(item)
        self._wake()
        return True

    def end(self, reason: Exception | None = None, *, at_once: bool = False) -> None:
        """Nothing more will come: the reader hears why, behind what waits for it unless `at_once`."""
        if self._is_over:
            return
        self._is_over = True
        self._end = reason
        if at_once:
            self._items.clear()
        self._wake()

    def interrupt(self) -> None:
        """End the wait of the reader, who does not come back."""
        self._is_over, self._end = True, Interrupted()
        self._items.clear()
        self._wake()

    async def next(self) -> Item:
        """The next item; raises StopAsyncIteration at the end, or its reason."""
        while not self._items:
            if self._is_over:
                raise self._end or StopAsyncIteration
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        item = self._items.popleft()
        if self._taken is not None:
            self._taken()
        return item

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
