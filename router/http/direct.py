"""What our own server offers beyond ASGI, where nothing stands between it and the endpoint.

An ASGI message is a dict, a coroutine and a look at its type, each way. Whoever wraps `receive` or `send`
gets the messages; without a wrapper, both are methods of the connection's cycle, which can be asked directly.
"""

from asyncio import Task
from typing import Any

from starlette.types import Receive, Send

from router.wire.exchange import HeaderList


class Direct:
    """One request and its answer at the server. `has_left`: the client did, while a task was `answering`."""

    answering: Task[Any] | None = None
    has_left = False

    def take_body(self) -> bytes | None:
        """The whole body, which then comes in no message; None: it is not here yet."""
        raise NotImplementedError

    def answer(self, status: int, headers: HeaderList, body: bytes) -> bool:
        """Send a whole answer; False: not from here."""
        raise NotImplementedError

    def leave(self) -> None:
        """The client has left: what is being answered is given up."""
        if self.answering is not None:
            self.has_left = True
            self.answering.cancel()


def direct(way: Receive | Send) -> Direct | None:
    """The server itself behind `receive` or `send`, if it is ours and nobody stands between."""
    server = getattr(way, "__self__", None)
    return server if isinstance(server, Direct) else None
