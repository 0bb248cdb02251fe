"""Several operations in one request: each is answered as if it had come alone, and all of them at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson

from router.errors import BadRequest, BatchTooLarge, ClientError, NotAcceptable
from router.pipeline.respond import headers_of, refused
from router.pipeline.router import Router
from router.pipeline.values import Streamed
from router.wire.exchange import Incoming, Outgoing
from router.wire.negotiate import ResponseMode, negotiate
from router.wire.params import check_content_type

Answering = Callable[[Incoming, Router], Awaitable[Outgoing | Streamed]]

BLANK = b" \t\n\r"
COOKIE = b"set-cookie"
JSON_MODES = (ResponseMode.JSON, ResponseMode.GRAPHQL)


def is_batch(incoming: Incoming) -> bool:
    """The body is a JSON list, if it is JSON."""
    return incoming.method == "POST" and incoming.body.lstrip(BLANK)[:1] == b"["


class Batches:
    """Answers batches of at most `limit` operations; `answer` answers each."""

    def __init__(self, answer: Answering, limit: int) -> None:
        self._answer = answer
        self._limit = limit
        self.operations = 0
        """How many operations came in batches."""

    async def answer(self, incoming: Incoming, router: Router) -> Outgoing:
        """A list of responses in the order of the operations, whatever became of each."""
        try:
            mode, operations = _mode(incoming), self._read(incoming)
        except ClientError as refusal:
            return refused(refusal, incoming)
        self.operations += len(operations)
        answering = (self._alone(each, router) for each in _members(incoming, mode, operations))
        return _together(await asyncio.gather(*answering), mode, incoming.request_id)

    def _read(self, incoming: Incoming) -> list[Any]:
        check_content_type(incoming.headers.get("content-type"))
        try:
            operations = orjson.loads(incoming.body)
        except orjson.JSONDecodeError as cause:
            raise BadRequest(f"The body is not JSON: {cause.msg}.") from cause
        if not operations:
            raise BadRequest("The batch is empty.")
        if len(operations) > self._limit:
            raise BatchTooLarge(limit=self._limit, actual=len(operations))
        return operations  # type: ignore[no-any-return]

    async def _alone(self, incoming: Incoming, router: Router) -> Outgoing:
        outgoing = await self._answer(incoming, router)
        if isinstance(outgoing, Streamed):  # cannot be: JSON is all that is accepted
            await outgoing.source.close()
            raise TypeError("an operation of a batch has many answers")
        return outgoing


def _mode(incoming: Incoming) -> ResponseMode:
    mode = negotiate(incoming.headers.get("accept"))
    if mode not in JSON_MODES:
        raise NotAcceptable("A batch is answered in application/json.")
    return mode


def _members(incoming: Incoming, mode: ResponseMode, operations: list[Any]) -> Iterator[Incoming]:
    headers = {**incoming.headers, "accept": mode.value}
    for number, operation in enumerate(operations):
        request_id = f"{incoming.request_id}.{number}"
        yield replace(incoming, headers=headers, body=b"", payload=operation, request_id=request_id)


def _together(answers: list[Outgoing], mode: ResponseMode, request_id: str) -> Outgoing:
    """One answer; its status is theirs when they agree, so that a wrong credential is 401 here as well."""
    first = answers[0]
    agree = all(answer.status == first.status for answer in answers)
    headers = headers_of(mode, request_id)
    named = {name for name, _ in headers}
    own = (header for header in first.headers if header[0] not in named | {COOKIE})
    cookies = (header for answer in answers for header in answer.headers if header[0] == COOKIE)
    return Outgoing(
        status=first.status if agree else 200,
        body=b"[" + b",".join(answer.body for answer in answers) + b"]",
        headers=(*headers, *(own if agree else ()), *cookies),
    )
