"""HTTP request or socket message → Received: well formed, no trick of a foreign page, caller known."""

import asyncio
import re

from router.access.identity import NOBODY, Caller
from router.context import RequestContext
from router.errors import ClientError, CredentialsUnchecked, MethodNotAllowed
from router.pipeline.documented import documented
from router.pipeline.explained import Record, is_wanted
from router.pipeline.router import Router
from router.pipeline.values import Received
from router.wire import csrf
from router.wire.exchange import Incoming, SocketFrame
from router.wire.negotiate import ResponseMode, negotiate
from router.wire.params import from_body, from_payload, from_query_string
from router.wire.position import position_in
from router.wire.request import GraphQLRequest, Transport

TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


async def receive(incoming: Incoming | SocketFrame, router: Router) -> Received:
    """What is asked and by whom; wrong credentials are noted here and refused by `authorise`."""
    mode, request = _read(incoming)
    caller, refusal = await _identify(incoming, router)
    desk, registered = router.desk, None
    if desk.concerns(request.document_id, request.sha256):
        id = request.document_id or request.sha256
        if id is not None and not request.query:
            registered = desk.registered(id, caller.principal, incoming.headers)
        if registered is None:
            request = await documented(request, caller, refusal, incoming.headers, desk)
    return Received(
        request=request,
        registered=registered,
        context=_context(incoming, request, caller, router),
        caller=caller,
        refusal=refusal,
        snapshot=router.snapshots.current,
        mode=mode,
        record=Record() if is_wanted(incoming.headers, router.settings) else None,
    )


def _read(incoming: Incoming | SocketFrame) -> tuple[ResponseMode, GraphQLRequest]:
    if isinstance(incoming, SocketFrame):
        return ResponseMode.GRAPHQL, from_payload(incoming.payload, Transport.SOCKET)
    headers = incoming.headers
    mode = negotiate(headers.get("accept"))
    match incoming.method:
        case "POST" if incoming.payload is not None:
            return mode, from_payload(incoming.payload, Transport.POST)
        case "POST":
            return mode, from_body(headers.get("content-type"), incoming.body)
        case "GET":
            csrf.check_get(headers)
            return mode, from_query_string(incoming.query_string)
        case _:
            raise MethodNotAllowed("Use POST, or GET for queries.")


async def _identify(incoming: Incoming | SocketFrame, router: Router) -> tuple[Caller, ClientError | None]:
    try:
        return await router.door.identify(incoming.headers), None
    except CredentialsUnchecked:
        raise
    except ClientError as refusal:
        return NOBODY, refusal


def _context(
    incoming: Incoming | SocketFrame, request: GraphQLRequest, caller: Caller, router: Router
) -> RequestContext:
    headers = incoming.headers
    has_position = request.extensions or "last-event-id" in headers
    return RequestContext(
        request_id=incoming.request_id,
        deadline=asyncio.get_running_loop().time() + router.settings.timeouts.request,
        principal=caller.principal,
        headers=headers,
        client_address=incoming.client_address,
        user_agent=headers.get("user-agent"),
        traceparent=traceparent_of(headers.get("traceparent")),
        last_event_id=position_in(request.extensions, headers) if has_position else None,
    )


def traceparent_of(given: str | None) -> str | None:
    """The client's trace, if it is one (W3C Trace Context §3.2)."""
    return given if given is not None and TRACEPARENT.fullmatch(given) else None
