"""Configured prefixes that are handed to a subgraph's own HTTP: `/.well-known/jwks.json` and the like."""

import asyncio
from collections.abc import Iterable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.setting_kinds import Networks
from router.context import RequestContext
from router.http.scope import client_address_of, headers_of
from router.settings import PassthroughRoute
from router.subgraph_client.exchange import NoAnswer
from router.subgraph_client.headers import IDENTITY_HEADER, HeaderPolicy
from router.subgraph_client.http import HttpPool
from router.subgraph_client.protocol import Failure

HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# What a client says of proxies before us is not to be believed; the signed identity has its true address.
UNTRUSTED = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"})
NOT_PASSED_ON = HOP_BY_HOP | UNTRUSTED | {IDENTITY_HEADER, "cookie"}
NOT_GIVEN_BACK = HOP_BY_HOP | {"content-encoding", "server", "date", "set-cookie"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def is_below(path: str, prefix: str) -> bool:
    """`/a/b` is below `/a` and `/a/`; `/ab` is not."""
    trimmed = prefix.rstrip("/")
    return path == trimmed or path.startswith(trimmed + "/")


def is_plain(path: str) -> bool:
    """No part of the path could lead somewhere else once a server has cleaned it up."""
    parts = path.split("/")
    return not any(part in ("..", ".") for part in parts) and "//" not in path and "\\" not in path


class Passthrough:
    """Finds who answers a path."""

    def __init__(self, routes: Mapping[str, ASGIApp]) -> None:
        self._routes = sorted(routes.items(), key=lambda route: -len(route[0]))

    def app_for(self, path: str) -> ASGIApp | None:
        """The app behind the longest prefix; None if the path is nobody's."""
        if not is_plain(path):
            return None
        return next((app for prefix, app in self._routes if is_below(path, prefix)), None)


class Mounted:
    """An app in this process, reached without headers that only the router or a proxy of ours may write.

    Cookies pass as they do over the graph, in both directions.
    """

    def __init__(self, app: ASGIApp, policy: HeaderPolicy) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        refused = {name.encode() for name in UNTRUSTED | {IDENTITY_HEADER, "cookie"}}
        headers = [(name, value) for name, value in scope["headers"] if name not in refused]
        cookie = self._policy.seen_cookie(headers_of(scope))
        if cookie is not None:
            headers.append((b"cookie", cookie.encode("latin-1")))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self._handed_over(message.get("headers", ()))}
            await send(message)

        await self._app({**scope, "headers": headers}, receive, answer)

    def _handed_over(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        given = list(headers)
        cookies = [value.decode("latin-1") for name, value in given if name.lower() == b"set-cookie"]
        return [
            *((name, value) for name, value in given if name.lower() != b"set-cookie"),
            *((b"set-cookie", value.encode("latin-1")) for value in self._policy.handed_over(cookies)),
        ]


class Forward:
    """A subgraph's HTTP at another address; the answer is read whole, under the pool's limits."""

    def __init__(
        self,
        route: PassthroughRoute,
        url: str,
        *,
        pool: HttpPool,
        policy: HeaderPolicy,
        seconds: float,
        trusted_proxies: Networks = (),
        address_header: str = "x-forwarded-for",
    ) -> None:
        self._route = route
        self._url = url.rstrip("/")
        self._pool = pool
        self._policy = policy
        self._seconds = seconds
        self._trusted_proxies = trusted_proxies
        self._address_header = address_header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        body = await Request(scope, receive).body()
        response = await self._answer(scope, body)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, body: bytes) -> Response:
        if scope["method"] not in METHODS:
            return Response(status_code=405, headers={"allow": ", ".join(METHODS)})
        try:
            answer = await self._pool.send(
                scope["method"],
                self._url + _target(scope),
                headers=self._headers(scope, body),
                body=body or None,
                seconds=self._seconds,
            )
        except NoAnswer as cause:
            status = 504 if cause.failure is Failure.TIMEOUT else 502
            return Response(
                f"{self._route.subgraph} {cause.reason}.", status_code=status, media_type="text/plain"
            )
        response = Response(answer.body, status_code=answer.status)
        for name, value in answer.headers.items():
            if name not in NOT_GIVEN_BACK:
                response.headers[name] = value
        for cookie in self._policy.handed_over(answer.set_cookies):
            response.headers.append("set-cookie", cookie)
        return response

    def _headers(self, scope: Scope, body: bytes) -> dict[str, str]:
        headers = headers_of(scope)
        passed = {name: value for name, value in headers.items() if name not in NOT_PASSED_ON}
        cookie = self._policy.seen_cookie(headers)
        if cookie is not None:
            passed["cookie"] = cookie
        context = RequestContext(
            request_id=scope["state"]["request_id"],
            deadline=asyncio.get_running_loop().time() + self._seconds,
            client_address=client_address_of(scope, self._trusted_proxies, self._address_header),
            user_agent=headers.get("user-agent"),
        )
        passed["x-request-id"] = context.request_id
        if self._policy.sign is not None:
            passed[IDENTITY_HEADER] = self._policy.sign(context, audience=self._route.subgraph, body=body)
        return passed


def _target(scope: Scope) -> str:
    path = scope["raw_path"].decode("ascii", "replace").partition("?")[0]
    query = scope["query_string"].decode("ascii", "replace")
    return f"{path}?{query}" if query else path
