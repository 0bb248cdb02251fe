"""Subscriptions of one subgraph: the server's side of graphql-transport-ws, for the router alone."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from common.access.signing import HEADER, IdentityRefused, SignedIdentity
from common.graphql.context import ClientRequest
from common.graphql.executor import Answer, SubgraphExecutor
from common.telemetry.logs import get_log

SUBPROTOCOL = "graphql-transport-ws"
_INIT_SECONDS = 5.0
_MOST_OPERATIONS = 100
_BAD_MESSAGE, _UNAUTHORISED, _INIT_TIMEOUT, _TWICE, _TOO_MANY = 4400, 4401, 4408, 4409, 4429

_log = get_log(__name__)


class _Close(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class SubscriptionSocket:
    """One socket. Each `subscribe` brings the identity that vouches for its payload, in its extensions.

    One that brings none goes by the identity of the upgrade.
    """

    def __init__(
        self,
        socket: WebSocket,
        executor: SubgraphExecutor[Any],
        verify: Callable[[bytes, str | None], SignedIdentity],
    ) -> None:
        self._socket = socket
        self._executor = executor
        self._verify = verify
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._telling: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve the socket until one side closes it."""
        await self._socket.accept(subprotocol=SUBPROTOCOL)
        try:
            await self._initialise()
            while True:
                await self._take(await self._message())
        except _Close as close:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await self._socket.close(close.code, close.reason)
        except WebSocketDisconnect:
            pass
        finally:
            operations = (*self._operations.values(), *self._telling)
            for operation in operations:
                operation.cancel()
            await asyncio.gather(*operations, return_exceptions=True)

    async def _initialise(self) -> None:
        try:
            async with asyncio.timeout(_INIT_SECONDS):
                message = await self._message()
        except TimeoutError as error:
            raise _Close(_INIT_TIMEOUT, "Connection initialisation timeout") from error
        if message["type"] != "connection_init":
            raise _Close(_UNAUTHORISED, "Unauthorized")
        await self._send({"type": "connection_ack"})

    async def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "subscribe":
                self._begin(message)
            case "complete":
                operation = self._operations.pop(str(message.get("id")), None)
                if operation is not None:
                    operation.cancel()
            case "ping":
                await self._send({"type": "pong"})
            case "pong":
                pass
            case "connection_init":
                raise _Close(_TOO_MANY, "Too many initialisation requests")
            case _:
                raise _Close(_BAD_MESSAGE, "Unknown message type")

    def _begin(self, message: dict[str, Any]) -> None:
        id, payload = message.get("id"), message.get("payload")
        if (
            not isinstance(id, str)
            or not isinstance(payload, dict)
            or not isinstance(payload.get("query"), str)
        ):
            raise _Close(_BAD_MESSAGE, "Malformed subscribe message")
        if id in self._operations:
            raise _Close(_TWICE, f"Subscriber for {id[:100]} already exists")
        if len(self._operations) >= _MOST_OPERATIONS:
            raise _Close(_BAD_MESSAGE, "Too many subscriptions")
        payload, token = _unsigned(payload)
        try:
            identity = self._verify(orjson.dumps(payload), token)
        except IdentityRefused as error:
            _log.warning("subgraph.stranger", reason=str(error))
            raise _Close(_UNAUTHORISED, "Unauthorized") from error
        self._operations[id] = asyncio.create_task(self._operate(id, payload, identity))

    async def _operate(self, id: str, payload: dict[str, Any], identity: SignedIdentity) -> None:
        variables = payload.get("variables")
        request = ClientRequest(
            id=identity.request_id,
            client_address=identity.client_address,
            user_agent=identity.user_agent,
            last_event_id=_last_event_id(payload),
        )
        answers = self._executor.subscribe(
            payload["query"],
            variables if isinstance(variables, dict) else {},
            payload.get("operationName"),
            principal=identity.principal,
            request=request,
            told_position=lambda position: self._tell_position(id, position),
        )
        try:
            async with contextlib.aclosing(answers):
                async for answer in answers:
                    await self._send({"id": id, "type": "next", "payload": _payload(answer)})
            await self._send({"id": id, "type": "complete"})
        except (WebSocketDisconnect, RuntimeError):
            pass  # the router has gone
        finally:
            self._operations.pop(id, None)

    def _tell_position(self, id: str, position: str) -> None:
        """A ping, which everybody has to take, says where the subscription begins: it may be long silent."""
        ping = {"type": "ping", "payload": {"id": id, "eventId": position}}
        telling = asyncio.create_task(self._send_if_open(ping))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _send_if_open(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._send(message)

    async def _message(self) -> dict[str, Any]:
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        try:
            message = orjson.loads(received.get("text") or b"")
        except orjson.JSONDecodeError as error:
            raise _Close(_BAD_MESSAGE, "Invalid message") from error
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise _Close(_BAD_MESSAGE, "Invalid message")
        return message

    async def _send(self, message: dict[str, Any]) -> None:
        await self._socket.send_text(orjson.dumps(message, default=str).decode())


def _payload(answer: Answer) -> dict[str, Any]:
    payload: dict[str, Any] = {"data": answer.data}
    if answer.errors:
        payload["errors"] = answer.errors
    if answer.event_id is not None:
        payload["extensions"] = {"eventId": answer.event_id}
    return payload


def _unsigned(payload: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The payload that was signed, and the identity that came in its extensions."""
    extensions = payload.get("extensions")
    if not isinstance(extensions, dict) or not isinstance(extensions.get(HEADER), str):
        return payload, None
    others = {name: value for name, value in extensions.items() if name != HEADER}
    bare = {name: value for name, value in payload.items() if name != "extensions"}
    return (bare | {"extensions": others} if others else bare), extensions[HEADER]


def _last_event_id(payload: dict[str, Any]) -> str | None:
    extensions = payload.get("extensions")
    given = extensions.get("lastEventId") if isinstance(extensions, dict) else None
    return given if isinstance(given, str) else None
