"""A body that was read already, given to an ASGI app once more."""

from starlette.types import Message, Receive


class Again:
    """`receive` for an app: the body in one message, then what comes after the one that was read."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
