"""Pooled keep-alive HTTP to subgraphs; the HTTP library is named here and in http_stream.py.

GraphQL over plain HTTP goes over raw connections, which cost a fraction; TLS and all the rest go through
the library.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType

import aiohttp
import orjson

from router.subgraph_client.answer import decode, is_response
from router.subgraph_client.asking import Asking, Waiting
from router.subgraph_client.body import body_of
from router.subgraph_client.event_source import EventSource, Listened
from router.subgraph_client.exchange import HttpAnswer, NoAnswer
from router.subgraph_client.headers import HeaderPolicy
from router.subgraph_client.http_parts import HttpParts
from router.subgraph_client.http_stream import StreamPool
from router.subgraph_client.protocol import Failure, SubgraphRequest, SubgraphResponse, SubgraphUnavailable
from router.subgraph_client.raw_connection import RawConnection
from router.subgraph_client.raw_pool import RawPool, address_of, lines_of, request_of
from router.subgraph_client.websocket import SocketSource

# Shorter than the five seconds after which common servers drop an idle connection, so that a
# mutation, which is never sent twice, seldom meets a connection that is just being closed.
IDLE_SECONDS = 4.0
JSON_HEADERS = {
    "content-type": "application/json",
    "accept": "application/graphql-response+json, application/json",
}
PLAIN_HEADERS = {"accept-encoding": "identity", "user-agent": "atrium-router"}
_HEADERS = PLAIN_HEADERS | JSON_HEADERS


class HttpPool:
    """Connections to all subgraphs, opened when first needed, kept alive, limited in number and size.

    `raw`: those to plain HTTP addresses, for who knows that it has one. `streams`: those for answers that go
    on.
    """

    def __init__(self, *, connect_seconds: float, connections_per_host: int, max_answer_bytes: int) -> None:
        self._connect_seconds = connect_seconds
        self._connections_per_host = connections_per_host
        self._max_answer_bytes = max_answer_bytes
        self._session: aiohttp.ClientSession | None = None
        self.streams = StreamPool(connect_seconds, max_answer_bytes)
        self.raw = RawPool(
            connect_seconds=connect_seconds,
            connections_per_host=connections_per_host,
            max_answer_bytes=max_answer_bytes,
            idle_seconds=IDLE_SECONDS,
        )

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, seconds: float
    ) -> HttpAnswer:
        """One request, one whole answer; redirects are not followed. Raises NoAnswer."""
        address = address_of(url) if method == "POST" and body is not None else None
        if address is not None and body is not None:
            return await self.raw.post(
                address, headers=PLAIN_HEADERS | dict(headers), body=body, seconds=seconds
            )
        timeout = aiohttp.ClientTimeout(total=max(seconds, 0.001), sock_connect=self._connect_seconds)
        try:
            async with self._opened().request(
                method, url, headers=headers, data=body, timeout=timeout, allow_redirects=False
            ) as response:
                return HttpAnswer(
                    response.status,
                    await self._whole(response),
                    MappingProxyType({name.lower(): value for name, value in response.headers.items()}),
                    set_cookies=tuple(response.headers.getall("set-cookie", ())),
                )
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeError) as cause:
            raise _no_answer(cause) from cause

    async def close(self) -> None:
        """Give back every connection."""
        await self.raw.close()
        await self.streams.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0, limit_per_host=self._connections_per_host, keepalive_timeout=IDLE_SECONDS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=PLAIN_HEADERS,
                auto_decompress=True,
            )
        return self._session

    async def _whole(self, response: aiohttp.ClientResponse) -> bytes:
        limit = self._max_answer_bytes
        if response.content_length is not None and response.content_length > limit:
            raise NoAnswer(Failure.BAD_RESPONSE, f"answered with more than {limit} bytes")
        chunks: list[bytes] = []
        length = 0
        async for chunk in response.content.iter_any():
            length += len(chunk)
            if length > limit:
                raise NoAnswer(Failure.BAD_RESPONSE, f"answered with more than {limit} bytes")
            chunks.append(chunk)
        return b"".join(chunks)


class HttpSubgraphClient:
    """One subgraph behind a URL; subscriptions go to `source`, or else over a WebSocket to the same place."""

    def __init__(
        self,
        *,
        name: str,
        url: str,
        pool: HttpPool,
        policy: HeaderPolicy,
        seconds: float,
        source: EventSource | None = None,
    ) -> None:
        self._name = name
        self._url = url
        self._pool = pool
        self._policy = policy
        self._seconds = seconds
        self._address = None if (address := address_of(url)) is None else address.with_lines(_HEADERS)
        self._parts = HttpParts(
            name=name, url=url, pool=pool.streams, policy=policy, seconds=seconds, read=self._read
        )
        self._source = source or SocketSource(Listened(name=name, url=url, policy=policy, seconds=seconds))

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Run a query or mutation; raises SubgraphUnavailable."""
        if request.takes_parts:
            return await self._parts.execute(request)
        context, body = request.context, body_of(request)
        headers = self._policy.headers_for(self._name, context, body)
        try:
            if self._address is not None and headers.keys().isdisjoint(_HEADERS):
                asked = request_of(self._address, lines_of(headers), body)
                answer = await self._pool.raw.exchange(self._address, asked, self._seconds, context.deadline)
            else:
                seconds = min(self._seconds, context.deadline - asyncio.get_running_loop().time())
                answer = await self._pool.send(
                    "POST", self._url, headers=_HEADERS | headers, body=body, seconds=seconds
                )
        except NoAnswer as cause:
            raise self._unavailable(cause) from cause
        return self._read(answer)

    def ask(self, request: SubgraphRequest, waiting: Waiting) -> Asking | None:
        """Straight: over a raw connection that is free."""
        if self._address is None:
            return None
        context, body = request.context, body_of(request)
        headers = self._policy.headers_for(self._name, context, body)
        if not headers.keys().isdisjoint(_HEADERS):
            return None
        question = _Question(self, waiting)
        try:
            asked = request_of(self._address, lines_of(headers), body)
        except NoAnswer:
            return None  # `execute` says what is wrong with them
        question.connection = self._pool.raw.ask(
            self._address, asked, self._seconds, context.deadline, question
        )
        return None if question.connection is None else question

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """One response per event, until the source ends; raises SubgraphUnavailable."""
        return self._source.subscribe(request)

    async def close(self) -> None:
        """End subscriptions; other connections belong to the pool, which outlives one subgraph's client."""
        await self._source.close()

    def come(self, answer: HttpAnswer, waiting: Waiting) -> None:
        """The answer to one of its questions."""
        try:
            response = self._read(answer)
        except SubgraphUnavailable as failure:
            waiting.unanswered(failure)
        else:
            waiting.answered(response)

    def fail(self, raised: NoAnswer, waiting: Waiting) -> None:
        """No answer to one of its questions."""
        waiting.unanswered(self._unavailable(raised))

    def _unavailable(self, cause: NoAnswer) -> SubgraphUnavailable:
        return SubgraphUnavailable(self._name, cause.failure, cause.reason, was_reset=cause.was_reset)

    def _read(self, answer: HttpAnswer) -> SubgraphResponse:
        if answer.status != 200 and not 200 <= answer.status < 300 and not _holds_response(answer.body):
            raise SubgraphUnavailable(
                self._name, Failure.HTTP_ERROR, f"answered with the HTTP status {answer.status}"
            )
        cookies = self._policy.handed_over(answer.set_cookies) if answer.set_cookies else ()
        return decode(self._name, answer.body, cookies)


