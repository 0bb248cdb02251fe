"""Runs a program for one request: a fetch starts when its own parents have ended.

Whatever is not as the program expects it hands the request over to the reference executor, which goes on
from the answers there are, waits for those that are on their way, and asks for the rest.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from common.values import value
from router.compiled.counts import Reason
from router.compiled.guards import SURPRISES
from router.compiled.kept import Kept
from router.compiled.program import CompiledFetch, Program, Tables
from router.context import RequestContext
from router.deadlines import deadlines_of
from router.executor.executor import PreparedPlan, resume
from router.plan.result import Fetched
from router.prompt import Arrival, Prompt
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


@value
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
        "_is_late",
        "_kept",
        "_open",
        "_program",
        "_tables",
        "_taking_over",
        "_task",
        "_waiting_for",
        "_walked",
        "deadline",
        "reason",
    )

    def __init__(self, program: Program, surroundings: Surroundings) -> None:
        self._program = program
        self._given = surroundings
        self._tables: Tables = [None] * program.slots
        self._walked: list[dict[Json, Json] | None] = [None] * program.walks
        self._waiting_for = list(surroundings.prepared.parents)
        self._open = 0
        self._branches: list[Prompt] = []
        self._all_ended: Arrival[None] | None = None
        self._task: asyncio.Task[Any] | None = None
        self._is_late = False
        self.deadline = surroundings.context.deadline
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
        task = self._task = asyncio.current_task(loop)
        deadlines = deadlines_of(loop)
        deadlines.watch(self)
        try:
            try:
                await self._run(loop)
            except asyncio.CancelledError:
                if not self._is_late or task is None or task.uncancel():
                    raise
            if self._taking_over is not None:
                deadlines.forget(self)
                return await self._reference()
            return None
        finally:
            deadlines.forget(self)
            for each in self._branches:
                each.cancel()
            if self._taking_over is not None:
                self._taking_over.cancel()

    def time_out(self) -> None:
        """The deadline has passed: what there is by now is the answer."""
        self._is_late = True
        self._hand_over(Reason.DEADLINE)
        if self._task is not None:
            self._task.cancel()

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

    async def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        prepared = self._given.prepared
        for position in prepared.first[1:]:
            self._begin(position, loop)
        await self._follow(prepared.first[0], loop)
        if self._open and self._taking_over is None and self._failure is None:
            self._all_ended = Arrival(loop)
            await self._all_ended
        if self._failure is not None:
            raise self._failure

    def _begin(self, position: int, loop: asyncio.AbstractEventLoop) -> None:
        """Follow another branch; it asks its first question at once."""
        self._open += 1
        self._branches.append(Prompt(self._follow(position, loop), self._branch_ended, loop))

    def _branch_ended(self, _: Prompt, raised: BaseException | None) -> None:
        """A branch beside the first; its end, or its failure, may end the whole run."""
        self._open -= 1
        if raised is not None and not isinstance(raised, asyncio.CancelledError):
            self._failure = self._failure or raised  # raised again where the run is waited for
            if self._taking_over is not None:
                self._taking_over.cancel()
        if not self._open or self._failure is not None:
            self._wake()

    def _wake(self) -> None:
        if self._all_ended is not None:
            self._all_ended.come(None)

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
        if not fetch.fetch.variables:
            return {}
        return {name: given[name] for name in fetch.fetch.variables if name in given}

    def _ask(self, fetch: CompiledFetch, variables: dict[str, Json]) -> Awaitable[SubgraphResponse]:
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
        return client.execute(request)

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
