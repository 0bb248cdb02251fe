"""A request that names its document by id or hash, or a client that may not ask everything → its document."""

from collections.abc import Mapping

from router.access.identity import Caller
from router.errors import ClientError
from router.persisted.desk import Desk
from router.wire.request import GraphQLRequest


async def documented(
    request: GraphQLRequest,
    caller: Caller,
    refusal: ClientError | None,
    headers: Mapping[str, str],
    desk: Desk,
) -> GraphQLRequest:
    """The request with the text to run; without `document_id` unless it is registered under that.

    Whoever comes with a wrong credential is told that, rather than what nobody may ask.
    """
    try:
        chosen = await desk.choose(
            text=request.query or None,
            id=request.document_id,
            digest=request.sha256,
            principal=caller.principal,
            headers=headers,
        )
    except ClientError as refused:
        raise refusal or refused from refused
    return GraphQLRequest(
        query=chosen.text,
        document_id=(request.document_id or request.sha256) if chosen.is_by_id else None,
        sha256=request.sha256,
        operation_name=request.operation_name,
        variables=request.variables,
        extensions=request.extensions,
        transport=request.transport,
    )