class _Question:
    """One question on a raw connection."""

    __slots__ = ("_client", "_waiting", "connection")

    def __init__(self, client: HttpSubgraphClient, waiting: Waiting) -> None:
        self._client = client
        self._waiting = waiting
        self.connection: RawConnection | None = None

    def come(self, answer: HttpAnswer) -> None:
        """Asker: it is there."""
        self.connection = None  # it may be another's by now
        self._client.come(answer, self._waiting)

    def fail(self, raised: NoAnswer) -> None:
        """Asker: it will not come."""
        self.connection = None
        self._client.fail(raised, self._waiting)

    def give_up(self) -> None:
        """Asking: let the connection go."""
        if self.connection is not None:
            self.connection.give_up()
            self.connection = None


def _holds_response(body: bytes) -> bool:
    try:
        return is_response(orjson.loads(body))
    except orjson.JSONDecodeError:
        return False


def _no_answer(cause: Exception) -> NoAnswer:
    match cause:
        case aiohttp.ConnectionTimeoutError():
            return NoAnswer(Failure.UNREACHABLE, "could not be reached in time")
        case TimeoutError():
            return NoAnswer(Failure.TIMEOUT, "did not answer in time")
        case (
            aiohttp.ClientConnectorError()
            | aiohttp.InvalidURL()
            | aiohttp.NonHttpUrlClientError()
            | UnicodeError()  # no name of a host, such as a..b
        ):
            return NoAnswer(Failure.UNREACHABLE, "could not be reached")
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError() | OSError():
            return NoAnswer(Failure.UNREACHABLE, "closed the connection", was_reset=True)
        case aiohttp.ClientPayloadError():
            return NoAnswer(Failure.BAD_RESPONSE, "broke off its answer")
        case _:
            return NoAnswer(Failure.BAD_RESPONSE, "did not answer in HTTP")
