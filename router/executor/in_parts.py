"""Runs a plan whose answer comes in parts.

Tells when everything for the first part, then for each deferral, has been fetched. No fetch waits for a part:
one for a deferral starts as soon as its own parents have ended.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from router.context import RequestContext
from router.executor.conditions import hold
from router.executor.executor import PreparedPlan, Run
from router.executor.fetch import Answering
from router.executor.growing import GrowingLists
from router.operation.deferral import is_active
from router.operation.model import Deferral, OperationKind
from router.plan.nodes import Fetch
from router.plan.result import Fetched, FetchError, Growth
from router.subgraph_client.protocol import SubgraphClient

_unfinished: set[asyncio.Task[None]] = set()
"""The loop holds tasks weakly; mutations go on when nobody listens any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the fetches are: what is complete beyond the first part, and errors not told before.

    `data` is the one tree that all fetches fill; deferrals that are not `finished` are still writing into it.
    """

    data: dict[str, Any]
    finished: frozenset[int]
    errors: tuple[FetchError, ...]
    growth: Growth = field(default_factory=Growth)


async def execute_in_parts(
    prepared: PreparedPlan,
    deferrals: Sequence[Deferral],
    variables: Mapping[str, Any],
    clients: Mapping[str, SubgraphClient],
    context: RequestContext,
) -> AsyncGenerator[Progress, None]:
    """One Progress when the first part is fetched, then one whenever more deferrals are, by the deadline.

    Whoever stops listening ends the fetches, but for those of a mutation that has not ended yet.
    """
    fetched = Fetched(data={}, errors=[])
    answering = Answering(fetched=fetched, variables=variables, clients=clients, context=context)
    run = _PartsRun(prepared, answering, deferrals)
    task = asyncio.create_task(run.to_the_end())
    task.add_done_callback(run.ended)
    try:
        async with aclosing(run.progress(task)) as steps:
            async for progress in steps:
                yield progress
    finally:
        if prepared.plan.kind is OperationKind.MUTATION and not task.done():
            _unfinished.add(task)
            task.add_done_callback(_unfinished.discard)
        else:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await run.lists.close()


class _PartsRun(Run):
    """A run that knows which fetch is for what; every fetch has errors of its own."""

    def __init__(self, prepared: PreparedPlan, answering: Answering, deferrals: Sequence[Deferral]) -> None:
        super().__init__(prepared, answering)
        self.changed = asyncio.Event()
        self._active = _with_those_around(deferrals, answering.variables)
        self._errors: list[list[FetchError]] = [[] for _ in prepared.fetches]
        self._for = [self._deferrals_of(each.fetch) for each in prepared.fetches]
        self._told: set[int] = set()
        self._is_over = False
        self._waiters: list[asyncio.Future[None]] = []
        self.lists = GrowingLists(prepared, answering, self.changed.set, self._until_ended, self._later)

    def ended(self, _: object) -> None:
        """All fetches have ended, or nobody waits for them any more."""
        self._is_over = True
        self._changed()

    async def _until_ended(self, positions: frozenset[int]) -> None:
        """Wait for some of the fetches."""
        while not self._is_over and not positions.isdisjoint(self._open):
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def _changed(self) -> None:
        self.changed.set()
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _deferrals_of(self, fetch: Fetch) -> frozenset[int] | None:
        """The innermost deferrals that the fetch is for; None: it is for the first part."""
        if not fetch.needs:
            return None
        found: set[int] = set()
        for need in fetch.needs:
            if not hold(need.conditions, self._answering.variables):
                continue
            wanted = need.deferrals & self._active.keys()
            if not wanted:
                return None
            found.add(max(wanted))
        return frozenset(found)

    def _later(self, fetch: Fetch, source: Fetch) -> frozenset[int]:
        """The deferrals that a fetch is for, if items of the source may be told before it has ended."""
        wanted = self._deferrals_of(fetch) or frozenset()
        around = self._deferrals_of(source) or frozenset()
        told_with = frozenset[int]().union(*(self._active[each] for each in around))
        return wanted if wanted.isdisjoint(told_with) else frozenset()

    async def progress(self, task: "asyncio.Task[None]") -> AsyncGenerator[Progress, None]:
        """Whenever there is something new."""
        finished: frozenset[int] | None = None
        while finished is None or not task.done() or self.lists.are_open:
            self.changed.clear()
            if finished is None and self._is_first_fetched(task):
                finished = frozenset()
                yield self._progress(finished)
            if finished is not None and ((now := self._finished(task)) != finished or self.lists.has_news):
                finished = now
                yield self._progress(finished)
            if not task.done() or self.lists.are_open:
                await self.changed.wait()
        task.result()
        self.lists.result()
        yield self._progress(frozenset(self._active))

    def _is_first_fetched(self, task: "asyncio.Task[None]") -> bool:
        return task.done() or all(self._for[position] is not None for position in self._open)

    def _finished(self, task: "asyncio.Task[None]") -> frozenset[int]:
        """Deferrals for which nothing is on its way, nor for one around them."""
        if task.done():
            return frozenset(self._active)
        still = set().union(*(self._for[position] or () for position in self._open))
        return frozenset(id for id, around in self._active.items() if still.isdisjoint(around))

    def _progress(self, finished: frozenset[int]) -> Progress:
        errors: list[FetchError] = []
        for position, wanted in enumerate(self._for):
            is_due = wanted is None or not wanted or not wanted.isdisjoint(finished)
            if is_due and position not in self._told:
                self._told.add(position)
                errors.extend(self._errors[position])
        errors.extend(self.lists.take_errors())
        return Progress(
            data=self._answering.fetched.data,
            finished=finished,
            errors=tuple(errors),
            growth=self.lists.growth(),
        )

    def _answering_of(self, position: int) -> Answering:
        fetched = replace(self._answering.fetched, errors=self._errors[position])
        begun = self.lists.begin if self._prepared.fetches[position].fetch.streams else None
        return replace(self._answering, fetched=fetched, begun=begun)

    def _end(self, position: int) -> list[int]:
        self._changed()
        return super()._end(position)


def _with_those_around(
    deferrals: Sequence[Deferral], variables: Mapping[str, Any]
) -> dict[int, frozenset[int]]:
    """Every active deferral with itself and the active ones around it."""
    chains: dict[int, frozenset[int]] = {}
    for each in deferrals:  # those around come first
        around = chains.get(each.parent, frozenset()) if each.parent is not None else frozenset()
        chains[each.id] = around | {each.id} if is_active(each, variables) else around
    return {each.id: chains[each.id] for each in deferrals if each.id in chains[each.id]}
