"""Lists that grow while a plan runs: items that come later go through the rest of the plan in instalments.

An instalment is what has come while the one before it was on its way. It runs over a spine: a copy of what is
around the new items. When all that is asked for them is there, they go into the tree, in their order.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from router.executor.asked import Limit, within
from router.executor.executor import PreparedBelow, PreparedPlan
from router.executor.fetch import Answering, Find, PreparedFetch
from router.executor.instalment import Added, Instalment, Same
from router.executor.located import Failure, Place
from router.executor.merge import owned
from router.executor.reported import MAX_ERRORS, bad_response, failure, failure_of, path_of, unavailable
from router.plan.nodes import Fetch, StreamedList
from router.plan.result import FetchError, Growth, Range
from router.subgraph_client.protocol import (
    AnswerPath,
    Beginning,
    Increment,
    Items,
    Rest,
    SubgraphUnavailable,
)

Json = Any

MAX_WAITING = 1_000
"""So many items of one answer may wait for their turn before no more are read."""

MAX_AHEAD = 10_000
"""So many items may be in the tree that nobody has taken out of it yet."""

MAX_INSTALMENTS = 4
"""So many instalments of one answer may be asked about at once, all but one of them for what is deferred."""

MAX_ITEMS = 1_000_000
"""More than that is no list that one answer can hold."""


@dataclass(slots=True, eq=False)
class _Growing:
    """One list of an answer. In the tree it may have become several."""

    path: AnswerPath
    lists: Sequence[Same]
    waiting: list[Json] = field(default_factory=list)
    errors: list[FetchError] = field(default_factory=list)
    is_ending: bool = False

    def fail(self, failed: Failure, rest: Place = ()) -> None:
        """Something is wrong with it, or in it."""
        self.errors.extend(failed.at_all((*place, *rest) for place in self.places))

    @property
    def places(self) -> Iterator[Place]:
        """Wherever it stands."""
        return (place for each in self.lists for place in each.places)


class GrowingLists:
    """All of one run. `changed` is told whenever there are more items, or a list has ended.

    `ended` waits for fetches of the whole plan, `later` says for which deferrals one may come after items of
    another. Batches that are `lingering` have brought their items, and are still asked for more about them.
    """

    def __init__(
        self,
        prepared: PreparedPlan,
        answering: Answering,
        changed: Callable[[], None],
        ended: Callable[[frozenset[int]], Awaitable[None]],
        later: Callable[[Fetch, Fetch], frozenset[int]],
    ) -> None:
        self.answering = answering
        self.ended = ended
        self._prepared = prepared
        self._changed = changed
        self._later = later
        self.lingering: list[Instalment] = []
        self._open: dict[Place, None] = {}
        self._errors: list[FetchError] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._rests: list[Rest] = []
        self._raised: BaseException | None = None
        self._ahead = 0
        self._room = asyncio.Event()
        self.has_news = False

    @property
    def are_open(self) -> bool:
        """Whether anything may still come."""
        return bool(self._tasks)

    def growth(self) -> Growth:
        """How it stands."""
        incomplete: dict[int, list[Range]] = {}
        for instalment in self.lingering:
            for deferral in instalment.deferrals:
                incomplete.setdefault(deferral, []).extend(instalment.covers())
        return Growth(open=frozenset(self._open), incomplete=incomplete)

    def take_errors(self) -> list[FetchError]:
        """Errors since the last time; whoever takes them has seen all that is there."""
        errors, self._errors = self._errors, []
        self._ahead, self.has_news = 0, False
        self._room.set()
        return errors

    def result(self) -> None:
        """Raise what went wrong inside of us."""
        if self._raised is not None:
            raise self._raised

    def begin(self, fetch: PreparedFetch, beginning: Beginning, find: Find) -> None:
        """Let the lists of an answer grow that has just been merged."""
        lines = []
        for streamed in fetch.fetch.streams:
            below = self._prepared.below[fetch.fetch.id, streamed]
            growing = list(_growing(streamed, beginning, find))
            self._open.update((place, None) for each in growing for place in each.places)
            later = {
                position: found
                for position, each in enumerate(below.prepared.plan.fetches)
                if (found := self._later(each, fetch.fetch))
            }
            lines.append(_Line(self, below, fetch.limit_at(streamed), growing, later))
        self._rests.append(beginning.more)
        task = asyncio.create_task(_follow(self, fetch.fetch, beginning.more, lines))
        self._tasks.add(task)
        task.add_done_callback(self._end)

    async def close(self) -> None:
        """Nobody wants more items; sources are told."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for rest in self._rests:
            await rest.aclose()

    async def have_room(self) -> None:
        """Wait while whoever takes the items is far behind, by the deadline."""
        try:
            async with asyncio.timeout_at(self.answering.context.deadline):
                while self._ahead >= MAX_AHEAD:
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            return

    def tell(self, added: int, errors: Sequence[FetchError], over: Sequence[_Growing]) -> None:
        """There are more items, or no more will come of some lists."""
        self._ahead += added
        self._errors.extend(errors)
        for each in over:
            self._errors.extend(each.errors)
            for place in each.places:
                self._open.pop(place, None)
        self.has_news = True
        self._changed()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._raised = self._raised or task.exception()
        self.has_news = True
        self._changed()


