"""A SubgraphClient that answers from a function and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse, SubgraphUnavailable

Answer = SubgraphResponse | SubgraphUnavailable | Mapping[str, Any]
"""A plain mapping is the data of a response without errors."""


class FakeSubgraphClient:
    """One subgraph. `answer` sees each request; `gate`, when given, is awaited before answering."""

    def __init__(
        self,
        answer: Callable[[SubgraphRequest], Answer] | Answer | None = None,
        *,
        events: Sequence[Answer] = (),
        gate: asyncio.Event | None = None,
    ) -> None:
        self._answer = answer
        self._events = events
        self._gate = gate
        self.requests: list[SubgraphRequest] = []
        self.asked = asyncio.Event()
        self.is_closed = False
        self.open_streams = 0

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """The answer to this request."""
        self.requests.append(request)
        self.asked.set()
        if self._gate is not None:
            await self._gate.wait()
        answer = self._answer(request) if callable(self._answer) else self._answer
        return response_of({} if answer is None else answer)

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """The events that were given, one after the other."""
        self.requests.append(request)
        self.open_streams += 1
        try:
            for event in self._events:
                yield response_of(event)
        finally:
            self.open_streams -= 1

    async def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True


def response_of(answer: Answer) -> SubgraphResponse:
    """The answer as a response; raises it if it is SubgraphUnavailable."""
    match answer:
        case SubgraphResponse():
            return answer
        case SubgraphUnavailable():
            raise answer
        case _:
            return SubgraphResponse(data=dict(answer))
