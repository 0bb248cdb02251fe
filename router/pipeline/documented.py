"""A request that names its document by hash, or of a client that may not ask everything → its text."""

from collections.abc import Mapping
from dataclasses import replace

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
    """The request with the text to run.

    Whoever comes with a wrong credential is told that, rather than what nobody may ask.
    """
    try:
        text = await desk.choose(
            text=request.query or None,
            id=request.document_id,
            digest=request.sha256,
            principal=caller.principal,
            headers=headers,
        )
    except ClientError as refused:
        raise refusal or refused from refused
    return replace(request, query=text)
