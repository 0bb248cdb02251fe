"""A real HTTP server for an ASGI app, in the loop of the test; it can be stopped and started again."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class HttpServer:
    """`url` stays the same over restarts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    @property
    def url(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Return when it accepts connections."""
        config = uvicorn.Config(
            self._app,
            port=self.port,
            log_config=None,
            access_log=False,
            lifespan="auto",
            ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server._serve([_bound(self.port)]))
        while not self._server.started:
            if self._serving.done():
                await self._serving
                raise RuntimeError("the server did not start")
            await asyncio.sleep(0.001)

    async def stop(self) -> None:
        """Cut every connection and stop listening."""
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        self._server.force_exit = True
        await self._serving
        self._server = None


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[HttpServer]:
    """A started server, stopped in the end."""
    server = HttpServer(app)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def serving_raw(connected: Connected) -> AsyncIterator[str]:
    """The address of a server that treats every connection as the function does."""
    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def _bound(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    return listening
