"""Counters of this process alone: for a router without Redis."""

from collections.abc import Callable, Sequence
from time import time

from router.cache.recent import Recent
from router.state.counters import Ask, Part
from router.state.sliding import Cells, taken

MOST_COUNTERS = 100_000


class MemoryCounters:
    """Remembers so many counters; those unused for longest are forgotten first."""

    def __init__(self, *, clock: Callable[[], float] = time, size: int = MOST_COUNTERS) -> None:
        self._clock = clock
        self._cells: Recent[str, Cells] = Recent(size)

    async def take(self, asks: Sequence[Ask]) -> Sequence[Part]:
        """A part for each. If one is short, nothing was taken of any."""
        now = int(self._clock() * 1000)
        return taken([self._cell(ask, now) for ask in asks], asks, now)

    async def close(self) -> None:
        """Nothing is held open."""

    def _cell(self, ask: Ask, now: int) -> Cells:
        cells = self._cells.get(ask.key)
        if cells is None:
            cells = Cells(index=now // ask.window)
            self._cells.put(ask.key, cells)
        return cells
