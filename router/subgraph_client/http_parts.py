"""Answers over HTTP that may come in parts: how subgraphs are asked for lists that they stream.

The body is `multipart/mixed` where a list goes on, and a plain answer where none does. All parts together may
be as large as any answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Any

import orjson

from router.subgraph_client.body import body_of
from router.subgraph_client.event_source import Listened
from router.subgraph_client.exchange import HttpAnswer
from router.subgraph_client.headers import HeaderPolicy
from router.subgraph_client.http_stream import OpenAnswer, StreamPool
from router.subgraph_client.increments import Payloads, answer_in
from router.subgraph_client.multipart_stream import MEDIA_TYPE, PartsParser, boundary_of
from router.subgraph_client.protocol import Failure, SubgraphRequest, SubgraphResponse, SubgraphUnavailable

HEADERS = {
    "content-type": "application/json",
    "accept": (
        "multipart/mixed;incrementalSpec=v0.2, multipart/mixed;deferSpec=20220824, multipart/mixed;q=0.9,"
        " application/graphql-response+json;q=0.8, application/json;q=0.7"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpParts:
    """One subgraph, asked for answers in parts. `read` makes a response of a plain answer."""

    name: str
    url: str
    pool: StreamPool
    policy: HeaderPolicy
    seconds: float
    read: Callable[[HttpAnswer], SubgraphResponse]

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """The answer, or its beginning; raises SubgraphUnavailable."""
        context, body = request.context, body_of(request)
        seconds = max(min(self.seconds, context.deadline - asyncio.get_running_loop().time()), 0.001)
        asked = Listened(name=self.name, url=self.url, policy=self.policy, seconds=seconds)
        headers = self.policy.headers_for(self.name, context, body) | HEADERS
        stack = AsyncExitStack()
        try:
            async with asyncio.timeout(seconds):
                answer = await stack.enter_async_context(self.pool.opened(asked, headers=headers, body=body))
                response = await self._begun(answer, stack)
        except BaseException as cause:
            await stack.aclose()
            if isinstance(cause, TimeoutError):
                raise self._unavailable(Failure.TIMEOUT, "did not answer in time") from cause
            raise
        return response

    async def _begun(self, answer: OpenAnswer, stack: AsyncExitStack) -> SubgraphResponse:
        boundary = boundary_of(answer.headers.get("content-type", ""))
        if answer.media_type == MEDIA_TYPE and 200 <= answer.status < 300 and boundary is not None:
            return await answer_in(self.name, self._payloads(answer, boundary, stack))
        async with stack:
            pieces = [piece async for piece in self._pieces(answer)]
        return self.read(HttpAnswer(answer.status, b"".join(pieces), answer.headers))

    async def _payloads(self, answer: OpenAnswer, boundary: str, stack: AsyncExitStack) -> Payloads:
        parser = PartsParser(boundary, self.pool.max_answer_bytes)
        async with stack, aclosing(self._pieces(answer)) as pieces:
            async for piece in pieces:
                for body in parser.feed(piece):
                    yield self._decoded(body)
                if parser.is_closed:
                    return

    async def _pieces(self, answer: OpenAnswer) -> AsyncGenerator[bytes, None]:
        """The bytes as they come, up to the limit."""
        length, limit = 0, self.pool.max_answer_bytes
        try:
            async for piece in answer.pieces:
                length += len(piece)
                if length > limit:
                    raise self._unavailable(Failure.BAD_RESPONSE, f"answered with more than {limit} bytes")
                yield piece
        except SubgraphUnavailable as broken:
            if not broken.was_open:
                raise
            raise self._unavailable(Failure.BAD_RESPONSE, "broke off its answer") from broken

    def _decoded(self, body: bytes) -> Mapping[str, Any]:
        try:
            part = orjson.loads(body)
        except orjson.JSONDecodeError as cause:
            raise self._unavailable(Failure.BAD_RESPONSE, "sent a part that is not JSON") from cause
        if not isinstance(part, dict):
            raise self._unavailable(Failure.BAD_RESPONSE, "sent a part of unknown shape")
        return part

    def _unavailable(self, failure: str, reason: str) -> SubgraphUnavailable:
        return SubgraphUnavailable(self.name, failure, reason)
