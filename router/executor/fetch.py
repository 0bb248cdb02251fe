"""One Fetch: its variables, the question to the subgraph, its answer into the tree."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from router.context import RequestContext
from router.executor.entities import Collected, PreparedCall
from router.executor.located import MAX_PLACES, Failure, Outline, Place, entity_places
from router.executor.merge import Places, merge_into
from router.executor.rewrites import rewritten
from router.plan.nodes import Fetch
from router.plan.result import Fetched
from router.subgraph_client.protocol import (
    Failure as Unanswered,
)
from router.subgraph_client.protocol import (
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)

Json = Any

MAX_REPRESENTATIONS = 1_000
"""How many representations go into one request; more are sent in several at a time."""

MAX_CHUNKS_AT_ONCE = 4
_MAX_ERRORS = 1_000
_UNSAID = "SUBGRAPH_ERROR"


@dataclass(slots=True, kw_only=True)
class Answering:
    """What the fetches of one plan, for one request, share."""

    fetched: Fetched
    variables: Mapping[str, Json]
    clients: Mapping[str, SubgraphClient]
    context: RequestContext


@dataclass(frozen=True, slots=True)
class _Slice:
    """Some of the representations of one call."""

    call: PreparedCall
    collected: Collected
    start: int
    end: int


_Batch = tuple[_Slice, ...]


class PreparedFetch:
    """A Fetch with everything compiled that does not depend on the request."""

    def __init__(self, fetch: Fetch, places: Places) -> None:
        self.fetch = fetch
        self.calls = tuple(PreparedCall(call, places) for call in fetch.calls)
        self._places = places
        self._outline: Outline | None = None

    @property
    def outline(self) -> Outline:
        """What the document asks for, made when an error needs it."""
        if self._outline is None:
            self._outline = Outline(self.fetch)
        return self._outline

    async def run(self, answering: Answering) -> None:
        """Ask and merge; whatever goes wrong with the subgraph becomes errors in `answering.fetched`."""
        if not self.calls:
            await self._run_root(answering)
            return
        batches = _batches([(call, call.collect(answering.fetched.data)) for call in self.calls])
        if len(batches) == 1:
            await self._run_batch(batches[0], answering)
        elif batches:
            await self._run_batches(batches, answering)

    def give_up(self, answering: Answering, failure: Failure) -> None:
        """Say at every place that this fetch should have filled why it is empty."""
        if self.calls:
            batches = _batches([(call, call.collect(answering.fetched.data)) for call in self.calls])
            self._fail(chain.from_iterable(batches), answering, failure)
        else:
            self._fail_root(answering, failure)

    def take_root(self, response: SubgraphResponse, answering: Answering) -> None:
        """Merge the answer to a root fetch at the root of the tree."""
        fetched = answering.fetched
        fetched.set_cookies.extend(response.set_cookies)
        for error in islice(response.errors, _MAX_ERRORS):
            path = _path_of(error)
            failure = self._failure_of(error)
            if path is None and response.data is None:
                self._fail_root(answering, failure)
            else:
                fetched.errors.append(failure.at(None if path is None else self.outline.shown_path(path)))
        if isinstance(response.data, dict):
            data = rewritten(response.data, self.fetch.rewrites) if self.fetch.rewrites else response.data
            merge_into(fetched.data, data, self._places)
        elif not response.errors:
            self._fail_root(answering, self._bad_response("answered neither data nor errors"))

    def failure(self, message: str, code: str) -> Failure:
        """A failure of this fetch's subgraph."""
        return Failure(message=message, extensions={"code": code, "service": self.fetch.subgraph})

    async def _run_root(self, answering: Answering) -> None:
        try:
            response = await self._ask(answering, {})
        except SubgraphUnavailable as unavailable:
            self._fail_root(answering, self.failure(str(unavailable), unavailable.code))
        else:
            self.take_root(response, answering)

    def _fail_root(self, answering: Answering, failure: Failure) -> None:
        places: list[Place] = [(key,) for key in self.outline.root_keys()]
        answering.fetched.errors.extend(failure.at_all(places) if places else [failure.at(None)])

    async def _run_batches(self, batches: Sequence[_Batch], answering: Answering) -> None:
        gate = asyncio.Semaphore(MAX_CHUNKS_AT_ONCE)

        async def run_one(batch: _Batch) -> None:
            async with gate:
                await self._run_batch(batch, answering)

        async with asyncio.TaskGroup() as group:
            for batch in batches:
                group.create_task(run_one(batch))

    async def _run_batch(self, batch: _Batch, answering: Answering) -> None:
        representations: dict[str, Json] = {call.variable: [] for call in self.calls}
        for part in batch:
            representations[part.call.variable] = part.collected.representations[part.start : part.end]
        try:
            response = await self._ask(answering, representations)
        except SubgraphUnavailable as unavailable:
            self._fail(batch, answering, self.failure(str(unavailable), unavailable.code))
        else:
            self._take(batch, response, answering)

    async def _ask(self, answering: Answering, representations: Mapping[str, Json]) -> SubgraphResponse:
        return await client_of(self.fetch, answering).execute(self.request(answering, representations))

    def request(self, answering: Answering, representations: Mapping[str, Json]) -> SubgraphRequest:
        """The question: the constant document and the variables of this request."""
        fetch, given = self.fetch, answering.variables
        variables = {name: given[name] for name in fetch.variables if name in given}
        variables.update(representations)
        return SubgraphRequest(
            kind=fetch.kind,
            document=fetch.document,
            operation_name=fetch.operation_name,
            variables=variables,
            context=answering.context,
        )

    def _take(self, batch: _Batch, response: SubgraphResponse, answering: Answering) -> None:
        answering.fetched.set_cookies.extend(response.set_cookies)
        data = response.data if isinstance(response.data, dict) else {}
        unplaced = self._take_errors(batch, response, answering)
        for part in batch:
            entities = data.get(part.call.alias)
            if not isinstance(entities, list | tuple):
                if not response.errors:
                    self._fail([part], answering, self._bad_response("answered no entities"))
                elif unplaced:
                    self._fail([part], answering, unplaced[0])
                continue
            if len(entities) != part.end - part.start:
                # Which answer belongs to which entity cannot be told: take none of them.
                sentence = f"answered {len(entities)} entities for {part.end - part.start}"
                self._fail([part], answering, self._bad_response(sentence))
                continue
            for targets, entity in zip(part.collected.targets[part.start : part.end], entities, strict=True):
                if isinstance(entity, dict):
                    part.call.scatter(entity, targets)

    def _take_errors(
        self, batch: _Batch, response: SubgraphResponse, answering: Answering
    ) -> Sequence[Failure]:
        """Locate every error that names an entity; gives those that name none."""
        if not response.errors:
            return ()
        unplaced: list[Failure] = []
        located: dict[str, Mapping[int, Place]] = {}
        for error in islice(response.errors, _MAX_ERRORS):
            failure, path = self._failure_of(error), _path_of(error)
            part = next((each for each in batch if path and path[0] == each.call.alias), None)
            if part is None or path is None or len(path) < 2 or not _is_index(path[1], part):
                unplaced.append(failure)
                continue
            places = located.setdefault(part.call.alias, part.call.locate(answering.fetched.data))
            rest = self.outline.shown_path(path[2:])
            targets = part.collected.targets[part.start + int(path[1])]
            answering.fetched.errors.extend(
                failure.at((*places[id(found)], *rest))
                for found, _ in targets[:MAX_PLACES]
                if id(found) in places
            )
        if unplaced and isinstance(response.data, dict):
            answering.fetched.errors.extend(failure.at(None) for failure in unplaced)
            return ()
        return unplaced

    def _fail(
        self, parts: Iterator[_Slice] | Sequence[_Slice], answering: Answering, failure: Failure
    ) -> None:
        places = (
            place
            for part in parts
            for place in entity_places(
                part.call,
                chain.from_iterable(part.collected.targets[part.start : part.end]),
                answering.fetched.data,
                self.outline,
            )
        )
        answering.fetched.errors.extend(failure.at_all(places))

    def _bad_response(self, sentence: str) -> Failure:
        return self.failure(f"Subgraph {self.fetch.subgraph!r} {sentence}.", Unanswered.BAD_RESPONSE)

    def _failure_of(self, error: Mapping[str, Json]) -> Failure:
        """A subgraph's own error: its message and extensions, with a code and the subgraph's name."""
        message = error.get("message")
        extensions = error.get("extensions")
        extensions = dict(extensions) if isinstance(extensions, Mapping) else {}
        if not isinstance(extensions.get("code"), str):
            extensions["code"] = _UNSAID
        extensions["service"] = self.fetch.subgraph
        sentence = (
            message if isinstance(message, str) else f"Subgraph {self.fetch.subgraph!r} reports an error."
        )
        return Failure(message=sentence, extensions=extensions)


