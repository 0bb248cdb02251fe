"""Decoded JSON of a subgraph → SubgraphResponse, or SUBGRAPH_BAD_RESPONSE."""

from typing import Any

import orjson

from router.subgraph_client.protocol import Failure, SubgraphResponse, SubgraphUnavailable


def decode(subgraph: str, body: bytes, set_cookies: tuple[str, ...] = ()) -> SubgraphResponse:
    """The response in a JSON text."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as cause:
        raise SubgraphUnavailable(subgraph, Failure.BAD_RESPONSE, "did not answer in JSON") from cause
    return read(subgraph, payload, set_cookies)


def read(subgraph: str, payload: Any, set_cookies: tuple[str, ...] = ()) -> SubgraphResponse:
    """The response in a decoded value, its shape checked."""
    if type(payload) is dict and len(payload) == 1 and type(payload.get("data")) is dict:
        return SubgraphResponse(data=payload["data"], set_cookies=set_cookies, is_shared=False)
    if not is_response(payload):
        raise SubgraphUnavailable(subgraph, Failure.BAD_RESPONSE, "did not answer with a GraphQL response")
    extensions = payload.get("extensions")
    return SubgraphResponse(
        data=payload.get("data"),
        errors=tuple(payload.get("errors") or ()),
        extensions=extensions if isinstance(extensions, dict) else {},
        set_cookies=set_cookies,
        is_shared=False,
    )


def checked(subgraph: str, response: object) -> SubgraphResponse:
    """The response of who needs no JSON, its shape checked."""
    if isinstance(response, SubgraphResponse):
        data: object = response.data
        errors: object = response.errors
        if (data is None or isinstance(data, dict)) and (errors == () or _are_errors(errors)):
            return response
    raise SubgraphUnavailable(subgraph, Failure.BAD_RESPONSE, "did not answer with a GraphQL response")


def is_response(payload: Any) -> bool:
    """`{data}` with an object or null, or `{errors}` with a filled list of errors, or both."""
    if not isinstance(payload, dict) or not ("data" in payload or "errors" in payload):
        return False
    data, errors = payload.get("data"), payload.get("errors")
    if data is not None and not isinstance(data, dict):
        return False
    if not errors:
        return "data" in payload and errors in (None, [])
    return isinstance(errors, list) and _are_errors(errors)


def _are_errors(errors: Any) -> bool:
    return isinstance(errors, list | tuple) and all(is_error(error) for error in errors)


def is_error(error: Any) -> bool:
    """An object with a message."""
    return isinstance(error, dict) and isinstance(error.get("message"), str)
