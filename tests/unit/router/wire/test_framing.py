"""What stands around responses, and that nothing inside can end it early."""

from router.wire import multipart
from router.wire.event import Event
from router.wire.sse import SSE


def test_an_event_is_encoded_once() -> None:
    event = Event({"data": {"text": "a\n\nb"}}, id="7")

    assert event.json == b'{"data":{"text":"a\\n\\nb"}}'
    assert event.json is event.json


def test_a_server_sent_event_says_where_its_source_can_go_on() -> None:
    assert SSE.event(b"{}", "7") == b"id: 7\nevent: next\ndata: {}\n\n"
    assert SSE.event(b"{}", None) == b"event: next\ndata: {}\n\n"


def test_an_id_with_a_line_break_is_not_written() -> None:
    for id in ("7\nevent: complete", "7\rdata: x", "7\u2028", "\0"):
        assert SSE.event(b"{}", id) == b"event: next\ndata: {}\n\n"


def test_parts_hold_their_response_and_the_next_delimiter() -> None:
    head = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"

    assert multipart.SUBSCRIPTION.event(b"{}", "7") == head + b'{"payload":{}}\r\n--graphql'
    assert multipart.PARTS.event(b"{}", None) == head + b"{}\r\n--graphql"
