"""Subscriptions from HTTP subgraphs: the client side of the graphql-transport-ws protocol.

The signed identity goes with the upgrade as a header and once more in `connection_init`. It vouches for the
exact bytes of the payload of `subscribe`, which stands last in its message: `{...,"payload":BYTES}`.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from router.subgraph_client.answer import is_error, read
from router.subgraph_client.headers import IDENTITY_HEADER, HeaderPolicy
from router.subgraph_client.protocol import Failure, SubgraphRequest, SubgraphResponse, SubgraphUnavailable

SUBPROTOCOL = Subprotocol("graphql-transport-ws")
MAX_EVENT_BYTES = 8 * 1024 * 1024
OPERATION_ID = "1"


class SocketSource:
    """Opens one socket per subscription and closes it when nobody listens any more."""

    def __init__(self, *, name: str, url: str, policy: HeaderPolicy, seconds: float) -> None:
        self._name = name
        self._url = "ws" + url.removeprefix("http") if url.startswith("http") else url
        self._policy = policy
        self._seconds = seconds

    async def subscribe(
        self, request: SubgraphRequest, payload: Mapping[str, Any]
    ) -> AsyncIterator[SubgraphResponse]:
        """One response per event, until the source ends; raises SubgraphUnavailable."""
        body = orjson.dumps(payload)
        headers = self._policy.headers_for(self._name, request.context, body)
        try:
            async with self._connect(headers) as socket:
                await self._initialise(socket, headers)
                subscribe = b'{"id":"%s","type":"subscribe","payload":%s}' % (OPERATION_ID.encode(), body)
                await socket.send(subscribe, text=True)
                async for response in self._events(socket):
                    yield response
        except (ConnectionClosed, InvalidHandshake, EOFError) as cause:
            raise self._unavailable(Failure.UNREACHABLE, "closed the subscription") from cause
        except TimeoutError as cause:
            raise self._unavailable(Failure.TIMEOUT, "did not accept the subscription in time") from cause
        except (OSError, InvalidURI) as cause:
            raise self._unavailable(Failure.UNREACHABLE, "could not be reached") from cause

    def _connect(self, headers: Mapping[str, str]) -> connect:
        return connect(
            self._url,
            subprotocols=[SUBPROTOCOL],
            additional_headers=headers,
            user_agent_header="atrium-router",
            open_timeout=self._seconds,
            max_size=MAX_EVENT_BYTES,
            compression=None,
            proxy=None,
        )

    async def _initialise(self, socket: ClientConnection, headers: Mapping[str, str]) -> None:
        payload = {name: value for name, value in headers.items() if name == IDENTITY_HEADER}
        await socket.send(orjson.dumps({"type": "connection_init", "payload": payload}), text=True)
        async with asyncio.timeout(self._seconds):
            while (await self._message(socket))["type"] != "connection_ack":
                pass

    async def _events(self, socket: ClientConnection) -> AsyncIterator[SubgraphResponse]:
        while True:
            message = await self._message(socket)
            match message["type"]:
                case "next":
                    yield read(self._name, message.get("payload"))
                case "error":
                    yield SubgraphResponse(data=None, errors=self._errors(message.get("payload")))
                    return
                case "complete":
                    return
                case _:
                    pass  # pings are answered in _message; unknown kinds mean nothing to us

    async def _message(self, socket: ClientConnection) -> dict[str, Any]:
        text = await socket.recv()
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError as cause:
            raise self._unavailable(Failure.BAD_RESPONSE, "sent an event that is not JSON") from cause
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise self._unavailable(Failure.BAD_RESPONSE, "sent an event of unknown shape")
        if message["type"] == "ping":
            with suppress(ConnectionClosed):
                await socket.send('{"type":"pong"}')
        return message

    def _errors(self, payload: Any) -> tuple[dict[str, Any], ...]:
        if not isinstance(payload, list) or not payload or not all(is_error(error) for error in payload):
            raise self._unavailable(Failure.BAD_RESPONSE, "refused the subscription without saying why")
        return tuple(payload)

    def _unavailable(self, failure: Failure, reason: str) -> SubgraphUnavailable:
        return SubgraphUnavailable(self._name, failure, reason)
