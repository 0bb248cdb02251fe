"""Answer → bytes, status and headers; refusals and failures too."""

import logging

from router.errors import ClientError, InternalError, OperationRefused
from router.pipeline.values import Answer, Received
from router.wire.encode import CONTENT_TYPES, FRAMINGS, encode, errors_of, masked, new_error_id, response
from router.wire.exchange import HeaderList, Incoming, Outgoing
from router.wire.negotiate import EVENTS, ResponseMode, negotiate, status_of

log = logging.getLogger(__name__)

NEVER_CACHED = (b"cache-control", b"no-store")
CAREFUL = ((b"x-content-type-options", b"nosniff"), (b"cross-origin-resource-policy", b"same-origin"))
VARIES = (b"vary", b"accept, accept-encoding")


async def respond(received: Received, answer: Answer) -> Outgoing:
    """An answer with data, or with a null that went up to the root."""
    body = encode(response(answer.data, answer.errors, answer.extensions))
    if received.mode in FRAMINGS:
        body = FRAMINGS[received.mode].whole(body)
    headers = headers_of(received.mode, received.context.request_id)
    if received.context.set_cookies:
        headers = (*headers, *cookies_of(received))
    return Outgoing(status=200, body=body, headers=headers)


def cookies_of(received: Received) -> HeaderList:
    """What subgraphs want the browser to keep."""
    return tuple((b"set-cookie", cookie.encode("latin-1")) for cookie in received.context.set_cookies)


def refused(refusal: ClientError, incoming: Incoming) -> Outgoing:
    """An answer that says what the client did wrong.

    Readers of events would never see the body of another status than 200, so an operation that is refused
    comes to them as an event (graphql-sse, distinct connections mode).
    """
    accepted = _mode(incoming)
    body = encode({"errors": errors_of(refusal)})
    if accepted in EVENTS and isinstance(refusal, OperationRefused):
        headers = headers_of(accepted, incoming.request_id)
        return Outgoing(status=200, body=FRAMINGS[accepted].whole(body), headers=headers)
    mode = _json_mode(accepted)
    own = tuple((name.encode(), value.encode()) for name, value in refusal.headers)
    return Outgoing(
        status=status_of(refusal, mode),
        body=body,
        headers=(*headers_of(mode, incoming.request_id), *own),
    )


def failed(failure: BaseException, incoming: Incoming) -> Outgoing:
    """An answer that says only that we failed; the log has the rest under the error id."""
    error_id = log_failure(failure, incoming.request_id)
    return Outgoing(
        status=InternalError.status,
        body=encode({"errors": masked(incoming.request_id, error_id)}),
        headers=headers_of(_json_mode(_mode(incoming)), incoming.request_id),
    )


def log_failure(failure: BaseException, request_id: str) -> str:
    """The whole error, for us; gives the id under which it is in the log."""
    error_id = new_error_id()
    told = {"request_id": request_id, "error_id": error_id}
    log.error("a request failed inside", exc_info=failure, extra=told)
    return error_id


def _mode(incoming: Incoming) -> ResponseMode:
    try:
        return negotiate(incoming.headers.get("accept"))
    except ClientError:
        return ResponseMode.JSON


def _json_mode(mode: ResponseMode) -> ResponseMode:
    """Who takes streams only is refused in JSON all the same: the status says that this is none."""
    return ResponseMode.GRAPHQL if mode in FRAMINGS else mode


def headers_of(mode: ResponseMode, request_id: str) -> HeaderList:
    """What every answer says of itself."""
    return (
        (b"content-type", CONTENT_TYPES[mode]),
        NEVER_CACHED,
        VARIES,
        (b"x-request-id", request_id.encode()),
        *CAREFUL,
    )
