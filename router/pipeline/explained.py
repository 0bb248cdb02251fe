"""What a developer asks for with `atrium-explain: 1`: the plan of this request, and what its fetches took.

In development only; such a request is executed for itself, whoever asks the same meanwhile.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from router.plan.display import show
from router.plan.nodes import Fetch, Plan
from router.plan.serialise import to_json
from router.settings import RouterSettings
from router.subgraph_client.protocol import (
    Beginning,
    Increment,
    Items,
    Rest,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)
from router.wire.encode import encode

HEADER = "atrium-explain"
_YES = frozenset(("1", "true", "yes", "on"))


def is_wanted(headers: Mapping[str, str], settings: RouterSettings) -> bool:
    """Whether the client asks for the plan, and may."""
    return settings.is_development and headers.get(HEADER, "").strip().lower() in _YES


@dataclass(slots=True)
class Measured:
    """What a fetch took: requests to the subgraph, from the first to the last; the size of data as JSON.

    `items` are those of lists that came after the beginning of an answer.
    """

    began: float
    ended: float
    requests: int = 0
    entities: int = 0
    bytes: int = 0
    items: int = 0
    failed: int = 0

    @property
    def ms(self) -> float:
        """From the first question to the last answer."""
        return round((self.ended - self.began) * 1000, 3)

    def line(self) -> str:
        """As a person reads it."""
        requests = "" if self.requests == 1 else f" in {self.requests} requests"
        entities = f", {self.entities} entities" if self.entities else ""
        items = f", {self.items} items streamed" if self.items else ""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"took {self.ms:g} ms{requests}{entities}{items}, {self.bytes} bytes{failed}"


class Record:
    """The fetches of one request while they run."""

    def __init__(self) -> None:
        self._measured: dict[tuple[str, str], Measured] = {}

    def watching(self, clients: Mapping[str, SubgraphClient]) -> Mapping[str, SubgraphClient]:
        """The clients, with somebody who looks on."""
        return {name: _Watched(name, client, self) for name, client in clients.items()}

    def add(
        self, subgraph: str, request: SubgraphRequest, began: float, response: SubgraphResponse | None
    ) -> None:
        """One question and what came of it."""
        now = perf_counter()
        measured = self._measured.setdefault((subgraph, request.document), Measured(began, now))
        measured.began = min(measured.began, began)
        measured.ended = max(measured.ended, now)
        measured.requests += 1
        measured.entities += sum(map(len, _representations(request)))
        if response is None or response.errors:
            measured.failed += 1
        if response is not None and response.data is not None:
            measured.bytes += len(encode(response.data))

    def add_more(self, subgraph: str, request: SubgraphRequest, increments: Iterable[Increment]) -> None:
        """What came later in answer to a question."""
        measured = self._measured[subgraph, request.document]
        measured.ended = perf_counter()
        for each in increments:
            if isinstance(each, Items):
                measured.items += len(each.items)
                measured.bytes += len(encode({"items": each.items}))

    def explained(self, plan: Plan) -> dict[str, Any]:
        """The plan as JSON and as text, with what was measured."""
        measured = dict(self._by_fetch(plan))
        shown = to_json(plan)
        for fetch in shown["fetches"]:
            own = measured.get(fetch["id"])
            fetch["measured"] = None if own is None else _json(own)
        lines = {fetch.id: "not asked" for fetch in plan.fetches}
        lines |= {id: own.line() for id, own in measured.items()}
        return {**shown, "text": show(plan, lines)}

    def _by_fetch(self, plan: Plan) -> Iterator[tuple[int, Measured]]:
        """Fetches that send one subgraph the same document are told together, at the first of them."""
        left = dict(self._measured)
        for fetch in plan.fetches:
            found = left.pop(_key(fetch), None)
            if found is not None:
                yield fetch.id, found


def _key(fetch: Fetch) -> tuple[str, str]:
    return fetch.subgraph, fetch.document


def _representations(request: SubgraphRequest) -> Iterator[list[Any]]:
    """The lists of entities among the variables: the client's own are no lists of typed objects."""
    if "_entities(" not in request.document:
        return
    for name, value in request.variables.items():
        if "representations" in name and isinstance(value, list):
            yield value


def _json(measured: Measured) -> dict[str, Any]:
    return {
        "ms": measured.ms,
        "requests": measured.requests,
        "entities": measured.entities,
        "bytes": measured.bytes,
        "items": measured.items,
        "failed": measured.failed,
    }


class _Watched:
    """A client whose questions are timed."""

    def __init__(self, name: str, client: SubgraphClient, record: Record) -> None:
        self._name = name
        self._client = client
        self._record = record

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """The client's answer."""
        began = perf_counter()
        try:
            response = await self._client.execute(request)
        except SubgraphUnavailable:
            self._record.add(self._name, request, began, None)
            raise
        self._record.add(self._name, request, began, response)
        if isinstance(response, Beginning):
            return replace(response, more=_WatchedRest(self._name, request, response.more, self._record))
        return response

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """The client's events."""
        return self._client.subscribe(request)

    async def close(self) -> None:
        """The client stays open: it belongs to others, too."""


class _WatchedRest:
    """What follows the beginning of an answer, counted."""

    def __init__(self, name: str, request: SubgraphRequest, inner: Rest, record: Record) -> None:
        self._name = name
        self._request = request
        self._inner = inner
        self._record = record

    async def __anext__(self) -> tuple[Increment, ...]:
        """Rest: the next portion."""
        increments = await anext(self._inner)
        self._record.add_more(self._name, self._request, increments)
        return increments

    async def aclose(self) -> None:
        """Rest: nobody wants more."""
        await self._inner.aclose()
