"""Answers that are on their way: who asks the same meanwhile gets the same one."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Landed(Generic[Value]):
    """How it ended for everybody: a value, or what was raised."""

    value: Value | None = None
    raised: Exception | None = None


Landing = Callable[[Landed[Value] | None], None]
"""Told how a flight ended; None: it did not, ask again."""


class Flight(Generic[Value]):
    """An answer on its way, and those who wait for it beside whoever asked."""

    __slots__ = ("deadline", "waiting")

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.waiting: list[Landing[Value]] = []


class Flights(Generic[Key, Value]):
    """One question a key at a time; nothing is remembered once it is answered.

    The first asker asks by itself, and pays nothing when it stays alone. When it gives up, or its deadline
    cuts the answer short, one of those who wait asks anew. Nobody waits for an asker whose deadline is later
    than its own. `as_shared` turns a value into one that several may hold.
    """

    def __init__(self, as_shared: Callable[[Value], Value] | None = None) -> None:
        self._as_shared = as_shared or _unchanged
        self._open: dict[Key, Flight[Value]] = {}
        self.shared = 0

    def __len__(self) -> int:
        return len(self._open)

    def depart(self) -> None:
        """Something has changed: who asks from now on waits for none of those that are on their way."""
        self._open.clear()

    # With callbacks.

    def under_way(self, key: Key) -> Flight[Value] | None:
        """The flight that somebody asked for just before."""
        return self._open.get(key)

    def begin(self, key: Key, deadline: float) -> Flight[Value]:
        """One's own; whoever begins it says how it lands."""
        flight = self._open[key] = Flight[Value](deadline)
        return flight

    def landed(self, key: Key, flight: Flight[Value], value: Value) -> Value:
        """The answer is there; gives it as those have it who share it."""
        self.close(key, flight)
        if not flight.waiting:
            return value
        value = self._as_shared(value)
        self._tell(flight, Landed(value))
        return value

    def lost(self, key: Key, flight: Flight[Value], raised: Exception | None) -> None:
        """There is no answer: for anybody, or, None, because whoever asked gave up."""
        self.close(key, flight)
        if flight.waiting:
            self._tell(flight, None if raised is None else Landed(raised=raised))

    def close(self, key: Key, flight: Flight[Value]) -> None:
        """It is over, before anybody hears of it: who asks from now on wants news."""
        if self._open.get(key) is flight:
            del self._open[key]

    def _tell(self, flight: Flight[Value], landed: Landed[Value] | None) -> None:
        was_cut_short = asyncio.get_running_loop().time() >= flight.deadline
        waiting, flight.waiting = flight.waiting, []  # whoever asked may end it once more as it goes
        for each in waiting:
            each(None if was_cut_short else landed)

    # With coroutines.

    async def ask(
        self,
        key: Key,
        deadline: float,
        make: Callable[[], Awaitable[Value]],
        taken: Callable[[Value], Value] | None = None,
    ) -> Value:
        """The value; raises what making it raised. `make` keeps the `deadline`, on the loop's clock.

        `taken` turns somebody else's value into one's own.
        """
        while (flight := self._open.get(key)) is not None:
            if flight.deadline > deadline:
                return await make()
            landed = await _landing(flight)
            if landed is None:
                continue
            self.shared += 1
            if landed.raised is not None:
                raise landed.raised
            value: Value = landed.value  # type: ignore[assignment]  # None only if Value allows it
            return value if taken is None else taken(value)
        return await self._lead(key, deadline, make)

    async def _lead(self, key: Key, deadline: float, make: Callable[[], Awaitable[Value]]) -> Value:
        flight = self.begin(key, deadline)
        try:
            value = await make()
        except Exception as raised:
            self.lost(key, flight, raised)
            raise
        except BaseException:
            self.lost(key, flight, None)
            raise
        return self.landed(key, flight, value)


async def _landing(flight: Flight[Value]) -> Landed[Value] | None:
    """How the flight ends; None: it did not, ask again."""
    # A future each: whoever gives up cancels what it awaits, and nobody else's.
    future: asyncio.Future[Landed[Value] | None] = asyncio.get_running_loop().create_future()

    def land(landed: Landed[Value] | None) -> None:
        if not future.done():
            future.set_result(landed)

    flight.waiting.append(land)
    return await future


def _unchanged(value: Value) -> Value:
    return value
