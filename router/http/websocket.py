"""The server side of graphql-transport-ws: queries, mutations and subscriptions on one socket."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from time import time
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
from starlette.types import Message, Receive, Scope, Send

from router.errors import BadRequest, ClientError, CredentialsUnchecked, TooManyOperations
from router.http.scope import client_address_of, headers_of, request_id_of
from router.pipeline.respond import log_failure
from router.pipeline.router import Router
from router.pipeline.run import stream
from router.settings import SocketSettings
from router.wire.encode import encode, errors_of, masked
from router.wire.exchange import SocketFrame
from router.wire.params import from_payload
from router.wire.request import Transport

log = logging.getLogger(__name__)

SUBPROTOCOL = "graphql-transport-ws"
CREDENTIAL_HEADERS = ("authorization", "x-api-key")

INVALID_MESSAGE = 4400
UNAUTHORISED = 4401
FORBIDDEN = 4403
SUBPROTOCOL_NOT_ACCEPTABLE = 4406
INITIALISATION_TIMEOUT = 4408
SUBSCRIBER_EXISTS = 4409
TOO_MANY_INITIALISATIONS = 4429
INTERNAL = 4500
TRY_AGAIN_LATER = 1013
TOO_BIG = 1009


class Closing(Exception):
    """The socket ends with this code; the reason is shown to the client."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason[:120]


class SocketEndpoint:
    """Accepts sockets; each lives in its own Socket."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._open: set[Socket] = set()

    @property
    def open_sockets(self) -> int:
        """How many are connected."""
        return len(self._open)

    @property
    def running_operations(self) -> int:
        """How many operations they carry together."""
        return sum(socket.running_operations for socket in self._open)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One WebSocket, from the upgrade to its end."""
        headers = headers_of(scope)
        await receive()  # websocket.connect
        if not self._router.snapshots.is_loaded or not is_own_origin(headers, self._router.settings.socket):
            await send({"type": "websocket.close", "code": FORBIDDEN})  # before accept: HTTP 403
            return
        if SUBPROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await send(_close(SUBPROTOCOL_NOT_ACCEPTABLE, "Subprotocol not acceptable"))
            return
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        address = client_address_of(scope, self._router.settings.trusted_proxies)
        socket = Socket(self._router, headers, address, receive, send)
        self._open.add(socket)
        try:
            await socket.serve()
        finally:
            self._open.discard(socket)