def client_of(fetch: Fetch, answering: Answering) -> SubgraphClient:
    """The way to the fetch's subgraph; raises SubgraphUnavailable if there is none."""
    client = answering.clients.get(fetch.subgraph)
    if client is None:
        raise SubgraphUnavailable(fetch.subgraph, Unanswered.UNREACHABLE, "has no address")
    return client


def _batches(collected: Sequence[tuple[PreparedCall, Collected]]) -> list[_Batch]:
    """The representations in portions of at most MAX_REPRESENTATIONS, over all calls of the fetch."""
    batches: list[_Batch] = []
    current: list[_Slice] = []
    room = MAX_REPRESENTATIONS
    for call, each in collected:
        start, total = 0, len(each.representations)
        while start < total:
            end = min(total, start + room)
            current.append(_Slice(call, each, start, end))
            room -= end - start
            start = end
            if not room:
                batches.append(tuple(current))
                current, room = [], MAX_REPRESENTATIONS
    if current:
        batches.append(tuple(current))
    return batches


def _path_of(error: Mapping[str, Json]) -> Place | None:
    path = error.get("path")
    if not isinstance(path, list | tuple) or not path:
        return None
    if not all(isinstance(step, str | int) and not isinstance(step, bool) for step in path):
        return None
    return tuple(path)


def _is_index(step: str | int, part: _Slice) -> bool:
    return isinstance(step, int) and 0 <= step < part.end - part.start
