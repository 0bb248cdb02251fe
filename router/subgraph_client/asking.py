"""Asking a subgraph without waiting in a coroutine: whoever waits is called when the answer comes.

A coroutine through every layer of a client, resumed through each of them again, costs more than the exchange
itself. A client that can has `ask` beside `execute`; where it cannot right now, a coroutine is begun at once.
"""

from collections.abc import Coroutine
from typing import Any, Protocol

from router.prompt import Prompt
from router.subgraph_client.protocol import SubgraphClient, SubgraphRequest, SubgraphResponse


class Waiting(Protocol):
    """Hears once of how a question ended, perhaps before it is asked to the end; not if it gave up."""

    def answered(self, response: SubgraphResponse, /) -> None:
        """The subgraph answered."""
        ...

    def unanswered(self, failure: BaseException, /) -> None:
        """SubgraphUnavailable, or what went wrong inside."""
        ...


class Asking(Protocol):
    """A question that is on its way."""

    def give_up(self) -> None:
        """Nobody waits any more; nothing happens if it has ended."""
        ...


class Straight(Protocol):
    """A client that can ask without a coroutine."""

    def ask(self, request: SubgraphRequest, waiting: Waiting) -> Asking | None:
        """Send the question; None: not now, and nothing was sent."""
        ...


def straight_of(client: SubgraphClient) -> Straight | None:
    """The same client, if it can."""
    return client if hasattr(client, "ask") else None  # type: ignore[return-value]  # it says so itself


def ask(client: SubgraphClient, request: SubgraphRequest, waiting: Waiting) -> Asking:
    """Ask in the quickest way that the client has now."""
    straight = straight_of(client)
    if straight is not None:
        asking = straight.ask(request, waiting)
        if asking is not None:
            return asking
    return Executing(client.execute(request), waiting)


class Executing:
    """The coroutine of a client, begun at once."""

    __slots__ = ("_prompt", "_waiting")

    def __init__(self, executing: Coroutine[Any, Any, SubgraphResponse], waiting: Waiting) -> None:
        self._waiting: Waiting | None = waiting
        self._prompt = Prompt(self._execute(executing), self._ended)

    def give_up(self) -> None:
        """Asking: cancel it."""
        self._waiting = None
        self._prompt.cancel()

    async def _execute(self, executing: Coroutine[Any, Any, SubgraphResponse]) -> None:
        response = await executing
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.answered(response)

    def _ended(self, _: Prompt, raised: BaseException | None) -> None:
        waiting, self._waiting = self._waiting, None
        if raised is not None and waiting is not None:
            waiting.unanswered(raised)
