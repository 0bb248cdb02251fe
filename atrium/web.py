"""One web process of `atrium up`: router and all subgraphs on a socket that the parent has bound."""

import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvloop

from atrium.environment import prepare_process
from atrium.platform import platform
from atrium.server import server_of
from common.settings import CommonSettings

WORKER_HEADER = b"atrium-worker"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


def marked(app: App, number: str) -> App:
    """Every answer says which process gave it: for a person who looks into a development installation."""
    header = (WORKER_HEADER, number.encode())

    async def answer(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.accept"}:
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        await app(scope, receive, sending if scope["type"] != "lifespan" else send)

    return answer


async def serve(listening: socket.socket, number: int, settings: CommonSettings) -> None:
    """Serve until told to stop."""
    async with platform(settings) as app:
        shown = marked(app, str(number)) if settings.is_development else app
        await server_of(shown, app.router.settings, app).serve(sockets=[listening])


def serve_web(listening: socket.socket, number: int) -> None:
    """Be one web process, on a socket that the parent has bound."""
    uvloop.run(serve(listening, number, prepare_process()))
