"""What every way to listen to an HTTP subgraph has in common."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from router.context import RequestContext
from router.settings import SourceSettings, SubscriptionSettings
from router.subgraph_client.answer import is_error, read
from router.subgraph_client.headers import HeaderPolicy
from router.subgraph_client.protocol import (
    Failure,
    Standing,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)

MAX_EVENT_BYTES = 8 * 1024 * 1024
MAX_ID_LENGTH = 1_024
EVENT_ID = "eventId"

Transport = Literal["ws", "sse", "multipart", "callback"]
"""How a subgraph is listened to."""


class EventSource(Protocol):
    """A way to listen to one subgraph."""

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """One response per event, until the source ends; raises SubgraphUnavailable."""
        ...

    async def close(self) -> None:
        """Give back every connection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listened:
    """The subgraph that is listened to. `seconds`: for it to accept a subscription."""

    name: str
    url: str
    policy: HeaderPolicy
    seconds: float
    settings: SubscriptionSettings = field(default_factory=SubscriptionSettings)

    @property
    def source(self) -> SourceSettings:
        """How it is listened to."""
        return self.settings.source(self.name)

    @property
    def address(self) -> str:
        """Where subscriptions go."""
        path = self.source.path
        return self.url if path is None else urlsplit(self.url)._replace(path=path, query="").geturl()

    def headers(self, context: RequestContext, body: bytes) -> dict[str, str]:
        """Headers of a request."""
        own = {name.lower(): value for name, value in self.source.headers}
        return own | self.policy.headers_for(self.name, context, body)

    def unavailable(self, failure: str, reason: str, *, was_open: bool = False) -> SubgraphUnavailable:
        """Why there are no events."""
        return SubgraphUnavailable(self.name, failure, reason, was_open=was_open)

    def event(self, payload: Any, event_id: str | None = None) -> SubgraphResponse:
        """The response in the payload of an event; its id may stand in its extensions, too."""
        response = read(self.name, payload)
        given = response.extensions.get(EVENT_ID) if event_id is None else event_id
        return response if not is_event_id(given) else replace(response, event_id=given)

    def refusal(self, errors: Any) -> SubgraphResponse:
        """The errors that end a subscription."""
        if not isinstance(errors, list) or not errors or not all(is_error(error) for error in errors):
            reason = "ended the subscription without saying why"
            raise self.unavailable(Failure.BAD_RESPONSE, reason)
        return SubgraphResponse(data=None, errors=tuple(errors))


def standing_at(event_id: Any) -> Standing:
    """Where the source begins, if that can be said again."""
    return Standing(data=None, event_id=event_id if is_event_id(event_id) else None)


def is_event_id(value: Any) -> bool:
    """It can be sent back: in a header, a line, a log."""
    return (
        isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH and value.isascii() and value.isprintable()
    )
