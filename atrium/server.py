"""The HTTP server around an ASGI app, with our choices; tells the parent when it takes requests."""

import gc
import socket
import sys
from typing import Any

import uvicorn

from atrium.listen import address_of
from atrium.ready import report
from router.app import RouterApp
from router.http.connection import connection_with
from router.http.serve import BACKLOG, IDLE_SECONDS, Stopping
from router.http.serve import Server as RouterServer
from router.http.socket_connection import socket_connection_with
from router.settings import RouterSettings

# Shorter than the parent's patience, and than what containers are given.
_LONGEST_SHUTDOWN = 10

_COLLECTOR = (20_000, 20, 20)

_SWITCH_SECONDS = 0.0001
"""So long the event loop waits for a thread that reads a new operation; Python's own choice is 0.005."""


class Server(RouterServer):
    """Tells the parent as soon as it takes requests."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets)
        if self.started:
            # What is here now stays: the collector need not look at it again and again. Requests make many
            # containers and few cycles; at Python's own thresholds it takes a seventh of their time.
            gc.collect()
            gc.freeze()
            gc.set_threshold(*_COLLECTOR)
            sys.setswitchinterval(_SWITCH_SECONDS)
            report()
            for one in sockets or ():
                print(f"Listening on {address_of(one)}", flush=True)


def server_of(app: Any, settings: RouterSettings, stopping: Stopping | None = None) -> Server:
    """A server for an app that has been started already: uvloop, httptools, no headers of its own.

    `stopping` is told before the server waits for what is in flight.
    """
    graph_path = lane = None
    if isinstance(app, RouterApp):
        graph_path, lane = settings.graphql_path, app.lane
    configuration = uvicorn.Config(
        app,
        loop="none",
        http=connection_with(settings.timeouts.head, graph_path, lane),
        ws=socket_connection_with(settings.socket.ping_interval),
        ws_max_size=settings.socket.max_message_bytes + 1,
        ws_per_message_deflate=False,  # as the router does when it serves itself
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=min(round(settings.timeouts.shutdown), _LONGEST_SHUTDOWN),
        backlog=BACKLOG,
    )
    return Server(configuration, stopping)
