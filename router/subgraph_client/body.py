"""What a subgraph is sent, as JSON: the document is written once, the variables each time."""

from functools import lru_cache

import orjson

from common.json_text import json_text
from router.subgraph_client.protocol import SubgraphRequest


def body_of(request: SubgraphRequest) -> bytes:
    """The members of a GraphQL request as JSON; raises TypeError for values that are none."""
    if request.body is not None:
        return request.body
    beginning = _beginning(request.document, request.operation_name)
    if not request.variables:
        return beginning + b"}"
    try:
        variables = orjson.dumps(request.variables)
    except orjson.JSONEncodeError:
        variables = json_text(request.variables).encode()
    return b'%b,"variables":%b}' % (beginning, variables)


@lru_cache(maxsize=4096)
def _beginning(document: str, operation_name: str | None) -> bytes:
    payload = {"query": document}
    if operation_name is not None:
        payload["operationName"] = operation_name
    return orjson.dumps(payload)[:-1]
