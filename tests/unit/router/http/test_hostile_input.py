"""Whatever bytes come in, the answer is in time, in JSON, with a code, and shows nothing of our inside."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Message

from router.app import RouterApp, Surroundings, build_app
from router.settings import RouterSettings
from router.snapshot.load import TextSource
from tests.fakes.shop import Shop

ONCE_MORE = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NAMES = st.sampled_from(
    ["accept", "content-type", "content-length", "content-encoding", "authorization", "cookie", "origin",
     "sec-fetch-site", "x-request-id", "apollo-require-preflight", "traceparent", "atrium-identity"]
)  # fmt: skip
VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"application/json", b"application/graphql-response+json", b"text/html", b"*/*;q=0", b"-1", b"1e9"]
    ),
)
HEADERS = st.lists(st.tuples(NAMES.map(str.encode), VALUES), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
WORDS = '''
{ } ( ) [ ] : ! = | & ... @ $ # query mutation subscription fragment on Query Product products product
name reviews echo text id child fail code __typename __schema __type types fields if: true null 1 1.5e9
$a a "x" """ @include(if:$a) @skip(if:true) ($a:Int) (id:"1") (text:$a) {id} {__typename}
'''
TOKENS = WORDS.split()
QUERIES = st.one_of(
    st.lists(st.sampled_from(TOKENS), max_size=25).map(" ".join),
    st.lists(st.sampled_from(TOKENS), max_size=12).map(
        lambda tokens: f"{{ products {{ {' '.join(tokens)} }} }}"
    ),
    st.sampled_from(["{ products { name } }", "query($a: ID!) { product(id: $a) { name } }", "{ fail }"]),
)
VARIABLES = st.dictionaries(st.sampled_from(["a", "b", ""]), JSON, max_size=2)
REQUESTS = st.fixed_dictionaries(
    {"query": QUERIES | JSON},
    optional={"operationName": JSON, "variables": VARIABLES | JSON, "extensions": JSON},
)


def as_json(value: Any) -> bytes:
    """What can be written as JSON; the rest is replaced."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return b"{}"


def as_frame(payload: Any) -> str:
    """A `subscribe` message."""
    return as_json({"id": "1", "type": "subscribe", "payload": payload}).decode()


BODIES = st.one_of(st.binary(max_size=200), JSON.map(as_json), REQUESTS.map(as_json))
FRAMES = st.one_of(
    st.text(max_size=80), JSON.map(lambda value: as_json(value).decode()), REQUESTS.map(as_frame)
)


@pytest.fixture
async def app() -> AsyncIterator[RouterApp]:
    shop = Shop()
    subgraphs = {"products": shop.products_subgraph(), "reviews": shop.reviews_subgraph()}
    app = build_app(RouterSettings(), TextSource(shop.supergraph()), Surroundings(subgraphs=subgraphs))
    await app.start()
    yield app
    await app.stop()


async def answered(
    app: RouterApp,
    *,
    method: str = "POST",
    path: str = "/graphql",
    query_string: bytes = b"",
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: bytes = b"",
) -> tuple[int, bytes]:
    """Status and body of the answer to one request."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query_string,
        "headers": list(headers),
        "client": ("127.0.0.1", 1),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    async with asyncio.timeout(5):
        await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def check(status: int, body: bytes) -> None:
    assert status != 500, body
    payload = orjson.loads(body)
    assert isinstance(payload, dict)
    assert payload.keys() <= {"data", "errors"}
    for error in payload.get("errors", ()):
        assert isinstance(error["extensions"]["code"], str)
        assert "Traceback" not in error["message"]
    if status >= 400:
        assert payload["errors"]


@ONCE_MORE
@given(headers=HEADERS, body=BODIES)
async def test_any_post(app: RouterApp, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    check(*await answered(app, headers=headers, body=body))


@ONCE_MORE
@given(body=BODIES)
async def test_any_json(app: RouterApp, body: bytes) -> None:
    check(*await answered(app, headers=[(b"content-type", b"application/json")], body=body))


@ONCE_MORE
@given(headers=HEADERS, query_string=st.binary(max_size=120))
async def test_any_get(app: RouterApp, headers: list[tuple[bytes, bytes]], query_string: bytes) -> None:
    check(*await answered(app, method="GET", headers=headers, query_string=query_string))


@ONCE_MORE
@given(texts=st.lists(FRAMES, max_size=5))
async def test_any_frame(app: RouterApp, texts: list[str]) -> None:
    incoming: list[Message] = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": '{"type":"connection_init"}'},
        *({"type": "websocket.receive", "text": text} for text in texts),
        {"type": "websocket.disconnect", "code": 1005},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        if not incoming:
            await asyncio.Event().wait()
        return incoming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/graphql",
        "headers": [],
        "subprotocols": ["graphql-transport-ws"],
        "client": None,
    }
    async with asyncio.timeout(5):
        await app(scope, receive, send)

    codes = [message["code"] for message in sent if message["type"] == "websocket.close"]
    assert 4500 not in codes
    for message in (orjson.loads(each["text"]) for each in sent if "text" in each):
        if message["type"] == "error":
            assert "INTERNAL_SERVER_ERROR" not in str(message)
