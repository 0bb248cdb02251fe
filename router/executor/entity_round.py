"""One round of an entity fetch: collect, ask in portions, scatter, and tell what went wrong where."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import Any

from router.executor.asked import AskedOfPlan
from router.executor.contexts import Variables
from router.executor.entities import Collected, PreparedCall
from router.executor.located import MAX_PLACES, Failure, Outline, Place, entity_places
from router.executor.objects import lists_at
from router.executor.reported import MAX_ERRORS, bad_response, failure_of, path_of, unavailable
from router.plan.nodes import Fetch
from router.plan.result import Fetched
from router.subgraph_client.protocol import AnswerPath, Beginning, SubgraphResponse, SubgraphUnavailable

Json = Any
Grown = tuple[Place, list[Json]]
"""A list of the tree, and where it stands."""

Ask = Callable[[Mapping[str, Json]], Awaitable[SubgraphResponse]]

MAX_REPRESENTATIONS = 1_000
"""How many representations go into one request; more are sent in several at a time."""

MAX_PORTIONS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class _Slice:
    """Some of the representations of one call, with the variables that go with them."""

    call: PreparedCall
    collected: Collected
    start: int
    end: int
    variables: Variables


_Portion = tuple[_Slice, ...]


class EntityRound:
    """What one request's run of one entity fetch needs to know."""

    def __init__(
        self,
        fetch: Fetch,
        calls: Sequence[PreparedCall],
        outline: Callable[[], Outline],
        asked: AskedOfPlan,
        fetched: Fetched,
        begun: Callable[[Beginning, Callable[[AnswerPath], Iterable[Grown]]], None] | None = None,
    ) -> None:
        self._fetch = fetch
        self._asked = asked
        self._outline = outline
        self._fetched = fetched
        self._begun = begun
        self._calls = calls
        self._portions = _portions([(call, call.parts(fetched.data)) for call in calls])
        self._places: dict[str, Mapping[int, Place]] = {}
        self._failed: dict[tuple[str, str], tuple[Failure, list[_Slice]]] = {}

    async def run(self, ask: Ask) -> None:
        """Ask for everything that was collected and merge the answers."""
        if len(self._portions) == 1:
            await self._run_portion(self._portions[0], ask)
        elif self._portions:
            gate = asyncio.Semaphore(MAX_PORTIONS_AT_ONCE)

            async def run_one(portion: _Portion) -> None:
                async with gate:
                    await self._run_portion(portion, ask)

            async with asyncio.TaskGroup() as group:
                for portion in self._portions:
                    group.create_task(run_one(portion))
        self._report()

    def give_up(self, failure: Failure) -> None:
        """Say at every place that is still empty why it is."""
        self._fail(chain.from_iterable(self._portions), failure)
        self._report()

    async def _run_portion(self, portion: _Portion, ask: Ask) -> None:
        representations: dict[str, Json] = {call.variable: [] for call in self._calls}
        for part in portion:
            representations[part.call.variable] = part.collected.representations[part.start : part.end]
            representations.update(part.variables)
        try:
            response = await ask(representations)
        except SubgraphUnavailable as away:
            self._fail(portion, unavailable(self._fetch, away))
        else:
            self._take(portion, response)

    def _take(self, portion: _Portion, response: SubgraphResponse) -> None:
        self._fetched.set_cookies.extend(response.set_cookies)
        data = response.data if isinstance(response.data, dict) else {}
        is_ours = not response.is_shared
        self._fail_where_empty(portion, data, self._take_errors(portion, response))
        for part in portion:
            entities = data.get(part.call.alias)
            wanted = part.end - part.start
            if not isinstance(entities, list | tuple):
                if not response.errors:
                    self._fail([part], bad_response(self._fetch, "answered no entities"))
            elif len(entities) != wanted:
                # Which answer belongs to which entity cannot be told: take none of them.
                self._fail(
                    [part], bad_response(self._fetch, f"answered {len(entities)} entities for {wanted}")
                )
            else:
                self._take_entities(part, entities, is_ours=is_ours)
        if isinstance(response, Beginning) and self._begun is not None:
            self._begun(response, partial(self._lists_at, portion))

    def _lists_at(self, portion: _Portion, path: AnswerPath) -> Iterator[Grown]:
        """The lists of the tree that a list in the answer to a portion has become."""
        alias, index, *rest = path
        for part in portion:
            if part.call.alias == alias and _is_index(index, part):
                places = self._places_of(part.call)
                targets = part.collected.targets[part.start + int(index)]
                objects = [(found, places[id(found)]) for found, _ in targets if id(found) in places]
                yield from lists_at(objects, tuple(rest))

    def _take_entities(self, part: _Slice, entities: Sequence[Json], *, is_ours: bool) -> None:
        limit = self._asked.limit(self._fetch.id, part.call.alias)
        for index, entity in enumerate(entities, part.start):
            if isinstance(entity, dict):
                part.call.scatter(entity, part.collected.targets[index], limit, is_ours=is_ours)
            elif entity is not None:
                strange = replace(part, start=index, end=index + 1)
                self._fail([strange], bad_response(self._fetch, "answered an entity that is no object"))

    def _fail_where_empty(
        self, portion: _Portion, data: Mapping[str, Json], unplaced: Iterable[Failure]
    ) -> None:
        """Errors that name no entity are told where an entity is missing, or else for the whole operation."""
        empty: list[_Slice] = []
        for part in portion:
            entities = data.get(part.call.alias)
            if not isinstance(entities, list | tuple):
                empty.append(part)
            elif len(entities) == part.end - part.start:
                missing = (at for at, entity in enumerate(entities, part.start) if entity is None)
                empty.extend(replace(part, start=at, end=at + 1) for at in missing)
        for failure in unplaced:
            if empty:
                self._fail(empty, failure)
            else:
                self._fetched.errors.append(failure.at(None))

    def _take_errors(self, portion: _Portion, response: SubgraphResponse) -> Sequence[Failure]:
        """Locate every error that names an entity; gives those that name none."""
        if not response.errors:
            return ()
        unplaced: list[Failure] = []
        for error in islice(response.errors, MAX_ERRORS):
            failure, path = failure_of(self._fetch, error), path_of(error)
            part = next((each for each in portion if path and path[0] == each.call.alias), None)
            if part is None or path is None or len(path) < 2 or not _is_index(path[1], part):
                unplaced.append(failure)
                continue
            places = self._places_of(part.call)
            rest = self._outline().shown_path(path[2:])
            self._fetched.errors.extend(
                failure.at((*places[id(found)], *rest))
                for found, _ in part.collected.targets[part.start + int(path[1])][:MAX_PLACES]
                if id(found) in places
            )
        return unplaced

    def _places_of(self, call: PreparedCall) -> Mapping[int, Place]:
        """Where the call's objects stand; found out once a round: it takes a walk over all of them."""
        places = self._places.get(call.alias)
        if places is None:
            places = self._places[call.alias] = call.locate(self._fetched.data)
        return places

    def _fail(self, parts: Iterable[_Slice], failure: Failure) -> None:
        """Remember a failure; portions that failed for one reason are told together."""
        same = failure.message, str(failure.extensions.get("code"))
        self._failed.setdefault(same, (failure, []))[1].extend(parts)

    def _report(self) -> None:
        for failure, parts in self._failed.values():
            places = (
                place
                for part in parts
                for place in entity_places(
                    part.call,
                    (
                        found
                        for objects in part.collected.targets[part.start : part.end]
                        for found, _ in objects
                    ),
                    self._places_of(part.call),
                    self._outline(),
                )
            )
            self._fetched.errors.extend(failure.at_all(places))
        self._failed.clear()


def _portions(
    collected: Sequence[tuple[PreparedCall, Sequence[tuple[Variables, Collected]]]],
) -> list[_Portion]:
    """The representations in portions of at most MAX_REPRESENTATIONS, over all calls of the fetch.

    What goes with different variables is never in one portion.
    """
    portions: list[_Portion] = []
    current: list[_Slice] = []
    room = MAX_REPRESENTATIONS
    for call, parts in collected:
        for variables, each in parts:
            start, total = 0, len(each.representations)
            if current and current[-1].variables != variables:
                portions.append(tuple(current))
                current, room = [], MAX_REPRESENTATIONS
            while start < total:
                end = min(total, start + room)
                current.append(_Slice(call, each, start, end, variables))
                room -= end - start
                start = end
                if not room:
                    portions.append(tuple(current))
                    current, room = [], MAX_REPRESENTATIONS
    if current:
        portions.append(tuple(current))
    return portions


def _is_index(step: str | int, part: _Slice) -> bool:
    return isinstance(step, int) and 0 <= step < part.end - part.start
