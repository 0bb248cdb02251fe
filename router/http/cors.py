"""Around the graph, when pages of other origins may read its answers."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router.http.scope import headers_of
from router.wire.cors import CrossOrigin, varying


class Cors:
    """Answers preflights, and adds to every answer which page may read it."""

    def __init__(self, app: ASGIApp, policy: CrossOrigin) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        headers = headers_of(scope)
        if scope["method"] == "OPTIONS":
            answer = self._policy.preflight(headers)
            if answer is not None:
                told = [*varying(answer), (b"content-length", b"0")]
                await send({"type": "http.response.start", "status": 200 if answer else 403, "headers": told})
                await send({"type": "http.response.body", "body": b""})
                return
        shown = self._policy.shown_to(headers.get("origin"))

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*varying(message["headers"]), *shown]
            await send(message)

        await self._app(scope, receive, sending)
