"""The server side of graphql-transport-ws: queries, mutations and subscriptions on one socket.

An idle socket is one task that reads, and nothing else: pings come from a wheel, events are written by the
feeds they come from.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from random import random
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
from starlette.types import Message, Receive, Scope, Send

from common.access.principal import ANONYMOUS
from router.access.identity import Caller
from router.errors import (
    BadRequest,
    ClientError,
    CredentialsUnchecked,
    TokenExpired,
    TooManyConnections,
    TooManyOperations,
)
from router.http.admission import Admission
from router.http.begun import Begun
from router.http.holdings import Holdings, holder
from router.http.outbox import Lost, Outbox
from router.http.scope import client_address_of, headers_of, request_id_of
from router.http.socket_connection import FRAME
from router.http.socket_operation import Parts, SocketOperation
from router.http.vigil import CREDENTIAL_HEADERS, Vigil, Vigils
from router.persisted.library import NAME_HEADERS, VERSION_HEADERS
from router.pipeline.respond import log_failure
from router.pipeline.router import Router
from router.settings import SocketSettings
from router.wire.encode import encode, errors_of
from router.wire.exchange import SocketFrame
from router.wire.incremental import PartsFormat
from router.wire.params import from_payload
from router.wire.request import Transport

log = logging.getLogger(__name__)

SUBPROTOCOL = "graphql-transport-ws"
CALLER_HEADERS = (*CREDENTIAL_HEADERS, *NAME_HEADERS, *VERSION_HEADERS)
GOING_AWAY = 1001
INVALID_MESSAGE = 4400
UNAUTHORISED = 4401
FORBIDDEN = 4403
SUBPROTOCOL_NOT_ACCEPTABLE = 4406
INITIALISATION_TIMEOUT = 4408
SUBSCRIBER_EXISTS = 4409
TOO_MANY_INITIALISATIONS = 4429
TOO_MANY_CONNECTIONS = 4430
INTERNAL = 4500
TOO_SLOW = 4510
TRY_AGAIN_LATER = 1013
TOO_BIG = 1009

REFUSAL = "websocket.http.response"
"""The ASGI extension by which an upgrade is refused with a status of one's own."""


