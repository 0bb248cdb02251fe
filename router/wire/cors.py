"""Which pages of other origins may read answers of the graph: none, unless they are listed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from router.wire.exchange import HeaderList

ANY = "*"
METHODS = b"GET, POST"
READABLE = (
    b"x-request-id, retry-after, ratelimit, ratelimit-policy, ratelimit-limit, ratelimit-remaining, "
    b"ratelimit-reset"
)
SECONDS = b"7200"  # as long as browsers remember at most
REQUEST_HEADERS = frozenset(
    {
        "accept",
        "apollo-require-preflight",
        "apollographql-client-name",
        "apollographql-client-version",
        "authorization",
        "content-encoding",
        "content-type",
        "graphql-client-name",
        "graphql-client-version",
        "graphql-require-preflight",
        "traceparent",
        "tracestate",
        "x-api-key",
        "x-apollo-operation-name",
        "x-request-id",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossOrigin:
    """Pages of `origins` may ask with cookies; with `*` among them, all others may without.

    `headers`: what pages may send beside REQUEST_HEADERS.
    """

    origins: frozenset[str]
    headers: frozenset[str] = field(default=frozenset())

    def shown_to(self, origin: str | None) -> HeaderList:
        """The headers that let a page of this origin read an answer; none if it may not."""
        if origin is not None and origin != ANY and origin in self.origins:
            return (
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-allow-credentials", b"true"),
                (b"access-control-expose-headers", READABLE),
            )
        if ANY in self.origins:
            return (
                (b"access-control-allow-origin", b"*"),
                (b"access-control-expose-headers", READABLE),
            )
        return ()

    def preflight(self, headers: Mapping[str, str]) -> HeaderList | None:
        """The answer to a browser that asks whether its page may ask; None if that is not what it asks."""
        if "origin" not in headers or "access-control-request-method" not in headers:
            return None
        shown = self.shown_to(headers["origin"])
        if not shown:
            return ()
        return (
            *shown,
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", ", ".join(sorted(REQUEST_HEADERS | self.headers)).encode()),
            (b"access-control-max-age", SECONDS),
        )


def varying(headers: Collection[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers, which now say that the answer depends on the origin."""
    kept = [header for header in headers if header[0] != b"vary"]
    told = [value for name, value in headers if name == b"vary"]
    return [*kept, (b"vary", b", ".join([*told, b"origin"]))]
