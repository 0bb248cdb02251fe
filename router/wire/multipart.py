"""Responses → parts of `multipart/mixed`: subscriptions (subscriptionSpec=1.0), and one response in parts.

A part counts as whole for clients when the delimiter after it has come, so each part brings the next
part's delimiter with it.
"""

from router.wire.framing import Framing

DELIMITER = b"\r\n--graphql"
HEAD = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"
CLOSED = b"--\r\n"


def part(body: bytes) -> bytes:
    """One part, and the delimiter that shows its end."""
    return HEAD + body + DELIMITER


def _event(response: bytes, id: str | None = None) -> bytes:
    return part(b'{"payload":' + response + b"}")


def _failed(errors: bytes) -> bytes:
    return part(b'{"payload":null,"errors":' + errors + b"}") + CLOSED


def _whole(response: bytes) -> bytes:
    return DELIMITER + _event(response) + CLOSED


SUBSCRIPTION = Framing(
    content_type=b'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"',
    opened=DELIMITER,
    heartbeat=part(b"{}"),
    event=_event,
    completed=CLOSED,
    failed=_failed,
    interrupted=_failed,
    whole=_whole,
)


def _part(response: bytes, id: str | None) -> bytes:
    return part(response)


def _only(response: bytes) -> bytes:
    """A response as the first part and the last; `response` is a JSON object that is not empty."""
    return DELIMITER + part(response[:-1] + b',"hasNext":false}') + CLOSED


def _incomplete(errors: bytes) -> bytes:
    return part(b'{"errors":' + errors + b',"hasNext":false}') + CLOSED


def _incremental(specification: bytes) -> Framing:
    """Parts of one response (@defer): no envelope, and no heartbeats, as the request's deadline holds."""
    return Framing(
        content_type=b'multipart/mixed;boundary="graphql";' + specification,
        opened=DELIMITER,
        heartbeat=b"",
        event=_part,
        completed=CLOSED,
        failed=_incomplete,
        interrupted=_incomplete,
        whole=_only,
    )


PARTS = _incremental(b"incrementalSpec=v0.2")
PARTS_2022 = _incremental(b"deferSpec=20220824")