class Closing(Exception):
    """The socket ends with this code; the reason is shown to the client."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason[:120]


class SocketEndpoint:
    """Accepts sockets; each lives in its own Socket."""

    def __init__(
        self, router: Router, admission: Admission, holdings: Holdings, vigils: Vigils, lost: Lost
    ) -> None:
        self._router = router
        self.vigils = vigils
        self._settings = router.settings.socket
        self.admission = admission
        self.holdings = holdings
        self.lost = lost
        self._open: set[Socket] = set()
        self._somebody_left = asyncio.Event()
        self._is_stopping = False

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
        if not self._router.snapshots.is_loaded or not is_own_origin(headers, self._settings):
            await send({"type": "websocket.close", "code": FORBIDDEN})  # before accept: HTTP 403
            return
        if self._is_stopping or len(self._open) >= self._settings.max_open:
            await refuse(scope, send, 503)
            return
        settings = self._router.settings
        address = client_address_of(scope, settings.trusted_proxies, settings.address_header)
        origin = self.holdings.origin(address)
        try:
            self.holdings.from_address.take(origin)
        except TooManyConnections:
            await refuse(scope, send, 429)
            return
        try:
            await self._accepted(scope, headers, address, receive, send)
        finally:
            self.holdings.from_address.give_back(origin)

    async def _accepted(
        self, scope: Scope, headers: dict[str, str], address: str | None, receive: Receive, send: Send
    ) -> None:
        if SUBPROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await send(_close(SUBPROTOCOL_NOT_ACCEPTABLE, "Subprotocol not acceptable"))
            return
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        takes_frames = FRAME in scope.get("extensions", ())
        socket = Socket(self, self._router, headers, address, receive, send, takes_frames=takes_frames)
        self._open.add(socket)
        try:
            await socket.serve()
        finally:
            self._open.discard(socket)
            self._somebody_left.set()

    async def all_left(self) -> None:
        """Return when none is open."""
        while self._open:
            self._somebody_left.clear()
            await self._somebody_left.wait()

    def stop(self, seconds: float) -> None:
        """The process ends: close every socket at a moment of its own within this time, and take no more."""
        self._is_stopping = True
        loop = asyncio.get_running_loop()
        for socket in tuple(self._open):
            moment = seconds * random()  # noqa: S311  # no secret
            loop.call_later(moment, socket.end, Closing(GOING_AWAY, "This server ends"))


class Socket:
    """One connection: what it knows of its client, and the operations that run on it."""

    __slots__ = (
        "_address",
        "_endpoint",
        "_headers",
        "_held",
        "_id",
        "_is_ended",
        "_is_initialised",
        "_operations",
        "_origin",
        "_parts",
        "_receive",
        "_router",
        "_send",
        "_takes_frames",
        "_timer",
        "_vigil",
        "caller",
        "outbox",
    )

    def __init__(
        self,
        endpoint: SocketEndpoint,
        router: Router,
        headers: Mapping[str, str],
        address: str | None,
        receive: Receive,
        send: Send,
        *,
        takes_frames: bool,
    ) -> None:
        self._endpoint = endpoint
        self._router = router
        # Cookies stay behind: the refresh cookie works once, and its successor could not be set from here.
        self._headers = {name: value for name, value in headers.items() if name != "cookie"}
        self._address = address
        self._origin = endpoint.holdings.origin(address)
        self._id = request_id_of(headers)
        self._receive = receive
        self._send = send
        self._takes_frames = takes_frames
        self._is_initialised = False
        self._is_ended = False
        self._parts = PartsFormat.CURRENT
        self._operations: dict[str, SocketOperation] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._vigil: Vigil | None = None
        self._held: asyncio.Future[None] | None = None
        self.caller = Caller(principal=ANONYMOUS)
        self.outbox: Outbox[Parts] = Outbox(
            router.settings.delivery, self._write, self._give_up, endpoint.lost
        )

    @property
    def running_operations(self) -> int:
        """How many operations it carries."""
        return len(self._operations)

    async def serve(self) -> None:
        """Read until somebody closes; whatever still runs is stopped then."""
        seconds = self._router.settings.socket.init_timeout
        timeout = Closing(INITIALISATION_TIMEOUT, "Connection initialisation timeout")
        self._timer = asyncio.get_running_loop().call_later(seconds, self._end_unless_initialised, timeout)
        try:
            await self._read()
        finally:
            self._stop()

    def end(self, closing: Closing) -> None:
        """Close it, and listen to nothing any more."""
        if self._is_ended:
            return
        self._is_ended = True
        self._stop_operations()
        self.outbox.close()
        with suppress(OSError, RuntimeError):  # it may just have left
            sending = Begun(self._send(_close(closing.code, closing.reason)))
            if not sending.is_done:  # a server that waits with that until the client has read everything
                self._held = asyncio.ensure_future(_awaited(sending))

    async def _read(self) -> None:
        try:
            while True:
                message = await self._receive()
                if message["type"] == "websocket.disconnect":
                    return
                if not self._is_ended:
                    await self._handle(self._decoded(message))
        except Closing as closing:
            self.end(closing)
            await self._until_left()
        except Exception as failure:  # the last resort
            log_failure(failure, self._id)
            self.end(Closing(INTERNAL, "Internal server error"))
            await self._until_left()

    async def _until_left(self) -> None:
        while (await self._receive())["type"] != "websocket.disconnect":
            pass

    def _decoded(self, message: Message) -> dict[str, Any]:
        text = message.get("text")
        if text is None:
            raise Closing(INVALID_MESSAGE, "Only text messages are understood")
        if len(text) > self._router.settings.socket.max_message_bytes:
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
                self.tell({"type": "pong"})
            case "pong":
                pass
            case "subscribe":
                self._subscribe(message)
            case "complete":
                operation = self._operations.get(_id_of(message))
                if operation is not None:
                    operation.stop()
            case unknown:
                raise Closing(INVALID_MESSAGE, f"Unknown message type {unknown[:40]!r}")

    async def _initialise(self, payload: object) -> None:
        if self._is_initialised:
            raise Closing(TOO_MANY_INITIALISATIONS, "Too many initialisation requests")
        if payload is not None and not isinstance(payload, dict):
            raise Closing(INVALID_MESSAGE, "The payload of connection_init is an object")
        self._is_initialised = True
        self._headers |= credentials_in(payload or {})
        self._parts = parts_format_in(payload or {})
        door = self._router.door
        try:
            caller = await door.identify(self._headers)
            if self._router.protection is not None:
                self._router.protection.check_caller(caller.principal, self._address)
            self.caller = caller
            self._endpoint.holdings.of_caller.take(holder(self.caller.principal))
        except CredentialsUnchecked as cause:
            raise Closing(TRY_AGAIN_LATER, cause.message) from cause
        except TooManyConnections as cause:
            self.caller = Caller(principal=ANONYMOUS)  # who holds nothing here
            raise Closing(TOO_MANY_CONNECTIONS, cause.message) from cause
        except ClientError as cause:
            raise Closing(FORBIDDEN, cause.message) from cause
        self._stop_timer()
        self._vigil = self._endpoint.vigils.keep(self.caller, self._headers, self._lost_trust)
        self.tell({"type": "connection_ack"})

    def _lost_trust(self, reason: ClientError) -> None:
        code = UNAUTHORISED if isinstance(reason, TokenExpired) else FORBIDDEN
        self.end(Closing(code, reason.message.removesuffix(".")))

    def _subscribe(self, message: Mapping[str, Any]) -> None:
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
        limit = self._router.settings.socket.max_operations
        try:
            if len(self._operations) >= limit:
                raise TooManyOperations(limit)
            self._endpoint.holdings.begin_operation(self._origin, holder(self.caller.principal))
        except TooManyOperations as refusal:
            self.tell({"id": id, "type": "error", "payload": errors_of(refusal)})
            return
        frame = SocketFrame(
            payload=payload,
            headers=self._headers,
            request_id=f"{self._id[:40]}.{uuid4().hex[:12]}",
            client_address=self._address,
            parts=self._parts,
        )
        operation = SocketOperation(id, self)
        self._operations[id] = operation
        operation.begin(frame, self._router, self._endpoint.admission)

    def forget(self, operation: SocketOperation) -> None:
        """It has ended; its id may be used again."""
        if self._operations.get(operation.id) is operation:
            del self._operations[operation.id]
            self._endpoint.holdings.end_operation(self._origin, holder(self.caller.principal))

    def tell(self, message: Mapping[str, Any]) -> None:
        """A message of the protocol that no policy leaves out."""
        text = encode(message)
        self.outbox.put((text,), len(text))

    async def _write(self, parts: Parts) -> None:
        if self._takes_frames:
            await self._send({"type": FRAME, "parts": parts})
        else:
            await self._send({"type": "websocket.send", "text": b"".join(parts).decode()})

    def _give_up(self) -> None:
        self.end(Closing(TOO_SLOW, "Events come faster than they are read here"))

    def _end_unless_initialised(self, closing: Closing) -> None:
        if not self._is_initialised:
            self.end(closing)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_operations(self) -> None:
        for operation in tuple(self._operations.values()):
            operation.stop()

    def _stop(self) -> None:
        self._is_ended = True
        if self._vigil is not None:
            self._vigil.stop()
        self._stop_timer()
        self._stop_operations()
        self.outbox.close()
        if self._is_initialised:
            self._endpoint.holdings.of_caller.give_back(holder(self.caller.principal))


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
    """Who asks, in `connection_init`, at its top or under `headers`; browsers can send no headers."""
    inner = payload.get("headers")
    given = {**(inner if isinstance(inner, dict) else {}), **payload}
    found = {name.lower(): value for name, value in given.items() if isinstance(value, str)}
    return {name: found[name] for name in CALLER_HEADERS if name in found}


def parts_format_in(payload: Mapping[str, Any]) -> PartsFormat:
    """How the client wants answers in parts, by `deferSpec` in `connection_init`, as `Accept` has it."""
    return PartsFormat.OF_2022 if payload.get("deferSpec") == "20220824" else PartsFormat.CURRENT


async def refuse(scope: Scope, send: Send, status: int) -> None:
    """Answer the upgrade with a status, where the server can; else with 403."""
    if REFUSAL not in scope.get("extensions", ()):
        await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        return
    headers = [(b"retry-after", b"5"), (b"content-length", b"0")]
    await send({"type": f"{REFUSAL}.start", "status": status, "headers": headers})
    await send({"type": f"{REFUSAL}.body", "body": b""})


def _id_of(message: Mapping[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not id or len(id) > 256:
        raise Closing(INVALID_MESSAGE, "A message needs an 'id', a string of 1 to 256 characters")
    return id


def _close(code: int, reason: str) -> Message:
    return {"type": "websocket.close", "code": code, "reason": reason}


async def _awaited(sending: Begun[None]) -> None:
    with suppress(OSError, RuntimeError):
        await sending
