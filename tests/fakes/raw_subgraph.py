"""A subgraph on a bare socket that says anything at all: half answers, endless ones, none."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

Asked = Mapping[str, Any]
Say = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]
"""What a subgraph does with a question: it writes to the connection, or does not."""


@dataclass(slots=True)
class RawSubgraph:
    """Does with every question what `says`; one question for a connection."""

    says: Say
    port: int = 0
    questions: int = 0
    _served: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/graphql"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task
        self._served.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            asked = orjson.loads(await reader.readexactly(length))
            self.questions += 1
            await self.says(asked, writer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._served.discard(task)
            writer.close()

    async def stop(self) -> None:
        """Leave every connection."""
        for task in list(self._served):
            task.cancel()
        await asyncio.gather(*self._served, return_exceptions=True)


@asynccontextmanager
async def raw_subgraph(says: Say, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawSubgraph]:
    """A subgraph that listens."""
    subgraph = RawSubgraph(says)
    server = await asyncio.start_server(subgraph.serve, "127.0.0.1", 0, ssl=tls)
    subgraph.port = server.sockets[0].getsockname()[1]
    try:
        yield subgraph
    finally:
        server.close()
        await subgraph.stop()


def http(body: bytes, *, status: str = "200 OK", length: int | None = None, **headers: str) -> bytes:
    """An HTTP answer; `length` lies about the body's."""
    given = {"content-type": "application/json", "connection": "close"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    given["content-length"] = str(len(body) if length is None else length)
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
