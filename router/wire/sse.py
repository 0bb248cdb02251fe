"""Responses → server-sent events, as the distinct connections mode of graphql-sse has them."""

from router.wire.framing import Framing

COMMENT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"  # without a `data` line browsers would not tell of it


def event(response: bytes, id: str | None = None) -> bytes:
    """A `next` event; compact JSON has no line break that could end it early.

    Browsers that lose the connection come back with the `id` of the last one.
    """
    if id is None or not id.isprintable():  # a line break in it would be one here
        return b"event: next\ndata: " + response + b"\n\n"
    return b"id: " + id.encode() + b"\nevent: next\ndata: " + response + b"\n\n"


def _failed(errors: bytes) -> bytes:
    return event(b'{"errors":' + errors + b"}") + COMPLETE


def _interrupted(errors: bytes) -> bytes:
    """Nothing: a stream that ends without `complete` is one that clients open again."""
    return b""


def _whole(response: bytes) -> bytes:
    return event(response) + COMPLETE


SSE = Framing(
    content_type=b"text/event-stream; charset=utf-8",
    opened=COMMENT,
    heartbeat=COMMENT,
    event=event,
    completed=COMPLETE,
    failed=_failed,
    interrupted=_interrupted,
    whole=_whole,
)
