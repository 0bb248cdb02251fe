"""Lists that subgraphs stream, over HTTP as real servers write them, and as no server should."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
import strawberry
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig

from router.context import RequestContext
from router.operation.model import OperationKind
from router.subgraph_client.headers import HeaderPolicy
from router.subgraph_client.http import HttpPool, HttpSubgraphClient
from router.subgraph_client.protocol import (
    Beginning,
    Failure,
    Items,
    ListEnd,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)
from tests.fakes.http_server import serving
from tests.fakes.raw_subgraph import RawSubgraph, Say, http, raw_subgraph

PLENTY = 30.0
LIMIT = 10_000
MULTIPART = b'HTTP/1.1 200 OK\r\ncontent-type: multipart/mixed; boundary="-"\r\nconnection: close\r\n\r\n'
STREAMED = "{ numbers @stream(initialCount: 1) { half } }"


class Counted:
    """How many lists are being made, and what lets them go on."""

    open = 0
    go_on = asyncio.Event()


@strawberry.type
class Number:
    """A whole number."""

    value: int

    @strawberry.field
    def half(self) -> int:
        """Its half, if it has one."""
        if self.value % 2:
            raise ValueError("odd")
        return self.value // 2


@strawberry.type
class Query:
    """Numbers, one after the other."""

    @strawberry.field
    async def numbers(self) -> strawberry.Streamable[Number | None]:
        """0, 2, nothing, 4, and then it depends."""
        Counted.open += 1
        try:
            yield Number(value=0)
            yield Number(value=2)
            yield None
            yield Number(value=4)
            await Counted.go_on.wait()
        finally:
            Counted.open -= 1


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(enable_experimental_incremental_execution=True))


@pytest.fixture(autouse=True)
def counted() -> None:
    Counted.open, Counted.go_on = 0, asyncio.Event()


@asynccontextmanager
async def client_of(url: str, seconds: float = PLENTY) -> AsyncIterator[HttpSubgraphClient]:
    pool = HttpPool(connect_seconds=PLENTY, connections_per_host=10, max_answer_bytes=LIMIT)
    try:
        yield HttpSubgraphClient(name="s", url=url, pool=pool, policy=HeaderPolicy(), seconds=seconds)
    finally:
        await pool.close()


def asking(document: str = STREAMED) -> SubgraphRequest:
    return SubgraphRequest(
        kind=OperationKind.QUERY,
        document=document,
        operation_name=None,
        variables={},
        context=RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + PLENTY),
        takes_parts=True,
    )


async def test_what_strawberry_streams_is_understood() -> None:
    async with serving(GraphQL(SCHEMA)) as server, client_of(server.url) as client:
        beginning = await client.execute(asking())

        assert isinstance(beginning, Beginning)
        assert beginning.data == {"numbers": [{"half": 0}]}
        assert beginning.open == frozenset([("numbers",)])
        found: list[Any] = []
        while len(found) < 3:
            for each in await anext(beginning.more):
                assert isinstance(each, Items)
                assert each.path == ("numbers",)
                found.extend(each.items)
        assert found == [{"half": 1}, None, {"half": 2}]
        Counted.go_on.set()
        assert await anext(beginning.more) == (ListEnd(path=("numbers",)),)
        with pytest.raises(StopAsyncIteration):
            await anext(beginning.more)
        await beginning.more.aclose()


async def test_a_list_that_nobody_wants_any_more_is_made_no_further() -> None:
    async with serving(GraphQL(SCHEMA)) as server, client_of(server.url) as client:
        beginning = await client.execute(asking())
        assert isinstance(beginning, Beginning)
        assert Counted.open == 1

        await beginning.more.aclose()

        while Counted.open:
            await asyncio.sleep(0.01)


async def test_an_answer_that_is_whole_is_one() -> None:
    async with serving(GraphQL(SCHEMA)) as server, client_of(server.url) as client:
        response = await client.execute(asking("{ __typename }"))

    assert response == SubgraphResponse(data={"__typename": "Query"}, is_shared=False)


def parts(*bodies: Mapping[str, Any] | bytes, end: bytes = b"--\r\n") -> bytes:
    written = b"---"
    for body in bodies:
        text = body if isinstance(body, bytes) else orjson.dumps(body)
        written += b"\r\nContent-Type: application/json\r\n\r\n" + text + b"\r\n---"
    return written + end


@asynccontextmanager
async def saying(*said: bytes | asyncio.Event) -> AsyncGenerator[RawSubgraph, None]:
    async def say(asked: Mapping[str, Any], writer: asyncio.StreamWriter) -> None:
        for piece in said:
            if isinstance(piece, asyncio.Event):
                await piece.wait()
            else:
                writer.write(piece)
                await writer.drain()

    says: Say = say
    async with raw_subgraph(says) as subgraph:
        yield subgraph


FIRST = {"data": {"a": [1]}, "pending": [{"id": "0", "path": ["a"]}], "hasNext": True}
MORE = {"incremental": [{"id": "0", "items": [2]}], "hasNext": True}
LAST = {"completed": [{"id": "0"}], "hasNext": False}


async def test_parts_of_the_older_formats_are_understood() -> None:
    first = {"data": {"a": [1]}, "hasNext": True}
    of_2022 = {"incremental": [{"path": ["a", 1], "items": [2]}, {"path": ["a", 2], "items": None}]}
    single = {"path": ["a", 2], "data": 3, "hasNext": False}
    written = parts(first, of_2022, single)
    async with saying(MULTIPART, written) as subgraph, client_of(subgraph.url) as client:
        beginning = await client.execute(asking())
        assert isinstance(beginning, Beginning)
        assert beginning.open is None
        assert await anext(beginning.more) == (Items(path=("a",), items=[2]), ListEnd(path=("a",)))
        assert await anext(beginning.more) == (Items(path=("a",), items=[3]),)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (parts(FIRST, MORE, end=b""), "broke off its answer"),
        (parts(FIRST, MORE), "broke off its answer"),
        (parts(FIRST, MORE, b"[1"), "sent a part that is not JSON"),
        (parts(FIRST, MORE, b"[1]"), "sent a part of unknown shape"),
        (parts(FIRST, MORE, {"incremental": [1]}), "sent a part with unknown incremental"),
        (parts(FIRST, MORE, {"pending": [{"path": []}]}), "announced something without an id"),
        (parts(FIRST, MORE, {"pending": [{"id": "1", "path": [True]}]}), "sent a part that belongs nowhere"),
        (parts(FIRST, MORE, {"incremental": [{"id": "0", "items": [], "errors": [1]}]}), "sent errors that"),
        (
            parts(FIRST, MORE, {"incremental": [{"path": ["a"], "data": {}}]}),
            "sent something that is no part",
        ),
    ],
)
async def test_an_answer_that_goes_wrong_later_says_so(written: bytes, reason: str) -> None:
    async with saying(MULTIPART, written) as subgraph, client_of(subgraph.url) as client:
        beginning = await client.execute(asking())
        assert isinstance(beginning, Beginning)

        await anext(beginning.more)
        with pytest.raises(SubgraphUnavailable, match=reason) as raised:
            await anext(beginning.more)

        assert raised.value.code is Failure.BAD_RESPONSE
        await beginning.more.aclose()


async def test_all_parts_together_are_no_larger_than_an_answer() -> None:
    begun = asyncio.Event()
    said = saying(MULTIPART, parts(FIRST, end=b""), begun, b" " * LIMIT)
    async with said as subgraph, client_of(subgraph.url) as client:
        beginning = await client.execute(asking())
        assert isinstance(beginning, Beginning)
        begun.set()
        with pytest.raises(SubgraphUnavailable, match=f"more than {LIMIT} bytes"):
            await anext(beginning.more)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (MULTIPART + parts(), Failure.BAD_RESPONSE),
        (MULTIPART + parts({"hasNext": True}), Failure.BAD_RESPONSE),
        (http(b"no", status="503 Service Unavailable"), Failure.HTTP_ERROR),
        (http(b"no"), Failure.BAD_RESPONSE),
        (http(b"[" * LIMIT + b"["), Failure.BAD_RESPONSE),
        (b"what?", Failure.UNREACHABLE),
    ],
)
async def test_no_beginning_is_no_answer(written: bytes, code: Failure) -> None:
    async with saying(written) as subgraph, client_of(subgraph.url) as client:
        with pytest.raises(SubgraphUnavailable) as raised:
            await client.execute(asking())

    assert raised.value.code is code


async def test_a_beginning_that_does_not_come_is_waited_for_as_long_as_an_answer() -> None:
    silent = saying(MULTIPART, b"---\r\n", asyncio.Event())
    async with silent as subgraph, client_of(subgraph.url, seconds=0.2) as client:
        with pytest.raises(SubgraphUnavailable) as raised:
            await client.execute(asking())

    assert raised.value.code is Failure.TIMEOUT