class _Line:
    """The lists of one answer that one part of the plan works on."""

    def __init__(
        self,
        all: GrowingLists,
        below: PreparedBelow,
        limit: Limit | None,
        growing: Sequence[_Growing],
        later: Mapping[int, frozenset[int]],
    ) -> None:
        self._all = all
        self._below = below
        self._limit = limit
        self.open = {each.path: each for each in growing}
        self.waiting = 0
        self._fresh: dict[AnswerPath, _Growing] = {}
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._is_done = False
        self._later = later
        self._running = asyncio.Semaphore(MAX_INSTALMENTS)

    def take(self, fetch: Fetch, increment: Increment) -> None:
        """Note what came; items wait for their turn."""
        growing = self.open[increment.path]
        for error in islice(increment.errors, max(MAX_ERRORS - len(growing.errors), 0)):
            path, length = path_of(error) or (), len(growing.path)
            rest = path[length:] if path[:length] == growing.path else ()
            growing.fail(failure_of(fetch, error), rest)
        if isinstance(increment, Items):
            growing.waiting.extend(increment.items)
            self.waiting += len(increment.items)
        else:
            del self.open[increment.path]
            growing.is_ending = True
        self._fresh[growing.path] = growing
        self._news.set()

    def finish(self, failed: Failure | None) -> None:
        """Nothing more will come; `failed`: though more should have."""
        for growing in self.open.values():
            growing.is_ending = True
            if failed is not None:
                growing.fail(failed)
            self._fresh[growing.path] = growing
        self.open.clear()
        self._is_done = True
        self._news.set()

    async def run(self, group: asyncio.TaskGroup) -> None:
        """Bring all instalments into the tree."""
        await self._all.ended(self._below.outside)
        while self._fresh or not self._is_done:
            await self._news.wait()
            self._news.clear()
            fresh, self._fresh, self.waiting = list(self._fresh.values()), {}, 0
            self._room.set()
            if fresh:
                await self._land([(each, self._taken(each)) for each in fresh], group)
                await self._all.have_room()

    async def have_room(self) -> None:
        """Wait until there are not too many items in front."""
        while self.waiting >= MAX_WAITING:
            self._room.clear()
            await self._room.wait()

    def _taken(self, growing: _Growing) -> list[Json]:
        items, growing.waiting = growing.waiting, []
        return items if self._limit is None else within(items, self._limit)

    async def _land(self, fresh: Sequence[tuple[_Growing, list[Json]]], group: asyncio.TaskGroup) -> None:
        """Ask for whatever these items need, and add them to their lists."""
        over = [growing for growing, _ in fresh if growing.is_ending]
        errors: list[FetchError] = []
        for growing, _ in fresh:
            errors.extend(growing.errors)
            growing.errors = []
        added = [
            Added(same, len(same.list), items if number == 0 else self._copies(items, same.places[0]))
            for growing, items in fresh
            if items
            for number, same in enumerate(growing.lists)
        ]
        if added and self._below.prepared.fetches:
            errors.extend(await self._complete(added, group))
        for each in added:
            each.to.list.extend(each.items)
        self._all.tell(sum(len(each.items) for each in added), errors, over)

    async def _complete(self, added: Sequence[Added], group: asyncio.TaskGroup) -> list[FetchError]:
        """Run what the plan has below the lists, as far as the items cannot do without; its errors."""
        await self._running.acquire()
        instalment = Instalment(self._below.prepared, self._all.answering, added, self._later)
        group.create_task(self._follow(instalment))
        await instalment.until_ready()
        if not instalment.is_over:
            self._all.lingering.append(instalment)
        return instalment.take_errors()

    async def _follow(self, instalment: Instalment) -> None:
        try:
            await instalment.run()
        finally:
            self._running.release()
        if instalment in self._all.lingering:
            self._all.lingering.remove(instalment)
            self._all.tell(0, instalment.take_errors(), ())

    def _copies(self, items: Sequence[Json], place: Place) -> list[Json]:
        """The items once more, for a list of its own that others write into."""
        places = self._below.prepared.places_in(place)
        return list(items) if places is None else [owned(item, places) for item in items]


