"""Who is kept out by address, before anything of a request is read; nothing, while there are no IP rules.

Requests that are not for the graph are counted by their address here; those for the graph, where each
operation is.
"""

from dataclasses import replace

from starlette.types import ASGIApp, Receive, Scope, Send

from router.errors import ClientError, IpNotAllowed
from router.http.endpoint import write_and_close
from router.http.scope import client_address_of, headers_of, request_id_of
from router.pipeline.respond import refused
from router.protection.protection import Protection, Standings
from router.settings import RouterSettings
from router.wire.exchange import Incoming
from router.wire.rate_limits import rate_limit_headers

FREE_PATHS = frozenset({"/healthz", "/readyz"})
"""Whoever watches over the process may always ask how it is."""


class Doorkeeper:
    """Lets in whom the rules allow. `counts`: every request is one that limits by address count."""

    def __init__(
        self, app: ASGIApp, protection: Protection, settings: RouterSettings, *, counts: bool = False
    ) -> None:
        self._app = app
        self._protection = protection
        self._settings = settings
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or one socket."""
        policies = self._protection.policies
        if policies.ip_rules.is_empty and not (self._counts and policies.arrivals):
            await self._app(scope, receive, send)
            return
        if scope["path"] in FREE_PATHS:
            await self._app(scope, receive, send)
            return
        standings: Standings = {}
        try:
            settings = self._settings
            address = client_address_of(scope, settings.trusted_proxies, settings.address_header)
            self._protection.check_address(address)
            if self._counts:
                await self._protection.arrive(address, standings)
        except ClientError as refusal:
            await _refuse(refusal, standings, scope, receive, send)
            return
        await self._app(scope, receive, send)


async def _refuse(
    refusal: ClientError, standings: Standings, scope: Scope, receive: Receive, send: Send
) -> None:
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        code = 4403 if isinstance(refusal, IpNotAllowed) else 4429
        await send({"type": "websocket.close", "code": code})  # before accept: HTTP 403
        return
    headers = headers_of(scope)
    incoming = Incoming(method=scope["method"], headers=headers, request_id=request_id_of(headers))
    outgoing = refused(refusal, incoming)
    limits = rate_limit_headers(standings.values())
    await write_and_close(replace(outgoing, headers=(*outgoing.headers, *limits)), receive, send)
