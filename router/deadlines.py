"""Many deadlines on one timer: a timer of the loop for each would cost more than what most of them guard."""

from asyncio import AbstractEventLoop, TimerHandle
from math import inf
from typing import Protocol
from weakref import WeakKeyDictionary

GRAIN = 0.01
"""Seconds that may pass between a deadline and its end; never before it."""


class Limited(Protocol):
    """Something that must not last for ever. Its `deadline` is on the loop's clock and does not change."""

    deadline: float

    def time_out(self) -> None:
        """The deadline has passed."""
        ...


class Deadlines:
    """Those that run on one loop. Nearly all end in time, and cost an entry in a set."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.loop = loop
        self._watched: set[Limited] = set()
        self._timer: TimerHandle | None = None
        self._looks_at = inf

    def watch(self, limited: Limited) -> None:
        """End it when its deadline has passed."""
        self._watched.add(limited)
        if limited.deadline < self._looks_at:
            self._look_again_at(limited.deadline)

    def forget(self, limited: Limited) -> None:
        """It has ended by itself."""
        self._watched.discard(limited)

    def __len__(self) -> int:
        return len(self._watched)

    def _look_again_at(self, time: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._looks_at = time
        self._timer = self.loop.call_at(time, self._look)

    def _look(self) -> None:
        self._timer, self._looks_at = None, inf
        now = self.loop.time()
        late = [each for each in self._watched if each.deadline <= now]
        self._watched.difference_update(late)
        if self._watched:
            # Not at once for each of many that end shortly after each other.
            self._look_again_at(max(min(each.deadline for each in self._watched), now + GRAIN))
        for each in late:
            each.time_out()


_of_loops: WeakKeyDictionary[AbstractEventLoop, Deadlines] = WeakKeyDictionary()
_latest: Deadlines | None = None


def deadlines_of(loop: AbstractEventLoop) -> Deadlines:
    """Those of a loop; there is one timer for everything in it."""
    global _latest
    if _latest is not None and _latest.loop is loop:
        return _latest
    known = _of_loops.get(loop)
    if known is None:
        known = _of_loops[loop] = Deadlines(loop)
    _latest = known
    return known
