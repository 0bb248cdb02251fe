"""Identical queries to one subgraph at one time are sent once.

Identical: the same body, and nothing else that the subgraph gets to see of who asks differs either. The
request id, the trace and the signature are those of whoever asked first. A query that begins after a mutation
has ended never gets an answer that was asked for before.
"""

from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import replace

from router.cache.flights import Flights
from router.context import RequestContext
from router.operation.model import OperationKind
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
        asked = _with_body(request)
        if asked is None:
            return await self._inner.execute(request)
        key = (asked.body, self._seen(asked.context))
        return await self._flights.ask(key, asked.context.deadline, lambda: self._inner.execute(asked))

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
