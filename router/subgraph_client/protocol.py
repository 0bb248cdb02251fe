"""The seam between router and subgraphs: every transport fills this protocol."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import Any, Protocol

from common.values import value
from router.context import RequestContext
from router.operation.model import OperationKind
from router.subgraph_client.interruption import Interruption


@value
class Listening:
    """How a subscription is listened to.

    `last_event_id`: it goes on behind this event, if its source knows it. One that `is_alone` is never
    shared. `interruption` ends the wait for its events.
    """

    last_event_id: str | None = None
    is_alone: bool = False
    interruption: Interruption | None = None


@value
class SubgraphRequest:
    """One operation for one subgraph. `variables` are JSON-like Python values, never mutated.

    `body`: the same as JSON, where somebody has written it already. `listening` is for subscriptions. Whoever
    `takes_parts` may be answered with the beginning of an answer, and what follows it.
    """

    kind: OperationKind
    document: str
    operation_name: str | None
    variables: Mapping[str, Any]
    context: RequestContext
    body: bytes | None = field(default=None, compare=False, repr=False)
    listening: Listening | None = None
    takes_parts: bool = False

    @property
    def last_event_id(self) -> str | None:
        """The event behind which a subscription goes on."""
        return None if self.listening is None else self.listening.last_event_id

    def behind(self, event_id: str) -> "SubgraphRequest":
        """The same subscription, behind this event."""
        return replace(self, listening=replace(self.listening or Listening(), last_event_id=event_id))

    @property
    def payload(self) -> dict[str, Any]:
        """The members of a GraphQL request."""
        payload: dict[str, Any] = {"query": self.document}
        if self.operation_name is not None:
            payload["operationName"] = self.operation_name
        if self.variables:
            payload["variables"] = self.variables
        if self.last_event_id is not None:
            payload["extensions"] = {"lastEventId": self.last_event_id}
        return payload


@value
class SubgraphResponse:
    """What a subgraph answered. `errors` are GraphQL errors as the subgraph wrote them.

    `set_cookies` are the values that an allow-listed subgraph may hand to the browser. `is_shared`: somebody
    else may hold the data, so that it must not be changed; False where it was just decoded for this request.
    `event_id`: where this event of a subscription stands, if its source can go on from there later.
    """

    data: dict[str, Any] | None
    errors: tuple[dict[str, Any], ...] = ()
    extensions: Mapping[str, Any] = field(default_factory=dict)
    set_cookies: tuple[str, ...] = ()
    is_shared: bool = field(default=True, compare=False)
    event_id: str | None = None


@value
class Standing(SubgraphResponse):
    """No event: it only says behind which event a subscription begins, for who has to subscribe again."""


AnswerPath = tuple[str | int, ...]
"""Keys and indexes from the root of a subgraph's answer."""


@value
class Items:
    """More items of the list at `path` of an answer, and errors, with whole paths, on the way to them."""

    path: AnswerPath
    items: list[Any]
    errors: tuple[dict[str, Any], ...] = ()


@value
class ListEnd:
    """Nothing more comes of the list at `path`; with errors, because of them."""

    path: AnswerPath
    errors: tuple[dict[str, Any], ...] = ()


Increment = Items | ListEnd


class Rest(Protocol):
    """What follows the beginning of an answer, in the portions in which it comes."""

    async def __anext__(self) -> tuple[Increment, ...]:
        """The next portion; raises StopAsyncIteration, or SubgraphUnavailable when it breaks off."""
        ...

    async def aclose(self) -> None:
        """Nobody wants the rest of it."""
        ...


@value
class Beginning(SubgraphResponse):
    """The beginning of an answer some of whose lists go on.

    `open`: the paths of those lists; None: it was not said which, so that any may. Whoever gets `more` closes
    it.
    """

    open: frozenset[AnswerPath] | None
    more: Rest = field(compare=False, repr=False)


class Failure(StrEnum):
    """Why a subgraph gave no answer; these codes go to the client."""

    UNREACHABLE = "SUBGRAPH_UNREACHABLE"
    TIMEOUT = "SUBGRAPH_TIMEOUT"
    BAD_RESPONSE = "SUBGRAPH_BAD_RESPONSE"
    HTTP_ERROR = "SUBGRAPH_HTTP_ERROR"


class SubgraphUnavailable(Exception):
    """The subgraph could not be asked or did not answer properly; `code` goes to the client.

    `reason` is fit to show: it names no address. `was_reset`: the connection broke before any byte of
    an answer came, so that a query may be asked once more. `was_open`: it was a subscription that stood.
    """

    def __init__(
        self, subgraph: str, code: str, reason: str, *, was_reset: bool = False, was_open: bool = False
    ) -> None:
        super().__init__(f"Subgraph {subgraph!r} {reason}.")
        self.subgraph = subgraph
        self.code = code
        self.reason = reason
        self.was_reset = was_reset
        self.was_open = was_open

    def again(self) -> "SubgraphUnavailable":
        """The same for one more who is to hear of it."""
        return SubgraphUnavailable(
            self.subgraph, self.code, self.reason, was_reset=self.was_reset, was_open=self.was_open
        )


class SubgraphClient(Protocol):
    """A way to reach one subgraph."""

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Run a query or mutation; raises SubgraphUnavailable."""
        ...

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """One response per event, until the source ends; raises SubgraphUnavailable."""
        ...

    async def close(self) -> None:
        """Give back every connection."""
        ...
