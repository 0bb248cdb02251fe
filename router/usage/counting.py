"""Counts operations by client and version: a few additions for a request, memory with a bound.

Strangers choose names and texts. So many are told apart until the next batch takes them away; the rest is
counted together.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from common.operations.documents import LONGEST_CLIENT, LONGEST_VERSION
from common.operations.usage import BOUNDS_MS, LONGEST_NAME, MOST_USAGES, OTHERS

MOST_CHARACTERS = 4_000_000
"""Of all texts that are held until the next batch."""


class Asked(NamedTuple):
    """What was asked by whom. `client` and `version` are as the request says, or empty."""

    client: str
    version: str
    text: str
    operation: str
    kind: str
    is_registered: bool


@dataclass(slots=True)
class Tally:
    """What became of it since the batch before; milliseconds."""

    count: int = 0
    errors: int = 0
    total: float = 0.0
    slowest: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_MS) + 1))
    last: float = 0.0


class UsageCounter:
    """Tallies by what was asked, taken away every now and then."""

    def __init__(self, *, most: int = MOST_USAGES - 1, characters: int = MOST_CHARACTERS) -> None:
        self._most = most
        self._characters = characters
        self._left = characters
        self._tallies: dict[Asked, Tally] = {}
        self._known: dict[Hashable, Tally] = {}
        self._others = Tally()
        self.untold = 0
        """How many requests were not told apart, ever."""

    def add_known(self, key: Hashable, ms: float, now: float, *, has_errors: bool) -> bool:
        """One request more of those that this key stands for; False if it stands for none."""
        tally = self._known.get(key)
        if tally is None:
            return False
        _add(tally, ms, now, has_errors=has_errors)
        return True

    def add(
        self, asked: Asked, ms: float, now: float, *, has_errors: bool, key: Hashable | None = None
    ) -> None:
        """One request that took so long; until the next batch `key` stands for others like it."""
        tally = self._tallies.get(asked)
        if tally is None:
            tally = self._new(asked)
        if key is not None and tally is not self._others and len(self._known) < self._most:
            self._known[key] = tally
        _add(tally, ms, now, has_errors=has_errors)

    def take(self) -> dict[Asked, Tally]:
        """Everything since the last time; counting begins anew."""
        taken = self._tallies
        if self._others.count:
            taken[Asked(OTHERS, "", "", OTHERS, "", False)] = self._others
        self._tallies, self._known, self._others, self._left = {}, {}, Tally(), self._characters
        return taken

    def since(self) -> Iterator[tuple[Asked, Tally]]:
        """What was not taken away yet."""
        yield from self._tallies.items()
        if self._others.count:
            yield Asked(OTHERS, "", "", OTHERS, "", False), self._others

    def _new(self, asked: Asked) -> Tally:
        is_odd = (
            len(asked.client) > LONGEST_CLIENT
            or len(asked.version) > LONGEST_VERSION
            or len(asked.operation) > LONGEST_NAME
        )
        if is_odd or len(self._tallies) >= self._most or len(asked.text) > self._left:
            self.untold += 1
            return self._others
        self._left -= len(asked.text)
        tally = self._tallies[asked] = Tally()
        return tally


def _add(tally: Tally, ms: float, now: float, *, has_errors: bool) -> None:
    tally.count += 1
    tally.total += ms
    tally.last = now
    tally.buckets[bisect_left(BOUNDS_MS, ms)] += 1
    if ms > tally.slowest:
        tally.slowest = ms
    if has_errors:
        tally.errors += 1
