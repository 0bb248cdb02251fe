"""What a head says of every request that comes with it: read once, when the head is learned."""

from collections.abc import Mapping
from typing import Any

from router.cost.costs import HEADER as COST_HEADER
from router.errors import ClientError
from router.http.scope import REQUEST_ID, client_address_of
from router.pipeline.explained import is_wanted
from router.pipeline.lane import Way
from router.pipeline.receive import traceparent_of
from router.settings import RouterSettings
from router.wire.negotiate import ResponseMode, negotiate, parts_mode
from router.wire.params import check_content_type

LONGEST_LENGTH = 20
"""Characters that the length of a body may take."""

_CREDENTIALS = ("authorization", "x-api-key")
_SPECIAL = ("last-event-id", "content-encoding", COST_HEADER, "origin")
_PLAIN = (ResponseMode.JSON, ResponseMode.GRAPHQL)


def way_of(
    scope: Mapping[str, Any], read: tuple[Mapping[str, str], int], settings: RouterSettings
) -> Way | None:
    """How requests with this head go on the lane; None: they go through the stages.

    `read`: the headers by their names, and their bytes in all.
    """
    headers, size = read
    if size + LONGEST_LENGTH > settings.max_header_bytes or is_wanted(headers, settings):
        return None
    if any(name in headers for name in _SPECIAL):
        return None
    accept = headers.get("accept")
    try:
        check_content_type(headers.get("content-type"))
        mode = negotiate(accept)
    except ClientError:
        return None
    if mode not in _PLAIN or parts_mode(accept) is not None:
        return None
    request_id = headers.get("x-request-id")
    return Way(
        mode=mode,
        headers={name: value for name, value in headers.items() if name != "content-length"},
        client_address=client_address_of(scope, settings.trusted_proxies, settings.address_header),  # type: ignore[arg-type]
        user_agent=headers.get("user-agent"),
        traceparent=traceparent_of(headers.get("traceparent")),
        request_id=request_id if request_id is not None and REQUEST_ID.fullmatch(request_id) else None,
        accept_encoding=headers.get("accept-encoding"),
        has_credentials=any(name in headers for name in _CREDENTIALS),
    )
