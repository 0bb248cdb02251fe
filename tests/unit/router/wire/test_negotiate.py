"""How an Accept header decides on type and status."""

import pytest

from router.errors import BadRequest, NotAcceptable, ParseFailed, Unauthenticated
from router.wire.negotiate import (
    ResponseMode,
    negotiate,
    parts_mode,
    status_of,
    stream_mode,
    wants_page,
)

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "mode"),
    [
        (None, ResponseMode.JSON),
        ("", ResponseMode.JSON),
        ("*/*", ResponseMode.JSON),
        ("application/*", ResponseMode.JSON),
        ("application/json", ResponseMode.JSON),
        ("application/graphql-response+json", ResponseMode.GRAPHQL),
        ("application/graphql-response+json; charset=utf-8", ResponseMode.GRAPHQL),
        ("application/graphql-response+json, application/json;q=0.9", ResponseMode.GRAPHQL),
        ("application/json, application/graphql-response+json", ResponseMode.JSON),
        ("application/json;q=0.5, application/graphql-response+json", ResponseMode.GRAPHQL),
        ("APPLICATION/JSON", ResponseMode.JSON),
        ("text/event-stream", ResponseMode.EVENTS),
        ("text/event-stream, application/json;q=0.1", ResponseMode.EVENTS),
        ("text/event-stream;q=0, application/json;q=0.1", ResponseMode.JSON),
        ("application/json, text/event-stream", ResponseMode.JSON),
        ("multipart/mixed, application/json;q=0.1", ResponseMode.JSON),
        ("multipart/mixed", ResponseMode.PARTS),
        ("multipart/mixed; boundary=graphql; subscriptionSpec=1.0", ResponseMode.SUBSCRIPTION),
        (BROWSER, ResponseMode.JSON),
    ],
)
def test_the_type_the_client_likes_best_is_chosen(accept: str | None, mode: ResponseMode) -> None:
    assert negotiate(accept) is mode


@pytest.mark.parametrize(
    ("accept", "mode"),
    [
        (None, None),
        ("application/json, */*", None),
        ("multipart/mixed", None),
        ("multipart/mixed;subscriptionSpec=2.0", None),
        ("multipart/mixed;subscriptionSpec=1.0;q=0", None),
        ("text/event-stream", ResponseMode.EVENTS),
        (
            'multipart/mixed;boundary=graphql;SubscriptionSpec="1.0",application/json',
            ResponseMode.SUBSCRIPTION,
        ),
        ("multipart/mixed;subscriptionSpec=1.0;q=0.5, text/event-stream", ResponseMode.EVENTS),
        ("multipart/mixed;subscriptionSpec=1.0, text/event-stream", ResponseMode.SUBSCRIPTION),
    ],
)
def test_many_responses_need_a_type_that_carries_them(accept: str | None, mode: ResponseMode | None) -> None:
    assert stream_mode(accept) is mode


@pytest.mark.parametrize(
    ("accept", "mode"),
    [
        (None, None),
        ("*/*", None),
        ("application/json, multipart/mixed;q=0", None),
        ("multipart/mixed;subscriptionSpec=1.0", None),
        ("multipart/mixed", ResponseMode.PARTS),
        ("multipart/mixed;deferSpec=20991231", ResponseMode.PARTS),
        ("application/json, multipart/mixed;incrementalSpec=v0.2;q=0.1", ResponseMode.PARTS),
        ('multipart/mixed; boundary="-"; deferSpec="20220824", application/json', ResponseMode.PARTS_2022),
        ("text/event-stream", ResponseMode.EVENTS),
        ("text/event-stream;deferSpec=20220824, multipart/mixed", ResponseMode.EVENTS_2022),
    ],
)
def test_parts_need_a_type_that_carries_them(accept: str | None, mode: ResponseMode | None) -> None:
    assert parts_mode(accept) is mode


@pytest.mark.parametrize("accept", ["image/png", "text/html", "application/json;q=0", "x", ";;,,"])
def test_a_client_that_takes_nothing_of_ours_is_refused(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        negotiate(accept)


@pytest.mark.parametrize(
    ("accept", "is_page"),
    [
        (BROWSER, True),
        ("text/html", True),
        ("text/html;q=0.5, application/json", False),
        ("application/json, text/html", False),
        ("*/*", False),
        (None, False),
    ],
)
def test_only_a_browser_that_opens_the_address_gets_a_page(accept: str | None, is_page: bool) -> None:
    assert wants_page(accept) is is_page


def test_a_refused_operation_is_400_for_new_clients_and_200_for_old_ones() -> None:
    refusal = ParseFailed("Syntax Error")

    assert status_of(refusal, ResponseMode.GRAPHQL) == 400
    assert status_of(refusal, ResponseMode.JSON) == 200


def test_what_is_wrong_with_the_request_itself_is_4xx_for_everybody() -> None:
    assert status_of(BadRequest("x"), ResponseMode.JSON) == 400
    assert status_of(Unauthenticated("x"), ResponseMode.JSON) == 401
