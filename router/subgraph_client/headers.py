"""What of a client's request a subgraph gets to see, and what the router adds and signs."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie
from typing import Protocol

from opentelemetry import context as telemetry
from opentelemetry import propagate, trace

from router.context import RequestContext
from router.settings import REFRESH_COOKIE

IDENTITY_HEADER = "atrium-identity"
NEVER_FORWARDED = frozenset(
    {
        IDENTITY_HEADER,
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "transfer-encoding",
        "upgrade",
    }
)


class IdentitySigner(Protocol):
    """Says to a subgraph, provably, who asks."""

    def __call__(self, context: RequestContext, *, audience: str, body: bytes) -> str:
        """A short-lived token for one body and one subgraph."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderPolicy:
    """What is passed on to one subgraph. `takes_cookies`: it owns the browser's refresh cookie."""

    forwarded: frozenset[str] = frozenset()
    takes_cookies: bool = False
    sign: IdentitySigner | None = None

    def headers_for(self, subgraph: str, context: RequestContext, body: bytes) -> dict[str, str]:
        """Headers of a request over HTTP."""
        headers = self.seen_by_subgraph(context)
        headers["x-request-id"] = context.request_id
        if telemetry.get_current() and trace.get_current_span().get_span_context().is_valid:
            propagate.inject(headers)
        elif context.traceparent:
            headers["traceparent"] = context.traceparent
        if self.sign is not None:
            headers[IDENTITY_HEADER] = self.sign(context, audience=subgraph, body=body)
        return headers

    def knows(self, context: RequestContext, *, is_in_process: bool) -> Hashable:
        """Everything that the subgraph gets to see of who asks, but for what tells apart single requests."""
        headers = tuple(sorted(self.seen_by_subgraph(context).items())) if self._passes_on else ()
        if self.sign is None and not is_in_process:
            return headers
        return headers, context.principal, context.client_address, context.user_agent

    def restrict(self, context: RequestContext) -> RequestContext:
        """The context with the client's headers reduced to what this subgraph may see."""
        return replace(context, headers=self.seen_by_subgraph(context))

    @property
    def _passes_on(self) -> bool:
        return self.takes_cookies or bool(self.forwarded)

    def seen_by_subgraph(self, context: RequestContext) -> dict[str, str]:
        """The client's own headers that go through."""
        if not self._passes_on:
            return {}
        allowed = self.forwarded - NEVER_FORWARDED
        headers = {name: context.headers[name] for name in allowed if name in context.headers}
        cookie = self.seen_cookie(context.headers)
        if cookie is not None:
            headers["cookie"] = cookie
        return headers

    def seen_cookie(self, headers: Mapping[str, str]) -> str | None:
        """The `cookie` header that goes through: the refresh cookie, if this subgraph owns it."""
        refresh = cookie_value(headers, REFRESH_COOKIE) if self.takes_cookies else None
        return None if refresh is None else f"{REFRESH_COOKIE}={refresh}"

    def handed_over(self, set_cookies: Iterable[str]) -> tuple[str, ...]:
        """The cookies that may go to the browser: only the refresh cookie, and one line each."""
        if not self.takes_cookies:
            return ()
        return tuple(value for value in set_cookies if _is_refresh_cookie(value))


def cookie_value(headers: Mapping[str, str], name: str) -> str | None:
    """The value of one cookie of the client."""
    text = headers.get("cookie")
    if not text or name not in text:
        return None
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(text)
    except CookieError:
        return None
    morsel = jar.get(name)
    return None if morsel is None else morsel.coded_value


def _is_refresh_cookie(value: str) -> bool:
    return value.startswith(f"{REFRESH_COOKIE}=") and value.isascii() and value.isprintable()
