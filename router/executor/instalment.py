"""The rest of a plan for some new items of lists: what they need at once, and what may follow them."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from router.executor.executor import PreparedPlan, Run
from router.executor.fetch import Answering
from router.executor.located import MAX_PLACES, Place
from router.executor.spine import Spine
from router.plan.result import Fetched, FetchError, Range

Json = Any


@dataclass(frozen=True, slots=True)
class Same:
    """One list of the tree, and all the places where it stands."""

    list: list[Json]
    places: Sequence[Place]


@dataclass(frozen=True, slots=True)
class Added:
    """Items that are to be added to a list, which is `start` items long."""

    to: Same
    start: int
    items: Sequence[Json]


class Instalment(Run):
    """Runs over a spine. Fetches in `later`, with their deferrals, do not hold up the items."""

    def __init__(
        self,
        prepared: PreparedPlan,
        whole: Answering,
        added: Sequence[Added],
        later: Mapping[int, frozenset[int]],
    ) -> None:
        self._spine = Spine(whole.fetched.data)
        for each in added:
            self._spine.put(each.to.places[0], each.items, each.start)
        self._added = added
        self._fetched = Fetched(data=self._spine.data, errors=[], set_cookies=whole.fetched.set_cookies)
        super().__init__(prepared, replace(whole, fetched=self._fetched, begun=None))
        self._at_once = self._open - later.keys()
        self._is_ready = asyncio.Event()
        self.deferrals = frozenset[int]().union(*later.values())

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is on its way."""
        return not self._open

    def covers(self) -> Iterator[Range]:
        """Where its items stand."""
        for each in self._added:
            for place in each.to.places:
                yield place, each.start, each.start + len(each.items)

    async def run(self) -> None:
        """Ask for everything that the items need."""
        try:
            await self.to_the_end()
        finally:
            self._open.clear()
            self._is_ready.set()

    async def until_ready(self) -> None:
        """Wait for all but what may come later."""
        if self._at_once:
            await self._is_ready.wait()

    def take_errors(self) -> list[FetchError]:
        """Errors since the last time, told wherever the items stand."""
        errors, self._fetched.errors[:] = list(self._fetched.errors), []
        places = {each.to.places[0]: each.to.places for each in self._added}
        return [each for error in errors for each in _everywhere(self._spine.located(error), places)]

    def _end(self, position: int) -> list[int]:
        ready = super()._end(position)
        if self._at_once.isdisjoint(self._open):
            self._is_ready.set()
        return ready


def _everywhere(error: FetchError, by_place: Mapping[Place, Sequence[Place]]) -> Iterator[FetchError]:
    """An error in a list, told wherever the list stands."""
    path = error.path or ()
    length = next((length for length in range(len(path) + 1) if path[:length] in by_place), None)
    if length is None:
        yield error
        return
    for place in by_place[path[:length]][:MAX_PLACES]:
        yield FetchError(
            message=error.message, path=(*place, *path[length:]), extensions=dict(error.extensions)
        )
