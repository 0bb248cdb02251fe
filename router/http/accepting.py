"""Take new connections in bulk.

libuv accepts one connection in each turn of the loop. Under load a turn takes long, since every connection
that has sent something is served in it, and whoever comes anew, health checks among them, waits for seconds.
Here a few are taken at a time, so that processes which share the socket get their part, and twice as many in
the next turn as long as there are more.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

log = logging.getLogger(__name__)

FEWEST, MOST = 8, 256
PAUSE = 0.5
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Accepting:
    """Listens on a bound socket until it is closed; what `asyncio` calls a server."""

    def __init__(self, listening: socket.socket, make: Callable[[], asyncio.Protocol]) -> None:
        self._loop = asyncio.get_running_loop()
        self._listening = listening
        self._make = make
        self._connecting: set[asyncio.Task[None]] = set()
        self._retry: asyncio.TimerHandle | None = None
        self._at_once = FEWEST
        self._is_closed = False

    def start(self, backlog: int) -> None:
        """Take connections from now on."""
        self._listening.setblocking(False)
        self._listening.listen(backlog)
        self._loop.add_reader(self._listening, self._accept)

    def close(self) -> None:
        """Take no more; those that are there stay."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._retry is not None:
            self._retry.cancel()
        else:
            self._loop.remove_reader(self._listening)

    async def wait_closed(self) -> None:
        """Return when the last one that was taken has begun."""
        await asyncio.gather(*self._connecting, return_exceptions=True)

    def _accept(self) -> None:
        for _ in range(self._at_once):
            try:
                connection, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                self._at_once = FEWEST
                return
            except OSError as cause:
                if cause.errno not in _EXHAUSTED:
                    raise
                self._pause(cause)
                return
            connection.setblocking(False)
            task = self._loop.create_task(self._connect(connection))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
        self._at_once = min(2 * self._at_once, MOST)

    async def _connect(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make, connection)
        except OSError:  # it has gone again
            connection.close()

    def _pause(self, cause: OSError) -> None:
        """No more files can be opened: connections wait in the kernel until some are closed."""
        log.warning("new connections have to wait: %s", cause)
        self._loop.remove_reader(self._listening)
        self._retry = self._loop.call_later(PAUSE, self._go_on)

    def _go_on(self) -> None:
        self._retry = None
        self._loop.add_reader(self._listening, self._accept)
