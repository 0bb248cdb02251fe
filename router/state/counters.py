"""Counters in sliding windows that several processes share: what is asked of them, and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Units of one counter: at least `need`, up to `want` if there is plenty. `window` is in milliseconds.

    `given_back`: units taken before, in the window with this `given_back_in` index, that nobody used.
    """

    key: str
    limit: int
    window: int
    need: int
    want: int
    given_back: int = 0
    given_back_in: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one counter says: `units` taken, `free` ones left, milliseconds until its window `ends_in`.

    `is_short`: there was less than the need; it may be there after `retry_in` milliseconds, None: never.
    """

    units: int
    free: int
    index: int
    ends_in: int
    is_short: bool = False
    retry_in: int | None = None


class CountersAway(Exception):
    """Nobody can count now; says why."""


class Counters(Protocol):
    """Takes units of several counters at once, or of none of them."""

    async def take(self, asks: Sequence[Ask]) -> Sequence[Part]:
        """A part for each. If one is short, nothing was taken of any; raises CountersAway."""
        ...

    async def close(self) -> None:
        """Give back what is held open."""
        ...
