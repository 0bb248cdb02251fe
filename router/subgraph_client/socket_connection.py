"""One WebSocket to a subgraph with many subscriptions on it (graphql-transport-ws, the client's side)."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from itertools import count
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from router.subgraph_client.event_source import Listened
from router.subgraph_client.lasting import TOO_SLOW
from router.subgraph_client.listeners import Listener, TooFarBehind
from router.subgraph_client.protocol import Failure, SubgraphUnavailable

Message = dict[str, Any]

POSITION = "position"
"""A message of our own making: it says where a subscription begins, and is no event."""
REFUSALS = frozenset({4400, 4401, 4403, 4406, 4409, 4429})
"""Codes with which a server closes what it will close again."""
CLOSE_SECONDS = 1.0


class SocketConnection:
    """Reads for all its subscriptions; asks the peer for a sign of life when it is silent."""

    def __init__(
        self, listened: Listened, socket: ClientConnection, *, on_end: Callable[["SocketConnection"], None]
    ) -> None:
        self._listened = listened
        self._socket = socket
        self._on_end = on_end
        self._operations: dict[str, Listener[Message]] = {}
        self._ids = count(1)
        self._reserved = 0
        self._is_over = False
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    @property
    def has_room(self) -> bool:
        """One more subscription may come."""
        carried = len(self._operations) + self._reserved
        return not self._is_over and carried < self._listened.settings.operations_per_connection

    @property
    def is_idle(self) -> bool:
        """Nobody listens, and nobody is about to."""
        return not self._operations and not self._reserved

    def reserve(self) -> None:
        """Keep a place for who calls `operate` next."""
        self._reserved += 1

    async def initialise(self, parameters: Message) -> None:
        """Say who we are and wait until it is accepted."""
        await self._send(orjson.dumps({"type": "connection_init", "payload": parameters}))
        while (await self._message())["type"] != "connection_ack":
            pass
        self._tasks = (asyncio.create_task(self._read()), asyncio.create_task(self._watch()))

    async def operate(self, payload: bytes) -> AsyncGenerator[Message, None]:
        """Every message to one subscription, until it is complete; raises SubgraphUnavailable."""
        self._reserved -= 1
        id = str(next(self._ids))
        listener: Listener[Message] = Listener(self._listened.settings.max_pending)
        if self._is_over:
            raise self._listened.unavailable(Failure.UNREACHABLE, "closed the subscription", was_open=True)
        self._operations[id] = listener
        try:
            # `payload` last: what is signed is the exact text.
            await self._send(b'{"id":"%s","type":"subscribe","payload":%s}' % (id.encode(), payload))
            while True:
                try:
                    message = await listener.next()
                except StopAsyncIteration:
                    return
                yield message
        except TooFarBehind as cause:
            reason = "sent more events than could be answered"
            raise self._listened.unavailable(TOO_SLOW, reason, was_open=True) from cause
        except ConnectionClosed as cause:
            raise self._lost() from cause
        except SubgraphUnavailable as away:
            raise away.again() from away
        finally:
            if self._operations.pop(id, None) is not None and not self._is_over:
                with suppress(ConnectionClosed):
                    await self._send(b'{"id":"%s","type":"complete"}' % id.encode())

    async def close(self) -> None:
        """End it, and whoever still listens."""
        self._end(None)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(TimeoutError, ConnectionClosed, OSError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._socket.close()
        self._socket.transport.abort()

    async def _read(self) -> None:
        try:
            while True:
                message = await self._message()
                listener = self._operations.get(message.get("id") or "")
                if listener is None:
                    continue
                match message["type"]:
                    case "next":
                        listener.offer(message)
                    case "error" | "complete":
                        del self._operations[message["id"]]
                        if message["type"] == "error":
                            listener.offer(message)
                        listener.end()
                    case _:
                        pass  # unknown kinds mean nothing to us
        except ConnectionClosed:
            self._end(self._lost())
        except SubgraphUnavailable as away:
            self._end(away)
            self._socket.transport.abort()

    async def _message(self) -> Message:
        while True:
            text = await self._socket.recv()
            self._heard_at = self._loop.time()
            try:
                message = orjson.loads(text)
            except orjson.JSONDecodeError as cause:
                raise self._bad("sent an event that is not JSON") from cause
            if not isinstance(message, dict) or not isinstance(message.get("type"), str):
                raise self._bad("sent an event of unknown shape")
            if not isinstance(message.get("id"), str | None):
                raise self._bad("sent an event of unknown shape")
            match message["type"]:
                case "ping":
                    await self._send(b'{"type":"pong"}')
                    self._take_position(message.get("payload"))
                case "pong":
                    pass
                case _:
                    return message

    def _take_position(self, payload: Any) -> None:
        """A ping of our own subgraphs says where a subscription begins."""
        if not isinstance(payload, dict) or not isinstance(payload.get("id"), str):
            return
        listener = self._operations.get(payload["id"])
        if listener is not None:
            listener.offer({"type": POSITION, "payload": payload})

    async def _watch(self) -> None:
        """A peer that has vanished closes nothing: ask it, and give it up when it does not answer."""
        interval = self._listened.settings.heartbeat
        is_asked = False
        while True:
            silent = self._loop.time() - self._heard_at
            if silent < interval:
                is_asked = False
                await asyncio.sleep(interval - silent)
            elif not is_asked:
                is_asked = True
                with suppress(ConnectionClosed, TimeoutError):
                    async with asyncio.timeout(interval):
                        await self._send(b'{"type":"ping"}')
                await asyncio.sleep(interval)
            else:
                self._end(self._listened.unavailable(Failure.TIMEOUT, "is silent", was_open=True))
                self._socket.transport.abort()
                return

    async def _send(self, text: bytes) -> None:
        await self._socket.send(text, text=True)

    def _end(self, reason: SubgraphUnavailable | None) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._on_end(self)
        for listener in self._operations.values():
            listener.end(reason)

    def _lost(self) -> SubgraphUnavailable:
        code = self._socket.close_code
        if code in REFUSALS:
            return self._listened.unavailable(Failure.BAD_RESPONSE, f"closed the socket with {code}")
        return self._listened.unavailable(
            Failure.UNREACHABLE, "closed the subscription", was_open=bool(self._tasks)
        )

    def _bad(self, reason: str) -> SubgraphUnavailable:
        return self._listened.unavailable(Failure.BAD_RESPONSE, reason)
