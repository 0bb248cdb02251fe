"""One timer for many: each member gets its turn once in so many seconds."""

import asyncio
from collections.abc import Callable

Turn = Callable[[], None]

SPOKES = 20


class Wheel:
    """Members are spread over spokes by when they came; the wheel stands still while there are none.

    Ten thousand timers of their own would be ten thousand entries of the loop's heap, made anew each time.
    """

    def __init__(self, seconds: float) -> None:
        self._step = seconds / SPOKES
        self._spokes: list[set[Turn]] = [set() for _ in range(SPOKES)]
        self._at = 0
        self._members = 0
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return self._members

    def add(self, turn: Turn) -> int:
        """Its first turn comes after nearly all of the seconds; what is given back is for `remove`."""
        spoke = self._at
        if turn not in self._spokes[spoke]:
            self._spokes[spoke].add(turn)
            self._members += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._step, self._turn)
        return spoke

    def remove(self, spoke: int, turn: Turn) -> None:
        """It gets no more turns."""
        if turn in self._spokes[spoke]:
            self._spokes[spoke].discard(turn)
            self._members -= 1
        if not self._members and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _turn(self) -> None:
        self._at = (self._at + 1) % SPOKES
        self._timer = asyncio.get_running_loop().call_later(self._step, self._turn)
        for turn in tuple(self._spokes[self._at]):
            turn()
