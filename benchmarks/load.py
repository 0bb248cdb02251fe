"""A load generator: keep-alive connections that each send the next request when the last answer has come.

Run as a process of its own, so that its CPU time is not the server's: `python -m benchmarks.load` reads a
JSON job from standard input and writes the measurement to standard output.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import cast

import httptools
import uvloop


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`bodies` are sent in turn as POST requests; `requests` in all, over `connections` at once."""

    port: int
    path: str
    bodies: list[str]
    headers: dict[str, str] = field(default_factory=dict)
    requests: int = 1000
    connections: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Latencies in milliseconds, sorted; `failed` counts answers that are not 200 or contain errors."""

    latencies: list[float]
    failed: int
    seconds: float

    def percentile(self, share: float) -> float:
        """The latency that `share` of the requests stayed within, in milliseconds."""
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))]


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[bool] | None = None
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the server closed the connection"))

    def on_body(self, body: bytes) -> None:
        """Part of the answer (httptools)."""
        self._body += body

    def on_message_complete(self) -> None:
        """The answer is whole (httptools)."""
        good = self._parser.get_status_code() == 200 and b'"errors"' not in self._body
        self._body = b""
        self._parser = httptools.HttpResponseParser(self)
        assert self._answer is not None
        self._answer.set_result(good)

    async def ask(self, request: bytes) -> bool:
        """Whether the answer is a good one."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer


async def run(job: Job) -> Measured:
    """Send the job's requests and measure each."""
    requests = [http_request(job, body.encode()) for body in job.bodies]
    numbers = iter(range(job.requests))
    latencies: list[float] = []
    failed = 0

    async def client() -> None:
        nonlocal failed
        _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", job.port)
        for number in numbers:
            begin = time.perf_counter()
            good = await connection.ask(requests[number % len(requests)])
            latencies.append((time.perf_counter() - begin) * 1000)
            failed += not good

    begin = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(job.connections)))
    return Measured(latencies=sorted(latencies), failed=failed, seconds=time.perf_counter() - begin)


def http_request(job: Job, body: bytes) -> bytes:
    """The request as bytes on the wire."""
    headers = {
        "host": f"127.0.0.1:{job.port}",
        "content-type": "application/json",
        "accept": "application/json",
    }
    lines = [f"{name}: {value}" for name, value in (headers | job.headers).items()]
    head = "\r\n".join([f"POST {job.path} HTTP/1.1", *lines, f"content-length: {len(body)}", "", ""])
    return head.encode() + body


def main() -> None:
    """One job from standard input."""
    job = Job(**json.load(sys.stdin))
    json.dump(asdict(uvloop.run(run(job))), sys.stdout)


if __name__ == "__main__":
    main()
