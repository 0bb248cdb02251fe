"""Plain ASGI around the routes that are not the graph: request id, body limit, last-resort error."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router.errors import ClientError, PayloadTooLarge
from router.http.endpoint import closing, write
from router.http.scope import ClientLeft, headers_of, request_id_of
from router.http.security import COMMON
from router.pipeline.respond import failed, refused
from router.wire.exchange import Incoming


class Guard:
    """Every answer carries the request id and careful headers; no body is longer than it may be."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        headers = headers_of(scope)
        incoming = Incoming(method=scope["method"], headers=headers, request_id=request_id_of(headers))
        scope.setdefault("state", {})["request_id"] = incoming.request_id
        answer = _Answer(send, incoming.request_id)
        try:
            await self._app(scope, _Limited(receive, headers, self._max_body_bytes), answer)
        except ClientLeft:
            return
        except ClientError as refusal:
            if not answer.is_begun:
                await write(closing(refused(refusal, incoming)), send)
        except Exception as failure:  # the last resort
            outgoing = failed(failure, incoming)
            if not answer.is_begun:
                await write(closing(outgoing), send)


class _Answer:
    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.is_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.is_begun = True
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self._request_id
            for name, value in COMMON.items():
                headers.setdefault(name, value)
        await self._send(message)


class _Limited:
    def __init__(self, receive: Receive, headers: dict[str, str], limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._length = 0
        claimed = headers.get("content-length", "0")
        self._claims_too_much = not claimed.isdecimal() or int(claimed) > limit

    async def __call__(self) -> Message:
        if self._claims_too_much:
            raise PayloadTooLarge(self._limit)
        message = await self._receive()
        self._length += len(message.get("body", b""))
        if self._length > self._limit:
            raise PayloadTooLarge(self._limit)
        return message
