"""Runs a program for one request: a fetch starts when its own parents have ended.

Whatever is not as the program expects it hands the request over to the reference executor, which goes on
from the answers there are, waits for those that are on their way, and asks for the rest.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.compiled.counts import Reason
from router.compiled.guards import SURPRISES
from router.compiled.kept import Kept
from router.compiled.program import CompiledFetch, Program, Tables
from router.context import RequestContext
from router.executor.executor import PreparedPlan, resume
from router.plan.result import Fetched
from router.subgraph_client.protocol import (
    Failure,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)

Json = Any

MAX_REPRESENTATIONS = 1_000
"""More than this goes out in several requests, which is the reference executor's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run has from its request."""

    prepared: PreparedPlan
    variables: Mapping[str, Json]
    clients: Mapping[str, SubgraphClient]
    context: RequestContext


class Running:
    """One run. `reason`: why the reference executor took over, if it did."""

    __slots__ = (
        "_all_ended",
        "_branches",
        "_failure",
        "_given",
        "_kept",
        "_program",
        "_tables",
        "_taking_over",
        "_tasks",
        "_waiting_for",
        "_walked",
        "reason",
    )

    def __init__(self, program: Program, surroundings: Surroundings) -> None:
        self._program = program
        self._given = surroundings
        self._tables: Tables = [None] * program.slots
        self._walked: list[dict[Json, Json] | None] = [None] * program.walks
        self._waiting_for = list(surroundings.prepared.parents)
        self._branches = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._all_ended: asyncio.Future[None] | None = None
        self._taking_over: asyncio.Task[Fetched] | None = None
        self._failure: BaseException | None = None
        self._kept = Kept()
        self.reason: Reason | None = None

    @property
    def repeated(self) -> int:
        """How many requests the reference executor saw another way, and sent again."""
        return self._kept.repeated

    async def fetch(self) -> Fetched | None:
        """Everything into the tables; or what the reference executor fetched if it had to take over."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        is_late = False

        def be_late() -> None:
            nonlocal is_late
            is_late = True
            self._hand_over(Reason.DEADLINE)
            if task is not None:
                task.cancel()

        timer = loop.call_at(self._given.context.deadline, be_late)
        try:
            try:
                await self._run()
            except asyncio.CancelledError:
                if not is_late or task is None or task.uncancel():
                    raise
            if self._taking_over is not None:
                timer.cancel()
                return await self._reference()
            return None
        finally:
            timer.cancel()
            for each in self._tasks:
                each.cancel()
            if self._taking_over is not None:
                self._taking_over.cancel()

    async def _reference(self) -> Fetched:
        """What the reference executor fetched; a branch that failed inside ends it."""
        assert self._taking_over is not None
        try:
            return await self._taking_over
        except asyncio.CancelledError:
            if self._failure is not None:
                raise self._failure from None
            raise

    def project(self) -> dict[str, Json] | None:
        """The response; None if something in the data is not as it should be."""
        try:
            data = self._program.project(self._tables)
        except SURPRISES:
            self.reason = Reason.DATA
            self._program.trust.was_surprised()
            return None
        self._program.trust.went_well()
        return data

    async def taken_over(self) -> Fetched:
        """What the reference executor makes of all the answers."""
        return await self._resumed()

    async def _run(self) -> None:
        ready = [position for position, parents in enumerate(self._waiting_for) if parents == 0]
        loop = asyncio.get_running_loop()
        for position in ready[1:]:
            self._begin(position, loop)
        await self._follow(ready[0], loop)
        if self._branches and self._taking_over is None:
            self._all_ended = loop.create_future()
            await self._all_ended
        if self._failure is not None:
            raise self._failure

    def _begin(self, position: int, loop: asyncio.AbstractEventLoop) -> None:
        self._branches += 1
        self._tasks.append(loop.create_task(self._branch(position, loop)))

    async def _branch(self, position: int, loop: asyncio.AbstractEventLoop) -> None:
        """A branch beside the first; its end, or its failure, may end the whole run."""
        try:
            await self._follow(position, loop)
        except Exception as failure:  # raised again where the run is waited for
            self._failure = self._failure or failure
            if self._taking_over is not None:
                self._taking_over.cancel()
        self._branches -= 1
        if not self._branches or self._failure is not None:
            self._wake()

    def _wake(self) -> None:
        if self._all_ended is not None and not self._all_ended.done():
            self._all_ended.set_result(None)

    async def _follow(self, position: int, loop: asyncio.AbstractEventLoop) -> None:
        """Run a fetch, then what has become ready: one here, the others beside it."""
        fetches, children = self._program.fetches, self._given.prepared.children
        waiting_for = self._waiting_for
        while True:
            if self._taking_over is not None:
                return
            fetch = fetches[position]
            if fetch is not None and not await self._answered(position, fetch):
                return
            self._kept.ended.append(position)
            following = -1
            for child in children[position]:
                waiting_for[child] -= 1
                if waiting_for[child] == 0:
                    if following < 0:
                        following = child
                    else:
                        self._begin(child, loop)
            if following < 0:
                return
            position = following

    async def _answered(self, position: int, fetch: CompiledFetch) -> bool:
        """Ask and take the answer; False if this is no longer the fast path's business."""
        found: Sequence[dict[Json, Json]] = ()
        variables = self._variables(fetch)
        representations: dict[str, Json] = {}
        if fetch.calls:
            try:
                found = [self._keys(call.walk, call.keys) for call in fetch.calls]
                for call, keys in zip(fetch.calls, found, strict=True):
                    representations[call.variable] = call.represent(self._tables, keys)
            except SURPRISES:
                return self._hand_over(Reason.DATA)
            count = sum(map(len, found))
            if count > MAX_REPRESENTATIONS:
                return self._hand_over(Reason.LARGE)
            if not count:
                for call in fetch.calls:
                    self._tables[call.slot] = {}
                return True
            variables.update(representations)
        id = fetch.fetch.id
        self._kept.asked(id, representations)
        try:
            response = await self._ask(fetch, variables)
        except SubgraphUnavailable as away:
            self._kept.answered(id, away)
            return self._hand_over(Reason.UNAVAILABLE, position)
        self._kept.answered(id, response)
        if self._taking_over is not None:
            return False
        reason = self._take(fetch, found, response)
        return True if reason is None else self._hand_over(reason, position)

    def _take(
        self, fetch: CompiledFetch, found: Sequence[dict[Json, Json]], response: SubgraphResponse
    ) -> Reason | None:
        data = response.data
        if response.errors or type(data) is not dict:
            return Reason.ERRORS if response.errors else Reason.DATA
        if not fetch.calls:
            self._tables[fetch.slot] = data
            return None
        for call, keys in zip(fetch.calls, found, strict=True):
            entities = data.get(call.alias)
            if type(entities) is not list or len(entities) != len(keys):
                return Reason.DATA
            self._tables[call.slot] = dict(zip(keys, entities, strict=True))
        return None

    def _keys(self, walk: int, keys: Any) -> dict[Json, Json]:
        """The keys of a call; a walk is made once, whichever calls need it."""
        known = self._walked[walk]
        if known is None:
            known = self._walked[walk] = keys(self._tables)
        return known

    def _variables(self, fetch: CompiledFetch) -> dict[str, Json]:
        given = self._given.variables
        return {name: given[name] for name in fetch.fetch.variables if name in given}

    async def _ask(self, fetch: CompiledFetch, variables: dict[str, Json]) -> SubgraphResponse:
        asked = fetch.fetch
        client = self._given.clients.get(asked.subgraph)
        if client is None:
            raise SubgraphUnavailable(asked.subgraph, Failure.UNREACHABLE, "has no address")
        request = SubgraphRequest(
            kind=asked.kind,
            document=asked.document,
            operation_name=asked.operation_name,
            variables=variables,
            context=self._given.context,
        )
        return await client.execute(request)

    def _hand_over(self, reason: Reason, ended: int | None = None) -> bool:
        """Let the reference executor go on; always False."""
        if self._taking_over is None:
            self.reason = reason
            self._program.trust.was_surprised()
            if ended is not None:
                self._kept.ended.append(ended)
            self._taking_over = asyncio.get_running_loop().create_task(self._resumed())
            self._wake()
        return False

    async def _resumed(self) -> Fetched:
        given = self._given
        return await resume(given.prepared, given.variables, given.clients, given.context, self._kept)
