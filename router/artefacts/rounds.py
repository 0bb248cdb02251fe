"""Something done beside everything else, every so often and at once when told to."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress


class Rounds:
    """Rounds of one kind, each after the other, for ever. `go` deals with whatever goes wrong in it."""

    def __init__(self, go: Callable[[], Awaitable[None]], *, seconds: float) -> None:
        self._go = go
        self._seconds = seconds
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def have_begun(self) -> bool:
        """They go on until `stop`."""
        return self._task is not None

    def begin(self) -> None:
        """The first one comes after the pause."""
        if self._task is None:
            self._task = asyncio.create_task(self._for_ever())

    def wake(self) -> None:
        """Do not wait for the end of the pause."""
        self._woken.set()

    async def stop(self) -> None:
        """No more of them; one that is under way is broken off."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _for_ever(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._woken.wait()
            self._woken.clear()
            await self._go()
