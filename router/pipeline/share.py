"""Identical queries that are in flight at one time are executed once, and the bytes of the answer shared.

Identical: the same plan and variables, and nothing else that a subgraph could get to see of who asks differs
either, so that nobody ever gets what was made for somebody else. Every request still is read, validated and
authorised by itself; only its request id is its own in the answer. A query that begins after a mutation has
ended never gets an answer that was asked for before.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Any

import orjson

from router.cache.flights import Flight, Flights
from router.context import RequestContext
from router.operation.model import OperationKind
from router.pipeline.feeds import Events, Feeds, Private, Shared, Source, begins_somewhere
from router.pipeline.respond import headers_of
from router.pipeline.values import Planned, Received, Validated
from router.subgraph_client.sharing import Seen
from router.wire.exchange import Outgoing
from router.wire.negotiate import ResponseMode

Answering = Callable[[], Awaitable[Outgoing]]


class RequestSharing:
    """The queries in flight. `cookie_subgraphs` may set cookies, which belong to one browser alone."""

    def __init__(self, seen: Seen, cookie_subgraphs: frozenset[str]) -> None:
        self._seen = seen
        self._cookie_subgraphs = cookie_subgraphs
        self._flights: Flights[Hashable, Outgoing] = Flights()
        self.feeds = Feeds()

    @property
    def shared(self) -> int:
        """How many requests were answered by somebody else's."""
        return self._flights.shared

    async def answer(
        self, received: Received, validated: Validated, planned: Planned, make: Answering
    ) -> Outgoing:
        """The answer that `make` gives, or gave to somebody who asked the same just before."""
        if validated.operation.kind is OperationKind.MUTATION:
            try:
                return await make()
            finally:
                self.mutation_ended()
        key = self.key(received.mode, planned, validated.variables, received.context)
        if key is None:
            return await make()

        def taken(outgoing: Outgoing) -> Outgoing:
            headers = headers_of(received.mode, received.context.request_id)
            return Outgoing(status=outgoing.status, body=outgoing.body, headers=headers)

        return await self._flights.ask(key, received.context.deadline, make, taken)

    # Without a coroutine.

    def key(
        self, mode: ResponseMode, planned: Planned, variables: Mapping[str, Any], context: RequestContext
    ) -> Hashable | None:
        """What a query has to have in common with another; None: it is answered for itself."""
        asked = self._asked(planned, variables, context)
        return None if asked is None else (mode, asked)

    def under_way(self, key: Hashable) -> Flight[Outgoing] | None:
        """The answer that somebody has asked for just before."""
        return self._flights.under_way(key)

    def begin(self, key: Hashable, deadline: float) -> Flight[Outgoing]:
        """One that others may wait for."""
        return self._flights.begin(key, deadline)

    def landed(self, key: Hashable, flight: Flight[Outgoing], body: bytes) -> None:
        """The answer, with the usual headers."""
        if flight.waiting:
            self.landed_as(key, flight, Outgoing(status=200, body=body))
        else:
            self._flights.close(key, flight)

    def landed_as(self, key: Hashable, flight: Flight[Outgoing], outgoing: Outgoing) -> None:
        """The answer, whatever it is."""
        self._flights.landed(key, flight, outgoing)

    def lost(self, key: Hashable, flight: Flight[Outgoing]) -> None:
        """There is no answer, since whoever asked has left."""
        self._flights.lost(key, flight, None)

    def took_another(self) -> None:
        """One more was answered by somebody else's."""
        self._flights.shared += 1

    def source(
        self, received: Received, validated: Validated, planned: Planned, make: Callable[[], Events]
    ) -> Source:
        """The subscription that `make` begins, or somebody began who asked for the same."""
        begins_now = received.context.last_event_id is None and not begins_somewhere(
            validated.operation, validated.variables
        )
        # Not the mode: an event is the same for sockets and streams.
        key = self._asked(planned, validated.variables, received.context) if begins_now else None
        return Private(make(), goes_on=True) if key is None else Shared(self.feeds, key, make)

    def mutation_ended(self) -> None:
        """What was asked for before is old news from now on."""
        self._flights.depart()

    def _asked(self, planned: Planned, given: Mapping[str, Any], context: RequestContext) -> Hashable | None:
        if planned.asks(self._cookie_subgraphs):
            return None
        try:
            variables = orjson.dumps(given)
        except TypeError:  # a custom scalar read into something that is no JSON
            return None
        # The plan stands for operation and snapshot.
        return planned.serial, variables, self._seen(context)