async def _follow(all: GrowingLists, fetch: Fetch, rest: Rest, lines: Sequence[_Line]) -> None:
    """Read an answer to its end, while its items are brought into the tree."""
    async with asyncio.TaskGroup() as group:
        for line in lines:
            group.create_task(line.run(group))
        failed: Failure | None = None
        try:
            async with asyncio.timeout_at(all.answering.context.deadline) as limit, aclosing(rest):
                failed = await _read(fetch, rest, lines)
        except TimeoutError:
            if not limit.expired():
                raise
            message = f"The deadline passed before subgraph {fetch.subgraph!r} had sent all items."
            failed = failure(fetch, message, "REQUEST_TIMEOUT")
        except SubgraphUnavailable as away:
            failed = unavailable(fetch, away)
        for line in lines:
            line.finish(failed)


async def _read(fetch: Fetch, rest: Rest, lines: Sequence[_Line]) -> Failure | None:
    """Hand every portion to the line that it is for, while there are lists; what is wrong with the answer."""
    items = 0
    while any(line.open for line in lines):
        try:
            increments = await anext(rest)
        except StopAsyncIteration:
            return None
        for each in increments:
            line = next((line for line in lines if each.path in line.open), None)
            if line is None:
                return bad_response(fetch, "sent items of a list that it had not begun")
            if isinstance(each, Items):
                items += len(each.items)
            line.take(fetch, each)
        if items > MAX_ITEMS:
            return bad_response(fetch, f"sent more than {MAX_ITEMS} items")
        for line in lines:
            await line.have_room()
    return None


def _growing(streamed: StreamedList, beginning: Beginning, find: Find) -> Iterator[_Growing]:
    """The lists that an answer says to go on with, as far as they are there."""
    keys = (streamed.call, *streamed.keys) if streamed.call else streamed.keys
    paths = _paths_at(beginning.data, keys) if beginning.open is None else sorted(beginning.open, key=repr)
    for path in paths:
        if tuple(step for step in path if isinstance(step, str)) != keys:
            continue
        distinct: dict[int, tuple[list[Json], list[Place]]] = {}
        for place, each in find(path):
            distinct.setdefault(id(each), (each, []))[1].append(place)
        if distinct:
            yield _Growing(path, [Same(each, places) for each, places in distinct.values()])


def _paths_at(data: Json, keys: Sequence[str], at: AnswerPath = ()) -> Iterator[AnswerPath]:
    """The lists in an answer that these keys lead to."""
    if isinstance(data, list):
        if not keys:
            yield at
        else:
            for index, item in enumerate(data):
                yield from _paths_at(item, keys, (*at, index))
    elif isinstance(data, dict) and keys:
        yield from _paths_at(data.get(keys[0]), keys[1:], (*at, keys[0]))
