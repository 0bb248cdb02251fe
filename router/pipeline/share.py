"""Identical queries that are in flight at one time are executed once, and the bytes of the answer shared.

Identical: the same plan and variables, and nothing else that a subgraph could get to see of who asks differs
either, so that nobody ever gets what was made for somebody else. Every request still is read, validated and
authorised by itself; only its request id is its own in the answer. A query that begins after a mutation has
ended never gets an answer that was asked for before.
"""

from collections.abc import Awaitable, Callable, Hashable

import orjson

from router.cache.flights import Flights
from router.operation.model import OperationKind
from router.pipeline.feeds import Events, Feeds, Private, Shared, Source, begins_somewhere
from router.pipeline.respond import headers_of
from router.pipeline.values import Planned, Received, Validated
from router.subgraph_client.sharing import Seen
from router.wire.exchange import Outgoing

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
        key = self._key(received, validated, planned)
        if key is None:
            return await make()

        def taken(outgoing: Outgoing) -> Outgoing:
            headers = headers_of(received.mode, received.context.request_id)
            return Outgoing(status=outgoing.status, body=outgoing.body, headers=headers)

        return await self._flights.ask(key, received.context.deadline, make, taken)

    def source(
        self, received: Received, validated: Validated, planned: Planned, make: Callable[[], Events]
    ) -> Source:
        """The subscription that `make` begins, or somebody began who asked for the same."""
        begins_now = received.context.last_event_id is None and not begins_somewhere(
            validated.operation, validated.variables
        )
        # Not the mode: an event is the same for sockets and streams.
        key = self._asked(received, validated, planned) if begins_now else None
        return Private(make(), goes_on=True) if key is None else Shared(self.feeds, key, make)

    def mutation_ended(self) -> None:
        """What was asked for before is old news from now on."""
        self._flights.depart()

    def _key(self, received: Received, validated: Validated, planned: Planned) -> Hashable | None:
        asked = self._asked(received, validated, planned)
        return None if asked is None else (received.mode, asked)

    def _asked(self, received: Received, validated: Validated, planned: Planned) -> Hashable | None:
        if self._may_set_cookies(planned):
            return None
        try:
            variables = orjson.dumps(validated.variables)
        except TypeError:  # a custom scalar read into something that is no JSON
            return None
        # The plan stands for operation and snapshot.
        return planned.serial, variables, self._seen(received.context)

    def _may_set_cookies(self, planned: Planned) -> bool:
        cookies = self._cookie_subgraphs
        return bool(cookies) and any(fetch.subgraph in cookies for fetch in planned.plan.plan.fetches)
