"""How much is worked on at a time: a counter, a short queue, and a quick refusal for the rest.

A process that takes on all that comes answers everything late, and then nothing in time. This one finishes
what it has begun; what cannot begin soon is refused while the client can still go elsewhere.
"""

import asyncio
from collections import deque

from router.errors import Overloaded
from router.settings import LoadSettings


class Admission:
    """`in_flight` requests are worked on. Whoever enters leaves again."""

    __slots__ = ("_limit", "_max_waiting", "_seconds", "_waiting", "in_flight", "refused")

    def __init__(self, settings: LoadSettings) -> None:
        self._limit = settings.max_in_flight
        self._max_waiting = settings.max_waiting
        self._seconds = settings.turn
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.in_flight = 0
        self.refused = 0

    @property
    def is_full(self) -> bool:
        """Whoever wants to enter now has to wait."""
        return self.in_flight >= self._limit

    @property
    def is_overfull(self) -> bool:
        """Whoever comes now cannot even wait."""
        return self.in_flight >= self._limit and len(self._waiting) >= self._max_waiting

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return sum(not turn.done() for turn in self._waiting)

    async def enter(self) -> None:
        """Begin to work; raises Overloaded when there is no turn in time."""
        if self.in_flight < self._limit:
            self.in_flight += 1
        else:
            await self.turn()

    async def turn(self) -> None:
        """The place of somebody who leaves; raises Overloaded."""
        if self.is_overfull:
            self.refused += 1
            raise Overloaded
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        timer = asyncio.get_running_loop().call_later(self._seconds, _give_up, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave()  # the place was handed over just as the client left
            raise
        except Overloaded:
            self.refused += 1
            raise
        finally:
            timer.cancel()
            if turn in self._waiting:
                self._waiting.remove(turn)

    def leave(self) -> None:
        """Done: the place goes to whoever waits longest, or is free."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.in_flight -= 1


def _give_up(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(Overloaded())
