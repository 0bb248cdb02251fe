"""Serve the router's app on an address until told to stop."""

import asyncio
import errno
import os
import socket
from typing import Any, Protocol

import uvicorn
from starlette.types import ASGIApp

from router.http.accepting import Accepting
from router.http.connection import connection_with
from router.http.socket_connection import socket_connection_with
from router.settings import RouterSettings

BACKLOG = 2048
IDLE_SECONDS = 65  # longer than what common load balancers keep a connection for


class CannotListen(Exception):
    """The address cannot be used; the message names it."""


class Stopping(Protocol):
    """An app that wants to know of its end in time."""

    async def announce(self) -> None:
        """While requests still come: say that the process ends."""
        ...

    async def farewell(self) -> None:
        """No more connections are taken: end those that would go on for ever."""
        ...


class Server(uvicorn.Server):
    """Ends in order: not ready, no longer listening, sockets and streams closed, the last answers given."""

    def __init__(self, configuration: uvicorn.Config, stopping: Stopping | None = None) -> None:
        super().__init__(configuration)
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen on the sockets."""
        await super().startup(sockets=[])
        config, state = self.config, self.server_state

        def connection() -> asyncio.Protocol:
            make: Any = config.http_protocol_class
            made: asyncio.Protocol = make(config=config, server_state=state, app_state=self.lifespan.state)
            return made

        for one in sockets or ():
            accepting = Accepting(one, connection)
            accepting.start(config.backlog)
            self.servers.append(accepting)  # type: ignore[arg-type]  # as far as uvicorn uses it

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell, then finish what is in flight."""
        if self._stopping is not None:
            await self._stopping.announce()
            for server in self.servers:
                server.close()
            await self._stopping.farewell()
        await super().shutdown(sockets)


def serve(app: ASGIApp, settings: RouterSettings, *, host: str, port: int, stopping: Stopping) -> None:
    """Serve until SIGTERM or SIGINT; then `stopping` is told and requests in flight are finished.

    Raises CannotListen.
    """
    configuration = uvicorn.Config(
        app,
        loop="uvloop",
        http=connection_with(settings.timeouts.head, settings.graphql_path, getattr(app, "lane", None)),
        ws=socket_connection_with(settings.socket.ping_interval),
        ws_max_size=settings.socket.max_message_bytes + 1,
        ws_per_message_deflate=False,  # 40 KiB for each socket, and no event could be encoded once for many
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=round(settings.timeouts.shutdown),
        backlog=BACKLOG,
    )
    with listening(host, port) as bound:
        Server(configuration, stopping).run(sockets=[bound])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens; raises CannotListen."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as cause:
        raise CannotListen(_sentence(host, port, cause)) from cause


def _sentence(host: str, port: int, cause: OSError) -> str:
    match cause.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is taken by another program."
        case errno.EACCES:
            return f"Port {port} on {host} needs more rights than this user has."
        case errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine."
        case code if code is not None and code > 0:
            return f"Cannot listen on {host} port {port}: {os.strerror(code)}."
        case _:
            return f"Cannot listen on {host} port {port}: {cause}."
