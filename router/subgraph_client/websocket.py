"""Subscriptions over WebSockets: the client side of graphql-transport-ws, many on one connection.

Those whose callers look the same to the subgraph share connections. Each subscription is signed by itself:
`extensions` of its payload holds the identity, which vouches for the exact bytes of the payload without it.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import aclosing, suppress
from typing import Any

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from router.context import RequestContext
from router.subgraph_client.event_source import MAX_EVENT_BYTES, Listened, standing_at
from router.subgraph_client.headers import IDENTITY_HEADER
from router.subgraph_client.protocol import Failure, SubgraphRequest, SubgraphResponse
from router.subgraph_client.socket_connection import POSITION, SocketConnection

SUBPROTOCOL = Subprotocol("graphql-transport-ws")


class SocketSource:
    """The connections to one subgraph, opened when needed, closed when the last subscription has left."""

    def __init__(self, listened: Listened) -> None:
        self._listened = listened
        address = listened.address
        self._url = "ws" + address.removeprefix("http") if address.startswith("http") else address
        self._open: dict[Hashable, list[SocketConnection]] = {}
        self._opening: dict[Hashable, asyncio.Lock] = {}

    @property
    def connections(self) -> int:
        """How many there are."""
        return sum(map(len, self._open.values()))

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """One response per event, until the source ends; raises SubgraphUnavailable."""
        key = self._listened.policy.knows(request.context, is_in_process=False)
        payload = self._signed(request)
        connection = await self._with_room(key, request.context)
        try:
            async with aclosing(connection.operate(payload)) as messages:
                async for message in messages:
                    if message["type"] == POSITION:
                        yield standing_at(message["payload"].get("eventId"))
                        continue
                    if message["type"] == "error":
                        yield self._listened.refusal(message.get("payload"))
                        return
                    yield self._listened.event(message.get("payload"))
        finally:
            if connection.is_idle:
                self._forget(key, connection)
                await connection.close()

    async def close(self) -> None:
        """End every connection."""
        connections = [each for some in self._open.values() for each in some]
        self._open.clear()
        for connection in connections:
            await connection.close()

    async def _with_room(self, key: Hashable, context: RequestContext) -> SocketConnection:
        """A connection for one more; those who need a new one at the same moment wait for the same one."""
        lock = self._opening.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                for known in self._open.get(key, ()):
                    if known.has_room:
                        known.reserve()
                        return known
                connection = await self._connected(key, context)
                self._open.setdefault(key, []).append(connection)
                connection.reserve()
                return connection
        finally:
            if not lock.locked():
                self._opening.pop(key, None)

    async def _connected(self, key: Hashable, context: RequestContext) -> SocketConnection:
        listened = self._listened
        headers = listened.headers(context, b"")
        try:
            async with asyncio.timeout(listened.seconds):
                socket = await connect(
                    self._url,
                    subprotocols=[SUBPROTOCOL],
                    additional_headers=headers,
                    user_agent_header="atrium-router",
                    open_timeout=None,
                    ping_interval=None,  # the protocol has pings of its own, which reach further
                    max_size=MAX_EVENT_BYTES,
                    compression=None,
                    proxy=None,
                )
                connection = SocketConnection(listened, socket, on_end=lambda ended: self._forget(key, ended))
                try:
                    await connection.initialise(self._parameters(headers))
                except BaseException:
                    await connection.close()
                    raise
                return connection
        except TimeoutError as cause:
            raise listened.unavailable(Failure.TIMEOUT, "did not accept the subscription in time") from cause
        except (ConnectionClosed, InvalidHandshake, EOFError) as cause:
            raise listened.unavailable(Failure.UNREACHABLE, "closed the subscription") from cause
        except (OSError, InvalidURI) as cause:
            raise listened.unavailable(Failure.UNREACHABLE, "could not be reached") from cause

    def _parameters(self, headers: dict[str, str]) -> dict[str, Any]:
        identity = {name: value for name, value in headers.items() if name == IDENTITY_HEADER}
        return dict(self._listened.source.connection_params) | identity

    def _signed(self, request: SubgraphRequest) -> bytes:
        payload = request.payload
        body = orjson.dumps(payload)
        sign = self._listened.policy.sign
        if sign is None:
            return body
        identity = sign(request.context, audience=self._listened.name, body=body)
        extensions = {**payload.get("extensions", {}), IDENTITY_HEADER: identity}
        return orjson.dumps({**payload, "extensions": extensions})

    def _forget(self, key: Hashable, connection: SocketConnection) -> None:
        known = self._open.get(key, [])
        with suppress(ValueError):
            known.remove(connection)
        if not known:
            self._open.pop(key, None)
