"""What a client asks, whatever it came in."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from common.values import value


class Transport(StrEnum):
    """How the request came, which decides what it may do."""

    POST = "post"
    GET = "get"
    SOCKET = "socket"


@value
class GraphQLRequest:
    """A document and what belongs to it; nothing here is checked against a schema.

    `query` is empty as long as only its `document_id` or its `sha256` (of automatic persisted queries) is
    known; with a query, `sha256` is what the client says of it.
    """

    query: str
    document_id: str | None = None
    sha256: str | None = None
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)
    transport: Transport = Transport.POST
