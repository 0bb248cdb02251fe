"""Body, query string or socket payload → GraphQLRequest; every other shape is refused with what is wrong."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from common.operations.documents import LONGEST_ID
from router.errors import BadRequest, UnsupportedMediaType
from router.wire.request import GraphQLRequest, Transport

KINDS = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}
TEXTS = ("query", "documentId", "doc_id", "id", "operationName")
MAPS = ("variables", "extensions")
PARAMETERS = (*TEXTS, *MAPS)
ID_NAMES = ("documentId", "doc_id", "id")
"""Of GraphQL over HTTP, and as Relay's documentation has them."""
MAX_QUERY_PARAMETERS = 50
_USUAL = frozenset({"query", "operationName", "variables"})


def from_body(content_type: str | None, body: bytes) -> GraphQLRequest:
    """The request in a POST body."""
    check_content_type(content_type)
    if not body:
        raise BadRequest("The body is empty; send a JSON object with a 'query'.")
    return from_payload(_json(body, "The body"), Transport.POST)


def from_query_string(query_string: bytes) -> GraphQLRequest:
    """The request in the parameters of a GET."""
    parameters = _parameters(query_string)
    payload: dict[str, Any] = {name: parameters[name] for name in TEXTS if name in parameters}
    for name in MAPS:
        if parameters.get(name):
            payload[name] = _json(parameters[name].encode(), f"The parameter {name!r}")
    return from_payload(payload, Transport.GET)


def from_payload(payload: object, transport: Transport) -> GraphQLRequest:
    """The request in a decoded JSON value; members that are not ours are ignored."""
    if isinstance(payload, list):
        raise BadRequest("Batches are not accepted: send one operation a request.")
    if not isinstance(payload, dict):
        raise BadRequest(f"A GraphQL request is a JSON object, not {kind_of(payload)}.")
    as_usual = usual(payload, transport)
    if as_usual is not None:
        return as_usual
    extensions = _optional_map(payload, "extensions")
    sha256 = _sha256(extensions) if "persistedQuery" in extensions else None
    document_id = _document_id(payload) if sha256 is None and payload.get("query") is None else None
    if document_id is None and payload.get("documentId") is not None:
        raise BadRequest("Send a 'documentId' or a 'query', and no 'persistedQuery' beside an id.")
    return GraphQLRequest(
        query="" if document_id is not None else _query(payload, is_needed=sha256 is None),
        document_id=document_id,
        sha256=sha256,
        operation_name=_optional_text(payload, "operationName"),
        variables=_optional_map(payload, "variables"),
        extensions=extensions,
        transport=transport,
    )


def usual(payload: Any, transport: Transport) -> GraphQLRequest | None:
    """What nearly everybody sends; None for all else, right or wrong."""
    if type(payload) is not dict or not _USUAL.issuperset(payload):
        return None
    query, name, variables = payload.get("query"), payload.get("operationName"), payload.get("variables")
    if type(query) is not str or not query or query.isspace():
        return None
    if (name is not None and type(name) is not str) or (
        variables is not None and type(variables) is not dict
    ):
        return None
    return GraphQLRequest(
        query=query, operation_name=name or None, variables=variables or {}, transport=transport
    )


def check_content_type(content_type: str | None) -> None:
    """JSON in UTF-8 and nothing else, which also keeps HTML forms away."""
    if content_type == "application/json":
        return
    media_type, _, rest = (content_type or "").partition(";")
    if media_type.strip().lower() != "application/json":
        found = "none" if not content_type else repr(content_type[:80])
        raise UnsupportedMediaType(f"The content type must be application/json, not {found}.")
    for parameter in rest.split(";"):
        name, _, value = parameter.partition("=")
        charset = value.strip().strip('"').lower()
        if name.strip().lower() == "charset" and charset not in ("utf-8", "utf8"):
            raise UnsupportedMediaType("JSON is read as UTF-8 only.")


def kind_of(value: object) -> str:
    """`[1]` is 'a list': the word for error messages."""
    return "null" if value is None else KINDS.get(type(value), "something else")


def _json(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as cause:
        raise BadRequest(
            f"{what} is not JSON: {cause.msg} (line {cause.lineno}, column {cause.colno})."
        ) from cause


def _parameters(query_string: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_QUERY_PARAMETERS,
        )
    except ValueError as cause:
        raise BadRequest("The query string is not readable as UTF-8 form parameters.") from cause
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if name in PARAMETERS and name in parameters:
            raise BadRequest(f"The parameter {name!r} is given twice.")
        parameters[name] = value
    return parameters


def _query(payload: Mapping[str, Any], *, is_needed: bool) -> str:
    query = payload.get("query")
    if query is None and not is_needed:
        return ""
    if query is None:
        raise BadRequest("There is no 'query'.")
    if not isinstance(query, str):
        raise BadRequest(f"'query' must be a string, not {kind_of(query)}.")
    if not query.strip():
        raise BadRequest("'query' is empty.")
    return query


def _document_id(payload: Mapping[str, Any]) -> str | None:
    for name in ID_NAMES:
        id = payload.get(name)
        if id is not None:
            return _checked_id(id, name)
    return None


def _sha256(extensions: Mapping[str, Any]) -> str:
    """The hash in `extensions.persistedQuery`; lists of registered documents may have other ids there."""
    persisted = extensions["persistedQuery"]
    if not isinstance(persisted, dict):
        raise BadRequest(f"'extensions.persistedQuery' must be an object, not {kind_of(persisted)}.")
    if persisted.get("version") != 1:
        raise BadRequest("'extensions.persistedQuery.version' must be 1.")
    return _checked_id(persisted.get("sha256Hash"), "extensions.persistedQuery.sha256Hash")


def _checked_id(id: object, name: str) -> str:
    if not isinstance(id, str):
        raise BadRequest(f"{name!r} must be a string, not {kind_of(id)}.")
    if not 0 < len(id) <= LONGEST_ID:
        raise BadRequest(f"{name!r} must have 1 to {LONGEST_ID} characters.")
    return id


def _optional_text(payload: Mapping[str, Any], name: str) -> str | None:
    value = payload.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name!r} must be a string, not {kind_of(value)}.")
    return value or None


def _optional_map(payload: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = payload.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest(f"{name!r} must be an object, not {kind_of(value)}.")
    return value
