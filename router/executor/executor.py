"""Runs a plan as a graph: a fetch starts when its own parents have ended, and waits for nothing else.

prepare   compile paths and representations, once a plan
execute   ready-queue over the fetches; every answer goes into one tree
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from router.context import RequestContext
from router.executor.asked import AskedOfPlan
from router.executor.below import plan_below
from router.executor.conditions import hold
from router.executor.fetch import Answering, KeptAnswers, PreparedFetch
from router.executor.merge import Places, places_of
from router.executor.reported import failure
from router.plan.nodes import Fetch, Plan, StreamedList
from router.plan.paths import Path
from router.plan.result import Fetched
from router.subgraph_client.protocol import SubgraphClient

_TOO_LATE = "REQUEST_TIMEOUT"


@dataclass(frozen=True, slots=True)
class PreparedBelow:
    """What a plan does for items that are added to a list; it waits for the fetches at these positions."""

    prepared: "PreparedPlan"
    outside: frozenset[int]


class PreparedPlan:
    """A plan with its graph and fetches compiled; shared between requests, holds nothing of them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._places = places_of(path for fetch in plan.fetches for path in _paths_of(fetch))
        asked = AskedOfPlan(plan.fetches)
        self.fetches = tuple(PreparedFetch(fetch, self._places, asked) for fetch in plan.fetches)
        self._position = {fetch.id: position for position, fetch in enumerate(plan.fetches)}
        self.children = self._children(plan.fetches)
        self.parents = tuple(len(set(fetch.after)) for fetch in plan.fetches)
        self.first = tuple(position for position, parents in enumerate(self.parents) if parents == 0)
        self.below = {
            (fetch.id, streamed): self._below(fetch, streamed)
            for fetch in plan.fetches
            for streamed in fetch.streams
        }

    def places_in(self, place: Sequence[str | int]) -> Places | None:
        """Where fetches write in each item of the list at a place, if they do."""
        places: Places | None = self._places
        for step in place:
            if places is not None:
                places = places.keys.get(step) if isinstance(step, str) else places.each
        return None if places is None else places.each

    def _below(self, fetch: Fetch, streamed: StreamedList) -> PreparedBelow:
        below = plan_below(self.plan, fetch, streamed)
        outside = frozenset(self._position[each] for each in below.outside)
        return PreparedBelow(PreparedPlan(below.plan), outside)

    def _children(self, fetches: Sequence[Fetch]) -> tuple[tuple[int, ...], ...]:
        children: list[list[int]] = [[] for _ in fetches]
        for position, fetch in enumerate(fetches):
            for parent in set(fetch.after):
                children[self._position[parent]].append(position)
        return tuple(map(tuple, children))


def _paths_of(fetch: Fetch) -> Iterator[Path]:
    """Where the fetch writes."""
    yield fetch.path
    for call in fetch.calls:
        yield from call.paths


def prepare(plan: Plan) -> PreparedPlan:
    """The plan made ready to run; keep it beside the plan."""
    return PreparedPlan(plan)


async def execute(
    plan: Plan | PreparedPlan,
    variables: Mapping[str, Any],
    clients: Mapping[str, SubgraphClient],
    context: RequestContext,
) -> Fetched:
    """Everything the plan's fetches yield by the context's deadline; what failed is among the errors."""
    prepared = plan if isinstance(plan, PreparedPlan) else prepare(plan)
    fetched = Fetched(data={}, errors=[])
    answering = Answering(fetched=fetched, variables=variables, clients=clients, context=context)
    await Run(prepared, answering).to_the_end()
    return fetched


class Interrupted(KeptAnswers, Protocol):
    """A run that somebody else began."""

    @property
    def ended(self) -> Sequence[int]:
        """Positions of fetches whose answers are there, in that order: taken in whatever the deadline."""
        ...


async def resume(
    prepared: PreparedPlan,
    variables: Mapping[str, Any],
    clients: Mapping[str, SubgraphClient],
    context: RequestContext,
    kept: Interrupted,
) -> Fetched:
    """The same as `execute`, going on from answers that are there or on their way: nothing is asked twice."""
    fetched = Fetched(data={}, errors=[])
    answering = Answering(fetched=fetched, variables=variables, clients=clients, context=context, kept=kept)
    run = Run(prepared, answering)
    ended = tuple(kept.ended)
    await run.again(ended)
    await run.to_the_end(ended=ended)
    return fetched


class Run:
    """One run of a plan: which fetches still wait for how many parents."""

    def __init__(self, prepared: PreparedPlan, answering: Answering) -> None:
        self._prepared = prepared
        self._answering = answering
        self._waiting_for = list(prepared.parents)
        self._open = set(range(len(prepared.fetches)))

    async def again(self, positions: Sequence[int]) -> None:
        """Run fetches whose answers are kept; parents before children."""
        for position in positions:
            await self._run(position)

    async def to_the_end(self, *, ended: Sequence[int] = ()) -> None:
        """Run every fetch but those at the positions in `ended`, which were answered before."""
        ready = [position for position, parents in enumerate(self._waiting_for) if parents == 0]
        for position in ended:
            at = ready.index(position)
            ready[at : at + 1] = self._end(position)
        if not ready:
            return
        try:
            async with asyncio.timeout_at(self._answering.context.deadline) as limit:
                await self._run_all(ready)
        except TimeoutError:
            if not limit.expired():
                raise
            self._give_up()

    async def _run_all(self, ready: Sequence[int]) -> None:
        if len(self._open) == 1:
            await self._run(ready[0])
            return
        try:
            async with asyncio.TaskGroup() as group:
                for position in ready[1:]:
                    group.create_task(self._follow(position, group))
                await self._follow(ready[0], group)
        except BaseExceptionGroup as failed:
            raise _first(failed) from failed

    async def _follow(self, position: int, group: asyncio.TaskGroup) -> None:
        """Run a fetch, then what has become ready: one here, the others beside it."""
        while True:
            await self._run(position)
            ready = self._end(position)
            if not ready:
                return
            for other in ready[1:]:
                group.create_task(self._follow(other, group))
            position = ready[0]

    async def _run(self, position: int) -> None:
        fetch = self._prepared.fetches[position]
        if hold(fetch.fetch.conditions, self._answering.variables):
            await fetch.run(self._answering_of(position))

    def _answering_of(self, position: int) -> Answering:
        """What a fetch reads and writes."""
        return self._answering

    def _end(self, position: int) -> list[int]:
        """Mark a fetch as ended; the fetches that waited for it alone."""
        self._open.discard(position)
        ready = []
        for child in self._prepared.children[position]:
            self._waiting_for[child] -= 1
            if self._waiting_for[child] == 0:
                ready.append(child)
        return ready

    def _give_up(self) -> None:
        for position in sorted(self._open):
            fetch = self._prepared.fetches[position]
            if hold(fetch.fetch.conditions, self._answering.variables):
                message = f"The deadline passed before subgraph {fetch.fetch.subgraph!r} had answered."
                fetch.give_up(self._answering_of(position), failure(fetch.fetch, message, _TOO_LATE))


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first exception that is not a group."""
    inner = failed.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
