"""The HTTP server around an ASGI app, with our choices; tells the parent when it takes requests."""

import gc
import socket
from typing import Any

import uvicorn

from atrium.ready import report


class Server(uvicorn.Server):
    """Tells the parent as soon as it takes requests."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets)
        if self.started:
            # What is here now stays: the collector need not look at it again and again.
            gc.collect()
            gc.freeze()
            report()


def server_of(app: Any, *, graceful_seconds: int = 10) -> Server:
    """A server with our choices: uvloop, httptools, the modern WebSocket implementation, our logs."""
    configuration = uvicorn.Config(
        app,
        loop="none",
        http="httptools",
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=graceful_seconds,
        backlog=2048,
    )
    return Server(configuration)
