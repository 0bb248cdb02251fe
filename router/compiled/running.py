"""Runs a program for one request: a fetch starts when its own parents have ended.

Whatever is not as the program expects it hands the request over to the reference executor, which goes on
from the answers there are, waits for those that are on their way, and asks for the rest.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context, copy_context
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
from router.prompt import Arrival
from router.subgraph_client.asking import Asking, ask
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
    """One run, without a coroutine: answers are taken where they come, and ask what has become ready.

    `reason`: why the reference executor took over, if it did.
    """

    __slots__ = (
        "_asking",
        "_context",
        "_ended",
        "_failure",
        "_given",
        "_is_inside",
        "_kept",
        "_open",
        "_program",
        "_tables",
        "_taking_over",
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
        self._asking: list[Asking] = []
        self._ended: Callable[[], object] | None = None
        context = copy_context()
        self._context: Context | None = context if len(context) else None
        self._is_inside = False
        self.deadline = surroundings.context.deadline
        self._taking_over: asyncio.Task[Fetched] | None = None
        self._failure: BaseException | None = None
        self._kept = Kept()
        self.reason: Reason | None = None

    @property
    def repeated(self) -> int:
        """How many requests the reference executor saw another way, and sent again."""
        return self._kept.repeated

    def begin(self, ended: Callable[[], object]) -> None:
        """Ask everything; `ended` is called, perhaps at once, when all is there or something else must go on.

        Whoever begins a run says in the end that it is `over`.
        """
        self._ended = ended
        deadlines_of(asyncio.get_running_loop()).watch(self)
        self._open = 1
        self._is_inside = True
        try:
            for position in self._given.prepared.first:
                self._ask(position)
        except Exception as failure:  # raised again where the run is waited for
            self._fail(failure)
        self._is_inside = False
        self._end_one()

    def over(self) -> None:
        """Nobody waits any more: what is still asked for is given up."""
        deadlines_of(asyncio.get_running_loop()).forget(self)
        self._ended = None
        for each in self._asking:
            each.give_up()
        self._asking.clear()  # they know the run: no work for the collector
        if self._taking_over is not None:
            self._taking_over.cancel()

    async def fetch(self) -> Fetched | None:
        """Everything into the tables; or what the reference executor fetched if it had to take over."""
        all_ended: Arrival[None] = Arrival()
        try:
            self.begin(lambda: all_ended.come(None))
            await all_ended
            return await self.rest()
        finally:
            self.over()

    async def rest(self) -> Fetched | None:
        """What is left when the run has ended: nothing, or what the reference executor fetches."""
        if self._failure is not None:
            raise self._failure
        if self._taking_over is None:
            return None
        try:
            return await self._taking_over
        except asyncio.CancelledError:
            if self._failure is not None:  # a question that failed inside ends it
                raise self._failure from None
            raise

    @property
    def has_all(self) -> bool:
        """Whether it ended with every answer in its place."""
        return self._taking_over is None and self._failure is None

    def time_out(self) -> None:
        """The deadline has passed: what there is by now is the answer."""
        self._hand_over(Reason.DEADLINE)

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

    def answered(self, position: int, found: Sequence[dict[Json, Json]], response: SubgraphResponse) -> None:
        """The answer to one question."""
        if self._context is not None and not self._is_inside:
            self._is_inside = True
            try:
                self._context.run(self._take_answer, position, found, response)
            finally:
                self._is_inside = False
        else:
            self._take_answer(position, found, response)
        self._end_one()

    def unanswered(self, position: int, failure: BaseException) -> None:
        """A question has no answer: its subgraph's fault, or ours."""
        if isinstance(failure, SubgraphUnavailable):
            fetch = self._program.fetches[position]
            assert fetch is not None
            self._kept.answered(fetch.fetch.id, failure)
            self._hand_over(Reason.UNAVAILABLE, position)
        elif not isinstance(failure, asyncio.CancelledError):
            self._fail(failure)
        self._end_one()

    def _ask(self, position: int) -> None:
        """Ask for a fetch if it has anything to ask, or else for what comes after it."""
        fetch = self._program.fetches[position]
        if self._is_over:
            return
        if fetch is None:
            self._go_on(position)
            return
        found: Sequence[dict[Json, Json]] = ()
        variables = self._variables(fetch)
        representations: dict[str, Json] = {}
        if fetch.calls:
            try:
                found = [self._keys(call.walk, call.keys) for call in fetch.calls]
                for call, keys in zip(fetch.calls, found, strict=True):
                    representations[call.variable] = call.represent(self._tables, keys)
            except SURPRISES:
                self._hand_over(Reason.DATA)
                return
            count = sum(map(len, found))
            if count > MAX_REPRESENTATIONS:
                self._hand_over(Reason.LARGE)
                return
            if not count:
                for call in fetch.calls:
                    self._tables[call.slot] = {}
                self._go_on(position)
                return
            variables.update(representations)
        self._kept.asked(fetch.fetch.id, representations)
        self._open += 1
        self._send(position, fetch, variables, found)

    def _send(
        self,
        position: int,
        fetch: CompiledFetch,
        variables: dict[str, Json],
        found: Sequence[dict[Json, Json]],
    ) -> None:
        asked, given = fetch.fetch, self._given
        client = given.clients.get(asked.subgraph)
        if client is None:
            away = SubgraphUnavailable(asked.subgraph, Failure.UNREACHABLE, "has no address")
            self.unanswered(position, away)
            return
        request = SubgraphRequest(
            kind=asked.kind,
            document=asked.document,
            operation_name=asked.operation_name,
            variables=variables,
            context=given.context,
        )
        self._asking.append(ask(client, request, _Question(self, position, found)))

    def _take_answer(
        self, position: int, found: Sequence[dict[Json, Json]], response: SubgraphResponse
    ) -> None:
        fetch = self._program.fetches[position]
        assert fetch is not None
        self._kept.answered(fetch.fetch.id, response)
        if self._is_over:
            return
        try:
            reason = self._take(fetch, found, response)
            if reason is None:
                self._go_on(position)
            else:
                self._hand_over(reason, position)
        except Exception as failure:  # raised again where the run is waited for
            self._fail(failure)

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

    def _go_on(self, position: int) -> None:
        """A fetch has ended: ask what waited for nothing else."""
        self._kept.ended.append(position)
        waiting_for = self._waiting_for
        for child in self._given.prepared.children[position]:
            waiting_for[child] -= 1
            if waiting_for[child] == 0:
                self._ask(child)

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

    @property
    def _is_over(self) -> bool:
        return self._taking_over is not None or self._failure is not None

    def _end_one(self) -> None:
        self._open -= 1
        if not self._open:
            self._end()

    def _end(self) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended()

    def _fail(self, failure: BaseException) -> None:
        self._failure = self._failure or failure
        if self._taking_over is not None:
            self._taking_over.cancel()
        self._end()

    def _hand_over(self, reason: Reason, ended: int | None = None) -> None:
        """Let the reference executor go on."""
        if self._is_over:
            return
        self.reason = reason
        self._program.trust.was_surprised()
        if ended is not None:
            self._kept.ended.append(ended)
        self._taking_over = asyncio.get_running_loop().create_task(self._resumed())
        self._end()

    async def _resumed(self) -> Fetched:
        given = self._given
        return await resume(given.prepared, given.variables, given.clients, given.context, self._kept)


class _Question:
    """One question of a run, for whoever has its answer."""

    __slots__ = ("_found", "_position", "_running")

    def __init__(self, running: Running, position: int, found: Sequence[dict[Json, Json]]) -> None:
        self._running = running
        self._position = position
        self._found = found

    def answered(self, response: SubgraphResponse) -> None:
        """Waiting: it is there."""
        self._running.answered(self._position, self._found, response)

    def unanswered(self, failure: BaseException) -> None:
        """Waiting: it will not come."""
        self._running.unanswered(self._position, failure)
