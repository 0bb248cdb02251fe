"""A subgraph on a bare socket that keeps its connections: it says anything, and does so again and again."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

Asked = Mapping[str, Any]


@dataclass(slots=True)
class Exchange:
    """One question, and the connection on which it is to be answered."""

    asked: Asked
    headers: Mapping[str, str]
    writer: asyncio.StreamWriter

    def say(self, answer: Any) -> None:
        """A value as JSON."""
        self.say_bytes(whole(as_json(answer)))

    def say_bytes(self, data: bytes) -> None:
        """Anything."""
        self.writer.write(data)

    def hang_up(self) -> None:
        """Reset the connection."""
        self.writer.transport.abort()


Says = Callable[[Exchange], Awaitable[None]]


@dataclass(slots=True)
class LastingSubgraph:
    """Does with every question what `says`, one after the other on each connection."""

    says: Says
    port: int = 0
    questions: list[Asked] = field(default_factory=list)
    heads: list[Mapping[str, str]] = field(default_factory=list)
    connected: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _served: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def open(self) -> int:
        """How many connections there are."""
        return len(self._writers)

    def hang_up(self) -> None:
        """Close every connection, as servers do with those that are idle."""
        for each in self._writers:
            each.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self._served.add(task)
        self._writers.add(writer)
        self.connected += 1
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                lines = (line.partition(":") for line in head.split("\r\n")[1:-2])
                headers = {name.lower(): value.strip() for name, _, value in lines}
                asked = orjson.loads(await reader.readexactly(int(headers["content-length"])))
                self.questions.append(asked)
                self.heads.append(headers)
                await self.says(Exchange(asked, headers, writer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # asyncio's streams complain of handlers that were cancelled
        finally:
            self._served.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def stop(self) -> None:
        """Leave every connection."""
        for task in list(self._served):
            task.cancel()
        await asyncio.gather(*self._served, return_exceptions=True)


@asynccontextmanager
async def lasting_subgraph(says: Says) -> AsyncIterator[LastingSubgraph]:
    """A subgraph that listens."""
    subgraph = LastingSubgraph(says)
    server = await asyncio.start_server(subgraph.serve, "127.0.0.1", 0, limit=2**24)
    subgraph.port = server.sockets[0].getsockname()[1]
    try:
        yield subgraph
    finally:
        server.close()
        await subgraph.stop()


def whole(body: bytes, *, status: str = "200 OK", length: int | None = None, **headers: str) -> bytes:
    """An HTTP answer after which the connection stays; `length` lies about the body's."""
    given = {"content-type": "application/json", **headers}
    given["content-length"] = str(len(body) if length is None else length)
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in given.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def as_json(value: Any) -> bytes:
    """JSON, integers of any size."""
    return json.dumps(value, ensure_ascii=False).encode()
