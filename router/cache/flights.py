"""Answers that are on their way: who asks the same meanwhile gets the same one."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Landed(Generic[Value]):
    """How it ended for everybody: a value, or what was raised."""

    value: Value | None = None
    raised: Exception | None = None


class _Flight(Generic[Value]):
    __slots__ = ("deadline", "waiting")

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.waiting: list[asyncio.Future[_Landed[Value] | None]] = []


class Flights(Generic[Key, Value]):
    """One question a key at a time; nothing is remembered once it is answered.

    The first asker asks, in its own task, and pays nothing when it stays alone. When it gives up, or its
    deadline cuts the answer short, one of those who wait asks anew. Nobody waits for an asker whose deadline
    is later than its own. `as_shared` turns a value into one that several may hold.
    """

    def __init__(self, as_shared: Callable[[Value], Value] | None = None) -> None:
        self._as_shared = as_shared or _unchanged
        self._open: dict[Key, _Flight[Value]] = {}
        self.shared = 0

    def __len__(self) -> int:
        return len(self._open)

    def depart(self) -> None:
        """Something has changed: who asks from now on waits for none of those that are on their way."""
        self._open.clear()

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
        flight = self._open[key] = _Flight[Value](deadline)
        landed: _Landed[Value] | None = None
        try:
            value = await make()
            if flight.waiting:
                value = self._as_shared(value)
                landed = _Landed(value)
            return value
        except Exception as raised:
            landed = _Landed(raised=raised)
            raise
        finally:
            if self._open.get(key) is flight:  # before anybody hears of it: who asks from now on wants news
                del self._open[key]
            if flight.waiting:
                was_cut_short = asyncio.get_running_loop().time() >= deadline
                _tell(flight, None if was_cut_short else landed)


async def _landing(flight: _Flight[Value]) -> _Landed[Value] | None:
    """How the flight ends; None: it did not, ask again."""
    # A future each: whoever gives up cancels what it awaits, and nobody else's.
    future: asyncio.Future[_Landed[Value] | None] = asyncio.get_running_loop().create_future()
    flight.waiting.append(future)
    return await future


def _tell(flight: _Flight[Value], landed: _Landed[Value] | None) -> None:
    for future in flight.waiting:
        if not future.done():
            future.set_result(landed)


def _unchanged(value: Value) -> Value:
    return value
