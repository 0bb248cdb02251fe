"""Identical queries to one subgraph at one time are sent once.

Identical: the same body, and nothing else that the subgraph gets to see of who asks differs either. The
request id, the trace and the signature are those of whoever asked first. A query that begins after a mutation
has ended never gets an answer that was asked for before.
"""

from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import replace

from router.cache.flights import Flight, Flights, Landed
from router.context import RequestContext
from router.operation.model import OperationKind
from router.subgraph_client.asking import Asking, Waiting, ask, straight_of
from router.subgraph_client.body import body_of
from router.subgraph_client.protocol import SubgraphClient, SubgraphRequest, SubgraphResponse

Seen = Callable[[RequestContext], Hashable]
"""Everything that a subgraph gets to see of who asks."""


class SharingClient:
    """A client whose queries in flight are shared; mutations and subscriptions never are."""

    def __init__(self, inner: SubgraphClient, seen: Seen) -> None:
        self._inner = inner
        self._seen = seen
        self._flights: Flights[Hashable, SubgraphResponse] = Flights(_shared)
        self._straight = straight_of(inner)

    @property
    def shared(self) -> int:
        """How many questions were answered by somebody else's."""
        return self._flights.shared

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Run a query or mutation; raises SubgraphUnavailable."""
        if request.kind is not OperationKind.QUERY:
            try:
                return await self._inner.execute(request)
            finally:
                self._flights.depart()
        asked = None if request.takes_parts else _with_body(request)
        if asked is None:
            return await self._inner.execute(request)
        key = (asked.body, self._seen(asked.context))
        return await self._flights.ask(key, asked.context.deadline, lambda: self._inner.execute(asked))

    def ask(self, request: SubgraphRequest, waiting: Waiting) -> Asking | None:
        """Straight: a query; somebody else's, if it is on its way."""
        if self._straight is None or request.kind is not OperationKind.QUERY:
            return None
        asked = _with_body(request)
        if asked is None:
            return None
        key = (asked.body, self._seen(asked.context))
        flight = self._flights.under_way(key)
        if flight is not None:
            if flight.deadline > asked.context.deadline:
                return self._straight.ask(asked, waiting)
            return _Passenger(self, flight, asked, waiting)
        pilot = _Pilot(self._flights, key, asked.context.deadline, waiting)
        pilot.asking = self._straight.ask(asked, pilot)
        if pilot.asking is None:
            pilot.give_up()
            return None
        return pilot

    def landed(self, landed: Landed[SubgraphResponse], waiting: Waiting) -> None:
        """Somebody else's answer."""
        self._flights.shared += 1
        if landed.raised is not None:
            waiting.unanswered(landed.raised)
        elif landed.value is not None:
            waiting.answered(landed.value)

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """One response per event, until the source ends; raises SubgraphUnavailable."""
        return self._inner.subscribe(request)

    async def close(self) -> None:
        """Give back every connection."""
        await self._inner.close()


def _with_body(request: SubgraphRequest) -> SubgraphRequest | None:
    """The request with its JSON body; None where a subgraph in process takes more than JSON."""
    if request.body is not None:
        return request
    try:
        body = body_of(request)
    except TypeError:
        return None
    return SubgraphRequest(  # what `replace` does, in a third of the time
        kind=request.kind,
        document=request.document,
        operation_name=request.operation_name,
        variables=request.variables,
        context=request.context,
        body=body,
    )


def _shared(response: SubgraphResponse) -> SubgraphResponse:
    return response if response.is_shared else replace(response, is_shared=True)


class _Pilot:
    """Whoever asks, with others perhaps waiting for the same answer."""

    __slots__ = ("_flight", "_flights", "_key", "_waiting", "asking")

    def __init__(
        self, flights: Flights[Hashable, SubgraphResponse], key: Hashable, deadline: float, waiting: Waiting
    ) -> None:
        self._flights = flights
        self._key = key
        self._flight = flights.begin(key, deadline)
        self._waiting = waiting
        self.asking: Asking | None = None

    def answered(self, response: SubgraphResponse) -> None:
        """Waiting: for everybody."""
        self.asking = None  # it knows this one: no work for the collector
        self._waiting.answered(self._flights.landed(self._key, self._flight, response))

    def unanswered(self, failure: BaseException) -> None:
        """Waiting: for everybody."""
        self.asking = None
        self._flights.lost(self._key, self._flight, failure if isinstance(failure, Exception) else None)
        self._waiting.unanswered(failure)

    def give_up(self) -> None:
        """Asking: one of the others asks anew."""
        if self.asking is not None:
            self.asking.give_up()
        self._flights.lost(self._key, self._flight, None)


class _Passenger:
    """Whoever waits for somebody else's answer."""

    __slots__ = ("_asking", "_client", "_request", "_waiting")

    def __init__(
        self,
        client: SharingClient,
        flight: Flight[SubgraphResponse],
        request: SubgraphRequest,
        waiting: Waiting,
    ) -> None:
        self._client = client
        self._request = request
        self._waiting: Waiting | None = waiting
        self._asking: Asking | None = None
        flight.waiting.append(self._landed)

    def give_up(self) -> None:
        """Asking: the flight goes on for the others."""
        self._waiting = None
        if self._asking is not None:
            self._asking.give_up()

    def _landed(self, landed: Landed[SubgraphResponse] | None) -> None:
        waiting = self._waiting
        if waiting is None:
            return
        if landed is None:
            self._asking = ask(self._client, self._request, waiting)
        else:
            self._waiting = None
            self._client.landed(landed, waiting)