class Socket:
    """One connection: its state, and a task for each operation that runs on it."""

    def __init__(
        self,
        router: Router,
        headers: Mapping[str, str],
        client_address: str | None,
        receive: Receive,
        send: Send,
    ) -> None:
        self._router = router
        self._settings = router.settings.socket
        # Cookies stay behind: the refresh cookie works once, and its successor could not be set from here.
        self._headers = {name: value for name, value in headers.items() if name != "cookie"}
        self._client_address = client_address
        self._id = request_id_of(headers)
        self._receive = receive
        self._send = send
        self._is_initialised = False
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._ending: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()
        self._timers: list[asyncio.TimerHandle] = []
        self._forget: Callable[[], None] = lambda: None

    @property
    def running_operations(self) -> int:
        """How many operations it carries."""
        return len(self._operations)

    async def serve(self) -> None:
        """Read until somebody closes; whatever still runs is stopped then."""
        self._end_after(
            self._settings.init_timeout,
            Closing(INITIALISATION_TIMEOUT, "Connection initialisation timeout"),
            unless_initialised=True,
        )
        reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait((reading, self._ending), return_when=asyncio.FIRST_COMPLETED)
            if self._ending.done():
                with suppress(OSError, RuntimeError):
                    await self._send(_close(self._ending.result().code, self._ending.result().reason))
        finally:
            await self._stop(reading)

    async def _read(self) -> None:
        try:
            while True:
                message = await self._receive()
                if message["type"] == "websocket.disconnect":
                    return
                await self._handle(self._decoded(message))
        except Closing as closing:
            self._end(closing)
        except Exception as failure:  # the last resort
            log_failure(failure, self._id)
            self._end(Closing(INTERNAL, "Internal server error"))

    def _decoded(self, message: Message) -> dict[str, Any]:
        text = message.get("text")
        if text is None:
            raise Closing(INVALID_MESSAGE, "Only text messages are understood")
        if len(text) > self._settings.max_message_bytes:
            raise Closing(TOO_BIG, "The message is too big")
        try:
            decoded = orjson.loads(text)
        except orjson.JSONDecodeError as cause:
            raise Closing(INVALID_MESSAGE, "The message is not JSON") from cause
        if not isinstance(decoded, dict) or not isinstance(decoded.get("type"), str):
            raise Closing(INVALID_MESSAGE, "A message is an object with a 'type'")
        return decoded

    async def _handle(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "connection_init":
                await self._initialise(message.get("payload"))
            case "ping":
                await self._write({"type": "pong"})
            case "pong":
                pass
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                self._complete(message)
            case unknown:
                raise Closing(INVALID_MESSAGE, f"Unknown message type {unknown[:40]!r}")

    async def _initialise(self, payload: object) -> None:
        if self._is_initialised:
            raise Closing(TOO_MANY_INITIALISATIONS, "Too many initialisation requests")
        if payload is not None and not isinstance(payload, dict):
            raise Closing(INVALID_MESSAGE, "The payload of connection_init is an object")
        self._is_initialised = True
        self._headers |= credentials_in(payload or {})
        try:
            caller = await self._router.door.identify(self._headers)
        except CredentialsUnchecked as cause:
            raise Closing(TRY_AGAIN_LATER, cause.message) from cause
        except ClientError as cause:
            raise Closing(FORBIDDEN, cause.message) from cause
        if caller.expires_at is not None:
            self._end_after(caller.expires_at - time(), Closing(UNAUTHORISED, "The access token has expired"))
        revoked = Closing(FORBIDDEN, "The session has ended or the API key was revoked")
        self._forget = self._router.door.revocations.watch(caller.principal, lambda: self._end(revoked))
        await self._write({"type": "connection_ack"})

    async def _subscribe(self, message: Mapping[str, Any]) -> None:
        if not self._is_initialised:
            raise Closing(UNAUTHORISED, "Unauthorized")
        id, payload = _id_of(message), message.get("payload")
        if id in self._operations:
            raise Closing(SUBSCRIBER_EXISTS, f"Subscriber for {id[:60]} already exists")
        if not isinstance(payload, dict):
            raise Closing(INVALID_MESSAGE, "The payload of subscribe is an object")
        try:
            from_payload(payload, Transport.SOCKET)
        except BadRequest as cause:
            raise Closing(INVALID_MESSAGE, cause.message) from cause
        if len(self._operations) >= self._settings.max_operations:
            refusal = TooManyOperations(self._settings.max_operations)
            await self._write({"id": id, "type": "error", "payload": errors_of(refusal)})
            return
        frame = SocketFrame(
            payload=payload,
            headers=self._headers,
            request_id=f"{self._id[:40]}.{uuid4().hex[:12]}",
            client_address=self._client_address,
        )
        self._operations[id] = asyncio.create_task(self._run(id, frame))

    def _complete(self, message: Mapping[str, Any]) -> None:
        task = self._operations.pop(_id_of(message), None)
        if task is not None:
            task.cancel()

    async def _run(self, id: str, frame: SocketFrame) -> None:
        try:
            async with aclosing(stream(frame, self._router)) as payloads:
                async for payload in payloads:
                    await self._write({"id": id, "type": "next", "payload": payload})
            await self._finish(id, {"id": id, "type": "complete"})
        except ClientError as refusal:
            await self._finish(id, {"id": id, "type": "error", "payload": errors_of(refusal)})
        except Exception as failure:  # the last resort
            log_failure(failure, frame.request_id)
            await self._finish(id, {"id": id, "type": "error", "payload": masked(frame.request_id)})

    async def _finish(self, id: str, message: Mapping[str, Any]) -> None:
        # The id is free before the client can read that it is, so that it may be used again at once.
        if self._operations.get(id) is asyncio.current_task():
            del self._operations[id]
            await self._write(message)

    async def _write(self, message: Mapping[str, Any]) -> None:
        """Wait for the client to take it: a slow one slows its own operations and nobody else's."""
        with suppress(OSError, RuntimeError):  # it may just have left; reading will tell
            await self._send({"type": "websocket.send", "text": encode(message).decode()})

    def _end(self, closing: Closing) -> None:
        if not self._ending.done():
            self._ending.set_result(closing)

    def _end_after(self, seconds: float, closing: Closing, *, unless_initialised: bool = False) -> None:
        def end() -> None:
            if not (unless_initialised and self._is_initialised):
                self._end(closing)

        self._timers.append(asyncio.get_running_loop().call_later(max(seconds, 0), end))

    async def _stop(self, reading: asyncio.Task[None]) -> None:
        self._forget()
        for timer in self._timers:
            timer.cancel()
        tasks = [reading, *self._operations.values()]
        self._operations.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def is_own_origin(headers: Mapping[str, str], settings: SocketSettings) -> bool:
    """Browsers name the page's origin: it must be ours or allowed. Programs name none."""
    origin = headers.get("origin")
    if origin is None:
        return True
    if settings.allowed_origins is not None and origin in settings.allowed_origins:
        return True
    netloc = urlsplit(origin).netloc.lower()
    return netloc != "" and netloc == headers.get("host", "").lower()


def credentials_in(payload: Mapping[str, Any]) -> dict[str, str]:
    """Credentials in `connection_init`, at its top or under `headers`; browsers can send no headers."""
    inner = payload.get("headers")
    given = {**(inner if isinstance(inner, dict) else {}), **payload}
    found = {name.lower(): value for name, value in given.items() if isinstance(value, str)}
    return {name: found[name] for name in CREDENTIAL_HEADERS if name in found}


def _id_of(message: Mapping[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not id or len(id) > 256:
        raise Closing(INVALID_MESSAGE, "A message needs an 'id', a string of 1 to 256 characters")
    return id


def _close(code: int, reason: str) -> Message:
    return {"type": "websocket.close", "code": code, "reason": reason}
