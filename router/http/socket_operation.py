"""One operation on a socket: from `subscribe` to `complete` or `error`."""

import asyncio
from collections.abc import Hashable, Mapping
from typing import Any, Protocol

import orjson

from router.errors import ClientError
from router.http.admission import Admission
from router.http.outbox import Outbox
from router.pipeline.feeds import Leave
from router.pipeline.respond import log_failure
from router.pipeline.router import Router
from router.pipeline.run import opened
from router.wire.encode import encode, errors_of, masked
from router.wire.event import Event
from router.wire.exchange import SocketFrame

Parts = tuple[bytes, ...]


class Carrier(Protocol):
    """The socket that carries it."""

    outbox: Outbox[Parts]

    def forget(self, operation: "SocketOperation") -> None:
        """It has ended; its id may be used again."""
        ...


class SocketOperation:
    """Listens to a feed for one client: a task only until the feed is found."""

    __slots__ = ("_admission", "_before", "_leave", "_of", "_opening", "_request_id", "_socket", "id")

    def __init__(self, id: str, socket: Carrier) -> None:
        self.id = id
        self._socket = socket
        self._before = b'{"id":%b,"type":"next","payload":' % orjson.dumps(id)
        self._opening: asyncio.Task[None] | None = None
        self._leave: Leave | None = None
        self._admission: Admission | None = None
        self._of: Hashable | None = None
        self._request_id = ""

    def begin(self, frame: SocketFrame, router: Router, admission: Admission) -> None:
        """Prepare it, and listen."""
        self._request_id = frame.request_id
        self._opening = asyncio.create_task(self._open(frame, router, admission))

    def stop(self) -> None:
        """The client wants no more of it."""
        self._over()
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.cancel()
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()

    async def _open(self, frame: SocketFrame, router: Router, admission: Admission) -> None:
        try:
            await admission.enter()
            self._admission = admission
            source = await opened(frame, router)
            if source.goes_on:  # it is no work while nothing happens
                self._release()
                self._of = self.id
            self._opening = None
            self._leave = source.listen(self)
        except Exception as problem:
            self._opening = None
            self.finish(problem)

    def take(self, event: Event) -> None:
        """Listener: an event."""
        json = event.json
        self._socket.outbox.put((self._before, json, b"}"), len(json), of=self._of)

    def finish(self, problem: Exception | None) -> None:
        """Listener: there are no more."""
        self._leave = None
        # The id is free before the client can read that it is, so that it may be used again at once.
        self._over()
        if problem is None:
            self._tell({"id": self.id, "type": "complete"})
        elif isinstance(problem, ClientError):
            self._tell({"id": self.id, "type": "error", "payload": errors_of(problem)})
        else:
            error_id = log_failure(problem, self._request_id)
            self._tell({"id": self.id, "type": "error", "payload": masked(self._request_id, error_id)})

    @property
    def is_congested(self) -> bool:
        """Listener: something waits for the client."""
        return self._socket.outbox.is_congested

    async def room(self) -> None:
        """Listener: return when there is room for more."""
        await self._socket.outbox.room()

    def _tell(self, message: Mapping[str, Any]) -> None:
        text = encode(message)
        self._socket.outbox.put((text,), len(text))

    def _over(self) -> None:
        self._release()
        self._socket.forget(self)

    def _release(self) -> None:
        admission, self._admission = self._admission, None
        if admission is not None:
            admission.leave()
