"""Result → bytes: JSON, and what stands around it in some formats."""

from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import Any

import orjson

from common.json_text import json_text
from router.errors import ClientError, InternalError, Problem
from router.wire import multipart
from router.wire.framing import Framing
from router.wire.negotiate import ResponseMode
from router.wire.sse import SSE

FRAMINGS: Mapping[ResponseMode, Framing] = {
    ResponseMode.EVENTS: SSE,
    ResponseMode.EVENTS_2022: SSE,
    ResponseMode.SUBSCRIPTION: multipart.SUBSCRIPTION,
    ResponseMode.PARTS: multipart.PARTS,
    ResponseMode.PARTS_2022: multipart.PARTS_2022,
}
"""What stands around responses in the formats that are more than their JSON."""

CONTENT_TYPES: Mapping[ResponseMode, bytes] = {
    ResponseMode.JSON: b"application/json; charset=utf-8",
    ResponseMode.GRAPHQL: b"application/graphql-response+json; charset=utf-8",
    **{mode: framing.content_type for mode, framing in FRAMINGS.items()},
}


def encode(value: Any) -> bytes:
    """Compact JSON in UTF-8; what orjson refuses takes the slower road."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json_text(value).encode()


def errors_of(error: ClientError) -> list[dict[str, Any]]:
    """A refusal as the entries of `errors`."""
    return [entry(problem, error.code) for problem in error.problems]


MASKED = "Something went wrong inside. Quote the error id."


def new_error_id() -> str:
    """What stands in the answer and in the log, so that one leads to the other."""
    return token_hex(8)


def masked(request_id: str, error_id: str) -> list[dict[str, Any]]:
    """What a client may know of our own faults."""
    extensions = {"code": InternalError.code, "errorId": error_id, "requestId": request_id}
    return [{"message": MASKED, "extensions": extensions}]


def entry(problem: Problem, code: str) -> dict[str, Any]:
    """One entry, members in the order of the GraphQL specification."""
    shown: dict[str, Any] = {"message": problem.message}
    if problem.locations:
        shown["locations"] = [{"line": line, "column": column} for line, column in problem.locations]
    if problem.path is not None:
        shown["path"] = list(problem.path)
    shown["extensions"] = {"code": code, **problem.extensions}
    return shown


def response(
    data: Any, errors: Sequence[Mapping[str, Any]], extensions: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A response with data; `errors` stands first, so that people see it."""
    whole: dict[str, Any] = {"errors": list(errors), "data": data} if errors else {"data": data}
    if extensions is not None:
        whole["extensions"] = extensions
    return whole
