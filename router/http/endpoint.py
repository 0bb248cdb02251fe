"""POST and GET of the graph: a bare ASGI callable, because Starlette would cost as much as the rest."""

from collections.abc import Awaitable, Callable

from starlette.types import Receive, Scope, Send

from router.errors import ClientError
from router.http.explorer import Explorer
from router.http.scope import ClientLeft, client_address_of, headers_of, read_body, request_id_of
from router.pipeline.respond import refused
from router.pipeline.router import Router
from router.wire.exchange import Incoming, Outgoing
from router.wire.negotiate import wants_page

Answering = Callable[[Incoming, Router], Awaitable[Outgoing]]

CLOSE = (b"connection", b"close")


class GraphQLEndpoint:
    """Reads one request, lets the pipeline answer it, writes the answer."""

    def __init__(self, router: Router, answer: Answering, explorer: Explorer | None) -> None:
        self._router = router
        self._answer = answer
        self._explorer = explorer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        headers = headers_of(scope)
        incoming = Incoming(
            method=scope["method"],
            headers=headers,
            request_id=request_id_of(headers),
            query_string=scope["query_string"],
            client_address=client_address_of(scope),
        )
        if self._explorer is not None and is_page_request(incoming):
            await self._explorer.page(incoming.request_id)(scope, receive, send)
            return
        try:
            outgoing = await self._outgoing(incoming, receive)
        except ClientLeft:
            return
        await write(outgoing, send)

    async def _outgoing(self, incoming: Incoming, receive: Receive) -> Outgoing:
        if incoming.method != "POST":
            return await self._answer(incoming, self._router)
        settings = self._router.settings
        try:
            body = await read_body(
                receive, incoming.headers, limit=settings.max_body_bytes, seconds=settings.timeouts.body
            )
        except ClientError as refusal:
            return closing(refused(refusal, incoming))
        whole = Incoming(
            method=incoming.method,
            headers=incoming.headers,
            request_id=incoming.request_id,
            body=body,
            client_address=incoming.client_address,
        )
        return await self._answer(whole, self._router)


def is_page_request(incoming: Incoming) -> bool:
    """A browser opens the address of the graph."""
    return (
        incoming.method in ("GET", "HEAD")
        and b"query=" not in incoming.query_string
        and wants_page(incoming.headers.get("accept"))
    )


def closing(outgoing: Outgoing) -> Outgoing:
    """The same answer; the connection ends, since the rest of the body was not read."""
    return Outgoing(status=outgoing.status, body=outgoing.body, headers=(*outgoing.headers, CLOSE))


async def write(outgoing: Outgoing, send: Send) -> None:
    """The answer onto the socket."""
    headers = [*outgoing.headers, (b"content-length", str(len(outgoing.body)).encode())]
    await send({"type": "http.response.start", "status": outgoing.status, "headers": headers})
    await send({"type": "http.response.body", "body": outgoing.body})
