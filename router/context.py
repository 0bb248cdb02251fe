"""What travels with one request through the router; no behaviour."""

from collections.abc import Mapping
from dataclasses import field

from common.access.principal import ANONYMOUS, Principal
from common.values import value


@value
class RequestContext:
    """Who asks, from where and until when.

    `deadline` is on the event loop's clock (`loop.time()`), in seconds. `headers` are the client's,
    names in lower case. `set_cookies` collects what allow-listed subgraphs hand to the browser.
    `last_event_id`: the event behind which a subscription is to go on.
    """

    request_id: str
    deadline: float
    principal: Principal = ANONYMOUS
    headers: Mapping[str, str] = field(default_factory=dict)
    client_address: str | None = None
    user_agent: str | None = None
    traceparent: str | None = None
    set_cookies: list[str] = field(default_factory=list)
    last_event_id: str | None = None
