"""Plain ASGI around the routes that are not the graph: request id, body limit, last-resort error."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router.errors import ClientError
from router.http.again import Again
from router.http.endpoint import write_and_close
from router.http.scope import ClientLeft, check_headers, headers_of, read_body, request_id_of
from router.http.security import COMMON
from router.pipeline.respond import failed, refused
from router.wire.exchange import Incoming


class Guard:
    """Every answer carries the request id and careful headers; no body is longer or slower than it may be."""

    def __init__(
        self, app: ASGIApp, *, max_header_bytes: int, max_body_bytes: int, body_seconds: float
    ) -> None:
        self._app = app
        self._max_header_bytes = max_header_bytes
        self._max_body_bytes = max_body_bytes
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        headers = headers_of(scope)
        incoming = Incoming(method=scope["method"], headers=headers, request_id=request_id_of(headers))
        scope.setdefault("state", {})["request_id"] = incoming.request_id
        answer = _Answer(send, incoming.request_id)
        try:
            check_headers(scope, self._max_header_bytes)
            body = await read_body(receive, headers, limit=self._max_body_bytes, seconds=self._body_seconds)
            await self._app(scope, Again(body, receive), answer)
        except ClientLeft:
            return
        except ClientError as refusal:
            if not answer.is_begun:
                await write_and_close(refused(refusal, incoming), receive, send)
        except Exception as failure:  # the last resort
            outgoing = failed(failure, incoming)
            if not answer.is_begun:
                await write_and_close(outgoing, receive, send)


class _Answer:
    """Adds our headers to whatever is answered."""

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
