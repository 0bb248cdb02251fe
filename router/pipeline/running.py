"""Which subscriptions run in this process, and that they follow the supergraph in use."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Followed(Protocol):
    """A subscription, as far as this is concerned."""

    def is_behind(self, snapshot_id: str) -> bool:
        """It has not been looked at under this supergraph."""
        ...

    async def move(self, again: Any) -> None:
        """Go on under the supergraph in use."""
        ...


class Subscriptions:
    """Those that run. A new supergraph moves them, one at a time, beside everything else."""

    def __init__(self) -> None:
        self._running: set[Followed] = set()
        self._moving: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._running)

    @contextmanager
    def running(self, subscription: Followed) -> Iterator[None]:
        """It runs as long as the context."""
        self._running.add(subscription)
        try:
            yield
        finally:
            self._running.discard(subscription)

    def behind(self, snapshot_id: str) -> list[Followed]:
        """Those that have not been looked at under this supergraph."""
        return [each for each in self._running if each.is_behind(snapshot_id)]

    def follow(self, move_all: Callable[[], Awaitable[None]]) -> None:
        """Another supergraph is in use; one that comes while they are moved is found by who moves them."""
        if self._running and (self._moving is None or self._moving.done()):
            self._moving = asyncio.ensure_future(move_all())

    def stop(self) -> None:
        """Move nobody any more."""
        if self._moving is not None:
            self._moving.cancel()
