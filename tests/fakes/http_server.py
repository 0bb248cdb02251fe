"""A real HTTP server for an ASGI app, in the loop of the test; it can be stopped and started again."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from router.app import RouterApp
from router.http.connection import Connection, connection_with
from router.http.socket_connection import socket_connection_with

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class HttpServer:
    """`url` stays the same over restarts."""

    def __init__(self, app: ASGIApp, http: type[Connection] | None = None) -> None:
        self._app = app
        self._socket = socket_connection_with(20.0)
        graph_path = lane = None
        if isinstance(app, RouterApp):
            graph_path, lane = app.router.settings.graphql_path, app.lane
        self._http = http or connection_with(10.0, graph_path, lane)
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    @property
    def url(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many are open."""
        return 0 if self._server is None else len(self._server.server_state.connections)

    async def start(self) -> None:
        """Return when it accepts connections."""
        config = uvicorn.Config(
            self._app,
            port=self.port,
            log_config=None,
            access_log=False,
            lifespan="auto",
            proxy_headers=False,
            http=self._http,
            ws=self._socket,
            ws_per_message_deflate=False,
        )
        self._server = _Server(config)
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
        self._server.told_to_stop.set()
        await self._serving
        self._server = None


class _Server(uvicorn.Server):
    """Stops when told, not at the next tick, and cuts what is in flight, as a crash would."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.told_to_stop = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.told_to_stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listening in sockets or ():
            listening.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in list(self.server_state.tasks):
            task.cancel()
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)
        await self.lifespan.shutdown()


@asynccontextmanager
async def serving(app: ASGIApp, http: type[Connection] | None = None) -> AsyncIterator[HttpServer]:
    """A started server, stopped in the end."""
    server = HttpServer(app, http)
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
