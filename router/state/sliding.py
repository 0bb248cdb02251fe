"""The arithmetic of a sliding window of two cells; the script for Redis says the same in Lua.

What counts is the present cell, and of the one before as much as the window still overlaps:

    used = current + previous * (what is left of the present cell) / window
"""

from collections.abc import Sequence
from dataclasses import dataclass

from router.state.counters import Ask, Part

SHARE = 8
"""Nobody gets more than this fraction of what is free, beyond the need: others want some, too."""


@dataclass(slots=True)
class Cells:
    """One counter; `index` numbers the present window from the epoch."""

    index: int
    current: int = 0
    previous: int = 0

    def move(self, index: int) -> int:
        """Go on to the window with this index, and say which one it is: clocks may go back, counters not."""
        if index <= self.index:
            return self.index
        self.previous = self.current if index == self.index + 1 else 0
        self.current, self.index = 0, index
        return index

    def give_back(self, units: int, index: int) -> None:
        """Units that were taken in that window and not used."""
        if index == self.index:
            self.current = max(self.current - units, 0)
        elif index == self.index - 1:
            self.previous = max(self.previous - units, 0)


def taken(cells: Sequence[Cells], asks: Sequence[Ask], now: int) -> list[Part]:
    """Take from each, or from none if one is short; `now` in milliseconds since the epoch."""
    parts = [_part(cell, ask, now) for cell, ask in zip(cells, asks, strict=True)]
    if any(part.is_short for part in parts):
        return [_untaken(part) for part in parts]
    for cell, part in zip(cells, parts, strict=True):
        cell.current += part.units
    return parts


def _part(cell: Cells, ask: Ask, now: int) -> Part:
    index = cell.move(now // ask.window)
    left = ask.window - now % ask.window if index == now // ask.window else ask.window
    if ask.given_back:
        cell.give_back(ask.given_back, ask.given_back_in)
    free = max(_floor((ask.limit - cell.current) * ask.window - cell.previous * left, ask.window), 0)
    if free < ask.need:
        retry_in = _retry_in(cell, ask, left)
        return Part(units=0, free=free, index=index, ends_in=left, is_short=True, retry_in=retry_in)
    units = min(ask.want, max(ask.need, free // SHARE))
    return Part(units=units, free=free - units, index=index, ends_in=left)


def _untaken(part: Part) -> Part:
    if part.is_short:
        return part
    return Part(units=0, free=part.free + part.units, index=part.index, ends_in=part.ends_in)


def _retry_in(cell: Cells, ask: Ask, left: int) -> int | None:
    """When the need fits if nobody else takes any: in this window, or in the next as this one fades."""
    room = ask.limit - ask.need
    if room < 0:
        return None
    if cell.current <= room:  # then it is the window before that is in the way
        return left - _floor((room - cell.current) * ask.window, cell.previous)
    return left + ask.window - _floor(room * ask.window, cell.current)


def _floor(dividend: int, divisor: int) -> int:
    return dividend // divisor
