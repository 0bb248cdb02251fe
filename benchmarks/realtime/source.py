"""A subgraph that ticks and echoes, on bare protocols so that the router is what is measured.

`python -m benchmarks.realtime.source PORT TOPICS EVENTS_PER_SECOND`. Each topic ticks in its turn; the events
carry the moment they were sent (CLOCK_MONOTONIC, the same in every process of a machine).
"""

import asyncio
import re
import sys
import time
from base64 import b64encode
from hashlib import sha1
from typing import cast

import orjson
import uvloop

SDL = """
    type Query { echo(n: Int!): Int! items: [Item!]! }
    type Item { id: ID! name: String! size: Int! tag: String }
    type Subscription { tick(topic: Int!): Tick! }
    type Tick { topic: Int! number: Int! at: Float! text: String! }
"""
ITEMS = 400
TEXT = "x" * 200
_LIST = orjson.dumps([{"id": f"i{n}", "name": f"Item {n}", "size": n, "tag": None} for n in range(ITEMS)])
_NUMBER = re.compile(rb'"n":(\d+)')
_WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Ticks:
    """Who listens to which topic."""

    def __init__(self, topics: int, events_per_second: float) -> None:
        self.listeners: list[dict[tuple[int, str], Peer]] = [{} for _ in range(topics)]
        self._pause = 1 / events_per_second
        self._numbers = [0] * topics

    async def run(self) -> None:
        """One event of one topic after the other, evenly."""
        due, topic = time.monotonic(), 0
        while True:
            due += self._pause
            await asyncio.sleep(max(due - time.monotonic(), 0))
            self._numbers[topic] += 1
            tick = {"topic": topic, "number": self._numbers[topic], "at": time.monotonic(), "text": TEXT}
            payload = b',"type":"next","payload":{"data":{"tick":%b}}}' % orjson.dumps(tick)
            for (_, id), peer in self.listeners[topic].items():
                peer.text(b'{"id":%b%b' % (orjson.dumps(id), payload))
            topic = (topic + 1) % len(self.listeners)


class Peer(asyncio.Protocol):
    """One connection of the router: GraphQL over HTTP, or graphql-transport-ws after an upgrade."""

    def __init__(self, ticks: Ticks) -> None:
        self._ticks = ticks
        self._buffer = b""
        self._is_socket = False
        self._mine: list[tuple[int, tuple[int, str]]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        for topic, key in self._mine:
            self._ticks.listeners[topic].pop(key, None)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._message() if self._is_socket else self._request():
            pass

    def text(self, message: bytes) -> None:
        """A frame to the router."""
        size = len(message)
        head = bytes((0x81, size)) if size < 126 else b"\x81\x7e" + size.to_bytes(2)
        self._transport.write(head + message)

    def _request(self) -> bool:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        size = int(headers.get(b"content-length", b"0"))
        if len(rest) < size:
            return False
        body, self._buffer = rest[:size], rest[size:]
        if headers.get(b"upgrade") == b"websocket":
            self._upgrade(head)
            return True
        number = _NUMBER.search(body)
        assert number is not None
        answer = b'{"data":{"echo":%b,"items":%b}}' % (number[1], _LIST)
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer)
            + answer
        )
        return True

    def _upgrade(self, head: bytes) -> None:
        key = re.search(rb"(?i)sec-websocket-key: (\S+)", head)
        assert key is not None
        accept = b64encode(sha1(key[1] + _WEBSOCKET, usedforsecurity=False).digest())
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-accept: " + accept + b"\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n"
        )
        self._is_socket = True

    def _message(self) -> bool:
        frame = unmasked(self._buffer)
        if frame is None:
            return False
        opcode, payload, self._buffer = frame
        if opcode == 0x8:
            self._transport.close()
        elif opcode == 0x9:
            self._transport.write(bytes((0x8A, len(payload))) + payload)
        elif opcode == 0x1:
            self._take(orjson.loads(payload))
        return True

    def _take(self, message: dict[str, object]) -> None:
        match message:
            case {"type": "connection_init"}:
                self.text(b'{"type":"connection_ack"}')
            case {"type": "ping"}:
                self.text(b'{"type":"pong"}')
            case {"type": "subscribe", "id": str(id), "payload": dict(payload)}:
                [topic] = (int(value) for value in payload["variables"].values())
                key = (id_of(self), id)
                self._mine.append((topic, key))
                self._ticks.listeners[topic][key] = self
            case {"type": "complete", "id": str(id)}:
                for listeners in self._ticks.listeners:
                    listeners.pop((id_of(self), id), None)


def id_of(peer: Peer) -> int:
    """What tells connections apart."""
    return id(peer)


def unmasked(buffer: bytes) -> tuple[int, bytes, bytes] | None:
    """Opcode, payload and what follows of the first masked frame; None while it is not whole."""
    if len(buffer) < 6:
        return None
    size, at = buffer[1] & 0x7F, 2
    if size == 126:
        size, at = int.from_bytes(buffer[2:4]), 4
    elif size == 127:
        size, at = int.from_bytes(buffer[2:10]), 10
    if len(buffer) < at + 4 + size:
        return None
    mask = buffer[at : at + 4] * (size // 4 + 1)
    masked = buffer[at + 4 : at + 4 + size]
    payload = (int.from_bytes(masked) ^ int.from_bytes(mask[:size])).to_bytes(size)
    return buffer[0] & 0x0F, payload, buffer[at + 4 + size :]


async def serve(port: int, ticks: Ticks) -> None:
    """For ever."""
    await asyncio.get_running_loop().create_server(lambda: Peer(ticks), "127.0.0.1", port, backlog=4096)
    await ticks.run()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), Ticks(int(sys.argv[2]), float(sys.argv[3]))))
