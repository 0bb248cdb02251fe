"""Whatever a server does instead of answering properly has its own code, and costs no more than allowed."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import orjson
import pytest

from common.access.principal import Principal, PrincipalKind
from router.context import RequestContext
from router.operation.model import OperationKind
from router.subgraph_client.headers import HeaderPolicy
from router.subgraph_client.http import HttpPool, HttpSubgraphClient
from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse, SubgraphUnavailable
from tests.fakes.http_server import serving_raw

JSON = b"Content-Type: application/json\r\n"


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    pool = HttpPool(connect_seconds=30, connections_per_host=4, max_answer_bytes=1_000)
    yield pool
    await pool.close()


def client(pool: HttpPool, url: str, policy: HeaderPolicy | None = None) -> HttpSubgraphClient:
    return HttpSubgraphClient(name="s", url=url, pool=pool, policy=policy or HeaderPolicy(), seconds=30)


def question() -> SubgraphRequest:
    context = RequestContext(
        request_id="r-1",
        deadline=asyncio.get_running_loop().time() + 60,
        principal=Principal(kind=PrincipalKind.USER),
        traceparent="00-1-2-01",
    )
    return SubgraphRequest(
        kind=OperationKind.QUERY, document="{a}", operation_name=None, variables={}, context=context
    )


async def answered(pool: HttpPool, answer: bytes) -> SubgraphResponse:
    """What the client makes of these bytes."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with serving_raw(connected) as url:
        return await client(pool, url).execute(question())


def http(status: str, body: bytes, headers: bytes = JSON) -> bytes:
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status.encode(), headers, len(body), body)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http("500 Oops", b"<html>"), "SUBGRAPH_HTTP_ERROR"),
        (http("502 Bad", b'{"message":"x"}'), "SUBGRAPH_HTTP_ERROR"),
        (http("302 Found", b"", b"Location: http://127.0.0.1:1/\r\n"), "SUBGRAPH_HTTP_ERROR"),
        (http("200 OK", b"<html>"), "SUBGRAPH_BAD_RESPONSE"),
        (http("200 OK", b""), "SUBGRAPH_BAD_RESPONSE"),
        (http("200 OK", b"[]"), "SUBGRAPH_BAD_RESPONSE"),
        (http("200 OK", b"{}"), "SUBGRAPH_BAD_RESPONSE"),
        (http("200 OK", b'{"data":[]}'), "SUBGRAPH_BAD_RESPONSE"),
        (http("200 OK", b'{"errors":[]}'), "SUBGRAPH_BAD_RESPONSE"),
        (http("200 OK", b'{"errors":[{"m":1}]}'), "SUBGRAPH_BAD_RESPONSE"),
        (http("200 OK", b'{"data":{"a":"\xff"}}'), "SUBGRAPH_BAD_RESPONSE"),
        (http("200 OK", b'{"data":{"a":"' + b"x" * 1_000 + b'"}}'), "SUBGRAPH_BAD_RESPONSE"),
        (
            http("200 OK", gzip.compress(b" " * 100_000), JSON + b"Content-Encoding: gzip\r\n"),
            "SUBGRAPH_BAD_RESPONSE",
        ),
        (b"HTTP/1.1 200 OK\r\n" + JSON + b'Content-Length: 100\r\n\r\n{"data":', "SUBGRAPH_BAD_RESPONSE"),
        (
            b"HTTP/1.1 200 OK\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
            "SUBGRAPH_BAD_RESPONSE",
        ),
        (b"SSH-2.0-OpenSSH\r\n", "SUBGRAPH_BAD_RESPONSE"),
        (b"", "SUBGRAPH_UNREACHABLE"),
    ],
)
async def test_what_is_no_answer_has_a_code(pool: HttpPool, answer: bytes, code: str) -> None:
    with pytest.raises(SubgraphUnavailable) as away:
        await answered(pool, answer)

    assert away.value.code == code
    assert "127.0.0.1" not in str(away.value)


async def test_a_graphql_response_is_read_whatever_its_status(pool: HttpPool) -> None:
    response = await answered(pool, http("400 Bad Request", b'{"errors":[{"message":"no"}]}'))

    assert response == SubgraphResponse(data=None, errors=({"message": "no"},))


async def test_nobody_at_the_address(pool: HttpPool) -> None:
    with pytest.raises(SubgraphUnavailable) as away:
        await client(pool, "http://127.0.0.1:1/").execute(question())

    assert away.value.code == "SUBGRAPH_UNREACHABLE"
    assert not away.value.was_reset


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "http://", "ftp://127.0.0.1/", "http://a..b/", "https://a..b/", f"http://{'a' * 64}/"],
)
async def test_an_address_that_is_none(pool: HttpPool, url: str) -> None:
    with pytest.raises(SubgraphUnavailable) as away:
        await client(pool, url).execute(question())

    assert away.value.code == "SUBGRAPH_UNREACHABLE"


async def test_a_server_that_stops_in_the_middle_is_given_up_in_time(pool: HttpPool) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await reader.read()
        writer.close()

    async with serving_raw(connected) as url:
        patient = HttpSubgraphClient(name="s", url=url, pool=pool, policy=HeaderPolicy(), seconds=0.1)
        with pytest.raises(SubgraphUnavailable) as away:
            await patient.execute(question())

    assert away.value.code == "SUBGRAPH_TIMEOUT"


async def test_connections_are_kept_and_requests_say_who_asks(pool: HttpPool) -> None:
    heads: list[bytes] = []
    connections = 0

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            try:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
            except asyncio.IncompleteReadError:
                break
            await reader.readuntil(b'}"}')
            writer.write(http("200 OK", b'{"data":{"a":1}}'))
        writer.close()

    def sign(context: RequestContext, *, audience: str, body: bytes) -> str:
        return f"{context.principal.kind}-{audience}-{len(body)}"

    async with serving_raw(connected) as url:
        signing = client(pool, url, HeaderPolicy(sign=sign))
        for _ in range(3):
            await signing.execute(question())
        await pool.close()

    assert connections == 1
    body = len(orjson.dumps({"query": "{a}"}))
    assert b"atrium-identity: user-s-%d\r\n" % body in heads[0]
    assert b"x-request-id: r-1\r\n" in heads[0]
    assert b"traceparent: 00-1-2-01\r\n" in heads[0]
