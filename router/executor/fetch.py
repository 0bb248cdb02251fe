"""One Fetch: its variables, the question to the subgraph, its answer into the tree."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Protocol

from router.context import RequestContext
from router.executor.asked import ROOT, AskedOfPlan, Limit, within
from router.executor.entities import PreparedCall, located_objects_at
from router.executor.entity_round import EntityRound
from router.executor.located import Failure, Outline, Place
from router.executor.merge import Places, merge_into_all
from router.executor.objects import lists_at
from router.executor.reported import MAX_ERRORS, bad_response, failure_of, path_of, unavailable
from router.executor.rewrites import rewritten
from router.plan.nodes import Fetch, StreamedList
from router.plan.result import Fetched
from router.subgraph_client.protocol import (
    AnswerPath,
    Beginning,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)
from router.subgraph_client.protocol import Failure as Unanswered

Json = Any


class KeptAnswers(Protocol):
    """Answers that somebody else got before, for the same request."""

    async def answer_to(self, id: int, representations: Mapping[str, Json]) -> SubgraphResponse | None:
        """What a fetch with these representations was answered, None if nobody asked.

        Raises SubgraphUnavailable if that was what came of it.
        """
        ...


Find = Callable[[AnswerPath], Iterable[tuple[Place, list[Json]]]]
"""The lists of the tree that a list of an answer has become."""

Begun = Callable[["PreparedFetch", Beginning, Find], None]
"""Hears of an answer that was merged and of which there is more to come."""


@dataclass(slots=True, kw_only=True)
class Answering:
    """What the fetches of one plan, for one request, share. `begun`: somebody cares for what comes later."""

    fetched: Fetched
    variables: Mapping[str, Json]
    clients: Mapping[str, SubgraphClient]
    context: RequestContext
    kept: KeptAnswers | None = None
    begun: Begun | None = None


class PreparedFetch:
    """A Fetch with everything compiled that does not depend on the request."""

    def __init__(self, fetch: Fetch, places: Places, asked: AskedOfPlan) -> None:
        self.fetch = fetch
        self._asked = asked
        self._calls = tuple(PreparedCall(call, places) for call in fetch.calls)
        self._places = places.at(fetch.path)
        self._outline: Outline | None = None

    async def run(self, answering: Answering) -> None:
        """Ask and merge; whatever goes wrong with the subgraph becomes errors in `answering.fetched`."""
        if not self._calls:
            await self._run_root(answering)
            return

        async def ask(representations: Mapping[str, Json]) -> SubgraphResponse:
            return await self._ask(answering, representations)

        await self._round(answering).run(ask)

    def give_up(self, answering: Answering, failure: Failure) -> None:
        """Say at every place that this fetch should have filled why it is empty."""
        if self._calls:
            self._round(answering).give_up(failure)
        else:
            self._fail_root(answering, failure)

    def take_root(self, response: SubgraphResponse, answering: Answering) -> None:
        """Merge the answer to a root fetch into its objects: the root of the tree, or those at its path."""
        fetched = answering.fetched
        objects = self._objects(answering)
        fetched.set_cookies.extend(response.set_cookies)
        unplaced: list[Failure] = []
        for error in islice(response.errors, MAX_ERRORS):
            failure, path = failure_of(self.fetch, error), path_of(error)
            if path is not None:
                shown = self.outline().shown_path(path)
                fetched.errors.extend(failure.at_all([(*place, *shown) for _, place in objects]))
            elif response.data is None:
                self._fail_root(answering, failure)
            else:
                unplaced.append(failure)
        if isinstance(response.data, dict):
            limit = self._asked.limit(self.fetch.id)
            data = response.data if limit is None else within(response.data, limit)
            if self.fetch.rewrites:
                data = rewritten(data, self.fetch.rewrites)
            targets = [(found, self._places) for found, _ in objects]
            merge_into_all(targets, data, is_ours=not response.is_shared)
            for failure in unplaced:
                self._fail_root(answering, failure, where_empty=True)
        elif not response.errors:
            self._fail_root(answering, bad_response(self.fetch, "answered neither data nor errors"))

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
            takes_parts=answering.begun is not None and bool(fetch.streams),
        )

    def limit_at(self, streamed: StreamedList) -> Limit | None:
        """What items of a list may hold; None if there is nothing to look at."""
        limit = self._asked.limit(self.fetch.id, streamed.call or ROOT)
        for key in streamed.keys:
            limit = None if limit is None else limit.below.get(key)
        return limit

    def outline(self) -> Outline:
        """What the document asks for, made when an error needs it."""
        if self._outline is None:
            self._outline = Outline(self.fetch)
        return self._outline

    def _round(self, answering: Answering) -> EntityRound:
        begun = answering.begun
        return EntityRound(
            self.fetch,
            self._calls,
            self.outline,
            self._asked,
            answering.fetched,
            None if begun is None else partial(begun, self),
        )

    def _objects(self, answering: Answering) -> list[tuple[dict[str, Json], Place]]:
        """What a root fetch fills, and where that stands in the response."""
        data = answering.fetched.data
        return list(located_objects_at(data, self.fetch.path)) if self.fetch.path else [(data, ())]

    async def _run_root(self, answering: Answering) -> None:
        if not self._objects(answering):
            return
        try:
            response = await self._ask(answering, {})
        except SubgraphUnavailable as away:
            self._fail_root(answering, unavailable(self.fetch, away))
        else:
            self.take_root(response, answering)
            if isinstance(response, Beginning) and answering.begun is not None:
                answering.begun(self, response, partial(lists_at, self._objects(answering)))

    def _fail_root(self, answering: Answering, failure: Failure, *, where_empty: bool = False) -> None:
        """Tell it for every field that the fetch should have filled; or, of these, for the empty ones."""
        keys = self.outline().root_keys()
        places: list[Place] = [
            (*place, key)
            for found, place in self._objects(answering)
            for key in keys
            if not where_empty or found.get(key) is None
        ]
        answering.fetched.errors.extend(failure.at_all(places) if places else [failure.at(None)])

    async def _ask(self, answering: Answering, representations: Mapping[str, Json]) -> SubgraphResponse:
        if answering.kept is not None:
            kept = await answering.kept.answer_to(self.fetch.id, representations)
            if kept is not None:
                return kept
        return await client_of(self.fetch, answering).execute(self.request(answering, representations))


def client_of(fetch: Fetch, answering: Answering) -> SubgraphClient:
    """The way to the fetch's subgraph; raises SubgraphUnavailable if there is none."""
    client = answering.clients.get(fetch.subgraph)
    if client is None:
        raise SubgraphUnavailable(fetch.subgraph, Unanswered.UNREACHABLE, "has no address")
    return client
