"""One WebSocket under uvicorn: pings from a wheel, frames written as they are, a close that never waits.

uvicorn keeps a timer or two for every socket, takes text that it encodes for each one again, and waits with
the closing frame until a client that reads nothing has read everything.
"""

import asyncio
from random import getrandbits
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import InvalidState
from websockets.protocol import State

from router.http.wheel import Wheel

FRAME = "atrium.websocket.frame"
"""An ASGI message of ours, whose `parts` make one text, and the extension that says it is understood."""

COPIED_BELOW = 16_384
_TEXT = 0x81  # the only frame of its message


class SocketConnection(WebSocketsSansIOProtocol):
    """A socket of the router; `wheel` says when it is pinged."""

    wheel: Wheel | None = None
    _spoke: int | None = None
    _is_late = False

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.close_timeout = 5.0

    def handle_connect(self, event: Any) -> None:
        """uvicorn: the upgrade. The app gets the scope, which is made here, in the next turn of the loop."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][FRAME] = {}

    async def send(self, message: Any) -> None:
        """ASGI; frames wait until the client takes them, the end does not."""
        match message["type"]:
            case "atrium.websocket.frame":
                if not self.writable.is_set():
                    await self.writable.wait()
                self._write(message["parts"])
            case "websocket.close" if self.handshake_complete and not self.close_sent:
                self._close(message.get("code", 1000), message.get("reason") or "")
            case _:
                await super().send(message)

    def _write(self, parts: tuple[bytes, ...]) -> None:
        if self.disconnected or self.close_sent or self.conn.state is not State.OPEN:
            raise ClientDisconnected
        head = _head(sum(map(len, parts)))
        if len(parts[-2] if len(parts) > 1 else parts[0]) < COPIED_BELOW:
            self.transport.write(b"".join((head, *parts)))
        else:
            self.transport.writelines((head, *parts))  # what many sockets share is not copied for each

    def _close(self, code: int, reason: str) -> None:
        if self.disconnected or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        try:
            self.conn.send_close(code, reason)
        except InvalidState:
            return
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        # No longer for a peer that does not answer: the transport's own `close` waits until it has read all.
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def start_keepalive(self) -> None:
        """uvicorn: the socket is open."""
        if self.wheel is not None:
            self._spoke = self.wheel.add(self._keep_alive)

    def stop_keepalive(self) -> None:
        """uvicorn: it is not, any more."""
        if self.wheel is not None and self._spoke is not None:
            self.wheel.remove(self._spoke, self._keep_alive)
            self._spoke = None
        self.pending_ping_payload = None

    def _keep_alive(self) -> None:
        """Cut a peer that left the last ping unanswered; else ping it again."""
        if self.close_sent or self.transport.is_closing():
            if self._is_late:  # it said goodbye a round ago, and does not read what is left for it
                self.transport.abort()
            self._is_late = True
            return
        if self.pending_ping_payload is not None:
            self.stop_keepalive()
            self.conn.fail(1011, "keepalive ping timeout")
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self.transport.abort()
            return
        self.pending_ping_payload = getrandbits(32).to_bytes(4)
        self.ping_sent_at = self.loop.time()
        self.conn.send_ping(self.pending_ping_payload)
        self.transport.write(b"".join(self.conn.data_to_send()))


def socket_connection_with(ping_seconds: float) -> type[SocketConnection]:
    """Sockets that are pinged so often, and cut when they left one ping unanswered until the next."""
    return type("SocketConnection", (SocketConnection,), {"wheel": Wheel(ping_seconds)})


def _head(length: int) -> bytes:
    """Of an unmasked text frame (RFC 6455 §5.2)."""
    if length < 126:
        return bytes((_TEXT, length))
    if length < 65_536:
        return b"%c\x7e%b" % (_TEXT, length.to_bytes(2))
    return b"%c\x7f%b" % (_TEXT, length.to_bytes(8))
