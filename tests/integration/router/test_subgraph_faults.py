"""Whatever a subgraph says: the rest is answered, an error names it and the place, in time and in bounds.

Every fault of the tables meets the real router over real HTTP, interpreting and running compiled plans. The
question has a root field (`depot`) and entities (`left`) of the faulty subgraph beside fields of a good one.
"""

import asyncio
import gzip
import json
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from router.app import RouterApp, build_app
from router.settings import RouterSettings, Timeouts
from router.snapshot.load import TextSource
from schema.compose import Subgraph, compose
from tests.fakes.http_server import serving
from tests.fakes.raw_subgraph import Asked, RawSubgraph, Say, http, raw_subgraph

MAX_ANSWER_BYTES = 200_000
SHORT_SECONDS = 1.0
"""What a subgraph that says nothing gets; a good one beside it answers within, on a slow machine too."""
LONG_SECONDS = 20.0
QUERY = (
    "{ greeting depot chairs { __typename id left place { __typename row }"
    " owner { __typename ... on Person { name } ... on Firm { tax } } } }"
)
LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])\n'
)
CATALOGUE = (
    LINK + 'type Query { greeting: String! chairs: [Chair!]! } type Chair @key(fields: "id") { id: ID! }'
)
STOCK = LINK + (
    "type Query { depot: String } type Place { row: Int! } union Owner = Person | Firm "
    "type Person { name: String } type Firm { tax: Int } "
    'type Chair @key(fields: "id") { id: ID! left: Int place: Place owner: Owner }'
)
IDS = ("1", "2", "3")


def full(id: str) -> dict[str, Any]:
    """What the faulty subgraph knows of a chair when it is well."""
    return {
        "left": int(id) * 10,
        "place": {"__typename": "Place", "row": int(id)},
        "owner": {"__typename": "Person", "name": f"owner {id}"},
    }


HEALTHY: Mapping[str, Any] = {
    "greeting": "hi",
    "depot": "north",
    "chairs": [{"__typename": "Chair", "id": id, **full(id)} for id in IDS],
}
EMPTY = {"left": None, "place": None, "owner": None}
NOTHING = {
    "greeting": "hi",
    "depot": None,
    "chairs": [{"__typename": "Chair", "id": id, **EMPTY} for id in IDS],
}
FOR_ALL = {("depot",), *(("chairs", index, name) for index in range(3) for name in EMPTY)}


def answered(asked: Asked) -> dict[str, Any]:
    """The healthy answer to a question."""
    if "_entities" not in asked["query"]:
        return {"data": {"depot": "north"}}
    told = asked["variables"]["representations"]
    return {"data": {"_entities": [{"__typename": "Chair", **full(each["id"])} for each in told]}}


async def healthy(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """As it should be."""
    writer.write(http(json.dumps(answered(asked)).encode()))


def saying(answer: bytes) -> Say:
    """These bytes, whatever the question."""

    async def say(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return say


def changing(change: Callable[[dict[str, Any]], Any]) -> Say:
    """The healthy answer, changed."""

    async def say(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(http(json.dumps(change(answered(asked))).encode()))

    return say


def entities(change: Callable[[list[Any]], Any]) -> Say:
    """The healthy answer, with other entities."""

    def changed(answer: dict[str, Any]) -> dict[str, Any]:
        if "_entities" in answer["data"]:
            return {"data": {"_entities": change(answer["data"]["_entities"])}}
        return answer

    return changing(changed)


def as_text(spoil: Callable[[bytes], bytes]) -> Say:
    """The healthy answer as bytes, spoilt."""

    async def say(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(http(spoil(json.dumps(answered(asked)).encode())))

    return say


async def silent(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Nothing at all, for ever."""
    await asyncio.Event().wait()


def dripping(first: bytes, drop: bytes) -> Say:
    """A beginning, then drop after drop without an end."""

    async def say(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        if not drop:
            await asyncio.Event().wait()
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0)

    return say


async def cut(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Half of the answer, then the connection is reset."""
    whole = http(json.dumps(answered(asked)).encode())
    writer.write(whole[: len(whole) - 12])
    await writer.drain()
    writer.transport.abort()


async def hung_up(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Not one byte, and the connection is reset."""
    writer.transport.abort()


async def dead_after_first(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """The root field is answered, entities are not."""
    if "_entities" in asked["query"]:
        writer.transport.abort()
    else:
        await healthy(asked, writer)


def bomb(size: int) -> bytes:
    """Much in little."""
    return gzip.compress(b'{"data":{"depot":"' + b"x" * size + b'"}}')


BAD, AWAY, LATE, STATUS = (
    "SUBGRAPH_BAD_RESPONSE",
    "SUBGRAPH_UNREACHABLE",
    "SUBGRAPH_TIMEOUT",
    "SUBGRAPH_HTTP_ERROR",
)
CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"

USELESS: Mapping[str, tuple[Say, str]] = {
    "no json": (saying(http(b"so what")), BAD),
    "html with status 200": (saying(http(b"<html>Welcome</html>", content_type="text/html")), BAD),
    "empty body": (saying(http(b"")), BAD),
    "a list": (saying(http(b"[]")), BAD),
    "a number": (saying(http(b"7")), BAD),
    "null": (saying(http(b"null")), BAD),
    "an object without data": (saying(http(b"{}")), BAD),
    "data is a list": (saying(http(b'{"data":[]}')), BAD),
    "data is a text": (saying(http(b'{"data":"x"}')), BAD),
    "errors without a message": (changing(lambda a: {**a, "errors": [{"path": ["depot"]}]}), BAD),
    "errors are an object": (changing(lambda a: {**a, "errors": {"message": "x"}}), BAD),
    "errors hold a text": (changing(lambda a: {**a, "errors": ["x"]}), BAD),
    "invalid utf-8": (as_text(lambda body: body.replace(b"data", b"d\xff\xfea")), BAD),
    "utf-8 invalid in a value": (saying(http(b'{"data":{"depot":"\xff\xfe"}}')), BAD),
    "lone surrogates": (saying(http(b'{"data":{"depot":"\\ud800"}}')), BAD),
    "not a number": (saying(http(b'{"data":{"depot":NaN}}')), BAD),
    "too large a number": (saying(http(b'{"data":{"depot":1e999}}')), BAD),
    "a nesting bomb of lists": (saying(http(b'{"data":{"depot":' + b"[" * 90_000)), BAD),
    "a closed nesting bomb": (saying(http(b'{"data":{"depot":' + b"[" * 9_000 + b"]" * 9_000 + b"}}")), BAD),
    "a nesting bomb of objects": (saying(http(b'{"data":' * 20_000)), BAD),
    "text after the json": (as_text(lambda body: body + b"}"), BAD),
    "half a json": (as_text(lambda body: body[:-9]), BAD),
    "status 500": (saying(http(b"oh no", status="500 Internal Server Error")), STATUS),
    "status 503 with html": (saying(http(b"<p>", status="503 Gone", content_type="text/html")), STATUS),
    "status 404": (saying(http(b"", status="404 Not Found")), STATUS),
    "status 429": (saying(http(b"slow down", status="429 Too Many Requests", retry_after="1")), STATUS),
    "a redirect": (saying(http(b"", status="302 Found", location="http://127.0.0.1:9/graphql")), STATUS),
    "a redirect to a file": (saying(http(b"", status="307 X", location="file:///etc/passwd")), STATUS),
    "an upgrade": (saying(b"HTTP/1.1 101 X\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"), BAD),
    "no http": (saying(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), BAD),
    "half an answer": (cut, BAD),
    "reset before the first byte": (hung_up, AWAY),
    "a length that is too long": (saying(http(b'{"data":{}}', length=99)), BAD),
    "a length that is too short": (saying(http(b'{"data":{"depot":"x"}}', length=9)), BAD),
    "a length that is no number": (saying(b"HTTP/1.1 200 OK\r\ncontent-length: 1x\r\n\r\n{}"), BAD),
    "two lengths": (saying(b"HTTP/1.1 200 X\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} "), BAD),
    "silence": (silent, LATE),
    "headers, then silence": (dripping(b"HTTP/1.1 200 OK\r\n", b""), LATE),
    "endless headers": (dripping(b"HTTP/1.1 200 OK\r\n", b"x: " + b"y" * 999 + b"\r\n"), BAD),
    "an endless body": (dripping(CHUNKED, b"400\r\n" + b" " * 1024 + b"\r\n"), BAD),
    "an endless row of interim answers": (dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), LATE),
    "announced as too large": (saying(http(b"{}", length=10**15)), BAD),
    "a gzip bomb": (saying(http(bomb(50_000_000), content_encoding="gzip")), BAD),
    "no gzip although it says so": (saying(http(b"{}", content_encoding="gzip")), BAD),
    "an unknown encoding": (saying(http(b"{}", content_encoding="br, gzip")), BAD),
}
"""Of these nothing can be used, and the code says why."""


def with_chair(index: int, **fields: Any) -> dict[str, Any]:
    """The healthy answer but for these fields of one chair."""
    chairs = [dict(chair) for chair in HEALTHY["chairs"]]
    chairs[index] |= fields
    return {**HEALTHY, "chairs": chairs}


def entity(index: int, **fields: Any) -> Say:
    """One entity has other fields."""
    return entities(lambda all: [each | fields if at == index else each for at, each in enumerate(all)])


def with_error(**members: Any) -> Say:
    """All is there, and an error besides in the answer with the entities."""

    def changed(answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"errors": [{"message": "m"} | members]} if "_entities" in answer["data"] else answer

    return changing(changed)


NO_ENTITIES = {**NOTHING, "depot": "north"}
NO_DEPOT = {**HEALTHY, "depot": None}
NO_LEFT = with_chair(1, left=None)
NO_PLACE = with_chair(1, place=None)
NO_OWNER = with_chair(1, owner=None)
CHAIR = ("chairs", 1)
OWNER = (*CHAIR, "owner")

SPOILT: Mapping[str, tuple[Say, Mapping[str, Any], tuple[Any, ...] | None]] = {
    "an entity is missing": (entities(lambda all: all[:-1]), NO_ENTITIES, ("chairs",)),
    "no entity at all": (entities(lambda all: []), NO_ENTITIES, ("chairs",)),
    "an entity too many": (entities(lambda all: [*all, all[0]]), NO_ENTITIES, ("chairs",)),
    "entities are an object": (entities(lambda all: all[0]), NO_ENTITIES, ("chairs",)),
    "entities are null": (entities(lambda all: None), NO_ENTITIES, ("chairs",)),
    "entities are texts": (entities(lambda all: ["x"] * 3), NO_ENTITIES, ("chairs",)),
    "an entity is of another type": (entity(1, __typename="Ghost"), HEALTHY, None),
    "an object is of another type": (
        entity(1, place={"__typename": "Ghost", "row": 7}),
        with_chair(1, place={"__typename": "Place", "row": 7}),
        None,
    ),
    "a member of the union that is none": (entity(1, owner={"__typename": "Ghost"}), NO_OWNER, OWNER),
    "a member that is of no such union": (entity(1, owner={"__typename": "Place"}), NO_OWNER, OWNER),
    "a member without its type": (entity(1, owner={"name": "x"}), NO_OWNER, OWNER),
    "a member whose type is a list": (entity(1, owner={"__typename": ["Person"]}), NO_OWNER, OWNER),
    "one entity is a text": (
        entities(lambda all: [all[0], "x", all[2]]),
        with_chair(1, **EMPTY),
        CHAIR,
    ),
    "one entity is null": (
        entities(lambda all: [all[0], None, all[2]]),
        with_chair(1, **EMPTY),
        None,
    ),
    "entities are lists": (entities(lambda all: [[each] for each in all]), NO_ENTITIES, ("chairs",)),
    "a field is an object": (entity(1, left={"x": 1}), NO_LEFT, (*CHAIR, "left")),
    "a field is a list": (entity(1, left=[1]), NO_LEFT, (*CHAIR, "left")),
    "a number is a text": (entity(1, left="many"), NO_LEFT, (*CHAIR, "left")),
    "a number is huge": (entity(1, left=10**30), NO_LEFT, (*CHAIR, "left")),
    "a number has more than 32 bits": (entity(1, left=2**31), NO_LEFT, (*CHAIR, "left")),
    "an object is a text": (entity(1, place="north"), NO_PLACE, (*CHAIR, "place")),
    "an object is a list": (entity(1, place=[{"row": 1}]), NO_PLACE, (*CHAIR, "place")),
    "an object is empty": (entity(1, place={}), NO_PLACE, (*CHAIR, "place")),
    "null for non-null": (entity(1, place={"row": None}), NO_PLACE, (*CHAIR, "place")),
    "a text is an object": (changing(lambda a: {"data": {**a["data"], "depot": {}}}), NO_DEPOT, ("depot",)),
    "a nested text": (saying(http(b'{"data":{"depot":' + b"[" * 90 + b"]" * 90 + b"}}")), NOTHING, ()),
    "other members are not shown": (entity(1, secret="s", name="x"), HEALTHY, None),
    "another's members are not shown": (
        changing(lambda a: {"data": {**a["data"], "greeting": "bad", "chairs": [], "me": "eve"}}),
        HEALTHY,
        None,
    ),
    "a key twice": (as_text(lambda b: b.replace(b'{"depot"', b'{"depot": 1, "depot"')), HEALTHY, None),
    "an error at a place that is none": (with_error(path=["x", 9, {"y": []}]), HEALTHY, ()),
    "an error whose path is a text": (with_error(path="_entities"), HEALTHY, ()),
    "an error at an entity that is none": (with_error(path=["_entities", 99, "left"]), HEALTHY, ()),
    "an error at a negative entity": (with_error(path=["_entities", -1, "left"]), HEALTHY, ()),
    "an error without a place": (with_error(), HEALTHY, ()),
    "an error without a place, and an entity missing": (
        changing(
            lambda a: (
                {
                    "data": {"_entities": [*a["data"]["_entities"][:2], None]},
                    "errors": [{"message": "m", "path": {"at": 2}}],
                }
                if "_entities" in a["data"]
                else a
            )
        ),
        with_chair(2, **EMPTY),
        ("chairs", 2),
    ),
    "an error without a place, and a root field empty": (
        changing(
            lambda a: (
                a if "_entities" in a["data"] else {"data": {"depot": None}, "errors": [{"message": "m"}]}
            )
        ),
        NO_DEPOT,
        ("depot",),
    ),
    "extensions are a list": (
        with_error(path=["_entities", 1, "left"], extensions=[1]),
        HEALTHY,
        ("chairs",),
    ),
    "a code is a list": (with_error(extensions={"code": [1], "service": 7}), HEALTHY, ()),
    "entities away, the rest there": (dead_after_first, NO_ENTITIES, ("chairs",)),
}
"""Of these what is right stays; an error, if one is due, is at or below the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The router over a good and a faulty subgraph."""

    url: str
    app: RouterApp
    session: aiohttp.ClientSession
    stock: RawSubgraph

    async def ask(self, query: str = QUERY) -> dict[str, Any]:
        """The answer; always in time, always GraphQL over HTTP 200."""
        async with (
            asyncio.timeout(LONG_SECONDS),
            self.session.post(f"{self.url}/graphql", json={"query": query}) as response,
        ):
            assert response.status == 200
            body: dict[str, Any] = await response.json()
            return body


async def catalogue(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """The good subgraph."""
    chairs = [{"__typename": "Chair", "id": id} for id in IDS]
    writer.write(http(json.dumps({"data": {"greeting": "hi", "chairs": chairs}}).encode()))


@asynccontextmanager
async def running(
    *, is_compiled: bool, stock_address: str | None = None, subgraph_seconds: float = LONG_SECONDS
) -> AsyncIterator[Running]:
    """Both subgraphs well, the plan of QUERY ready."""
    async with AsyncExitStack() as stack:
        good = await stack.enter_async_context(raw_subgraph(catalogue))
        stock = await stack.enter_async_context(raw_subgraph(healthy))
        address = stock.url if stock_address is None else stock_address.replace("{port}", str(stock.port))
        composed = compose(
            [
                Subgraph(name="catalogue", url=good.url, sdl=CATALOGUE),
                Subgraph(name="stock", url=address, sdl=STOCK),
            ]
        )
        settings = RouterSettings(
            timeouts=Timeouts(connect=subgraph_seconds, subgraph=subgraph_seconds, request=3 * LONG_SECONDS),
            max_answer_bytes=MAX_ANSWER_BYTES,
            compile_plans=is_compiled,
        )
        app = build_app(settings, TextSource(composed.supergraph_sdl))
        server = await stack.enter_async_context(serving(app))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Running(url=server.url, app=app, session=session, stock=stock)


async def ready(router: Running, *, is_compiled: bool, again: bool = False) -> None:
    """The plan is known, and compiled if it may be; `again` after a fault, at first or later."""
    async with asyncio.timeout(30):
        while True:
            body = await router.ask()
            if again and body != {"data": HEALTHY}:
                continue
            assert body == {"data": HEALTHY}
            if not is_compiled or router.app.router.counts.compiled:
                return
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("fault", USELESS)
@pytest.mark.parametrize("is_compiled", [False, True], ids=["interpreted", "compiled"])
async def test_a_useless_answer_costs_its_own_fields(fault: str, is_compiled: bool) -> None:
    say, code = USELESS[fault]
    seconds = SHORT_SECONDS if code == LATE else LONG_SECONDS
    async with running(is_compiled=is_compiled, subgraph_seconds=seconds) as router:
        await ready(router, is_compiled=is_compiled)
        router.stock.says = say

        body = await router.ask()

        assert body["data"] == NOTHING
        assert {error["extensions"]["service"] for error in body["errors"]} == {"stock"}
        assert {error["extensions"]["code"] for error in body["errors"]} == {code}
        assert {tuple(error["path"]) for error in body["errors"]} == FOR_ALL
        assert str(router.stock.port) not in str(body)
        router.stock.says = healthy
        if code == LATE:  # so little time may be too little once more
            await ready(router, is_compiled=False, again=True)
        else:
            assert await router.ask() == {"data": HEALTHY}


@pytest.mark.parametrize(
    "fault",
    [
        "no json",
        "status 500",
        "a redirect",
        "half an answer",
        "reset before the first byte",
        "silence",
        "an endless body",
        "announced as too large",
        "a gzip bomb",
    ],
)
async def test_addresses_that_the_library_asks_are_no_better_off(fault: str) -> None:
    say, code = USELESS[fault]
    seconds = SHORT_SECONDS if code == LATE else LONG_SECONDS
    address = "http://somebody:secret@127.0.0.1:{port}/graphql"
    async with running(is_compiled=False, stock_address=address, subgraph_seconds=seconds) as router:
        router.stock.says = say

        body = await router.ask()

        assert body["data"] == NOTHING
        assert {error["extensions"]["code"] for error in body["errors"]} == {code}
        assert {tuple(error["path"]) for error in body["errors"]} == FOR_ALL
        assert "secret" not in str(body)


@pytest.mark.parametrize("fault", SPOILT)
@pytest.mark.parametrize("is_compiled", [False, True], ids=["interpreted", "compiled"])
async def test_of_a_spoilt_answer_what_is_right_stays(fault: str, is_compiled: bool) -> None:
    say, wanted, place = SPOILT[fault]
    async with running(is_compiled=is_compiled) as router:
        await ready(router, is_compiled=is_compiled)
        router.stock.says = say

        body = await router.ask()

        assert body["data"] == wanted
        errors = body.get("errors", [])
        assert bool(errors) == (place is not None)
        for error in errors:
            assert error["extensions"]["service"] == "stock"
            assert isinstance(error["extensions"]["code"], str)
            assert tuple(error.get("path", ())[: len(place or ())]) == place


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://127.0.0.1:1/graphql", AWAY),
        ("http://nowhere.invalid/graphql", AWAY),
        ("https://127.0.0.1:{port}/graphql", LATE),
        ("https://nowhere.invalid/graphql", AWAY),
        ("http://127.0.0.1:{port}\\@127.0.0.1/graphql", AWAY),
    ],
    ids=["nobody listens", "no such name", "no TLS there", "no such name for TLS", "no address"],
)
@pytest.mark.parametrize("is_compiled", [False, True], ids=["interpreted", "compiled"])
async def test_an_address_that_is_wrong_costs_its_own_fields(
    address: str, code: str, is_compiled: bool
) -> None:
    seconds = SHORT_SECONDS if code == LATE else LONG_SECONDS
    async with running(is_compiled=is_compiled, stock_address=address, subgraph_seconds=seconds) as router:
        for _ in range(3):
            body = await router.ask()

            assert body["data"] == NOTHING
            assert {error["extensions"]["code"] for error in body["errors"]} == {code}
            assert {tuple(error["path"]) for error in body["errors"]} == FOR_ALL
            assert "invalid" not in str(body)


def certificate(folder: Path, *, host: str, issuer: str, days: int) -> ssl.SSLContext:
    """A server's side of TLS: a certificate for the host, which ends in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "server.pem"
    file.write_bytes(text + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize(
    ("host", "issuer", "days"),
    [("localhost", "localhost", 30), ("elsewhere.example", "Some Authority", 30), ("localhost", "X", -1)],
    ids=["signed by itself", "of another host", "ended"],
)
@pytest.mark.parametrize("is_compiled", [False, True], ids=["interpreted", "compiled"])
async def test_who_cannot_prove_to_be_the_subgraph_is_not_asked(
    host: str, issuer: str, days: int, is_compiled: bool, tmp_path: Path
) -> None:
    tls = certificate(tmp_path, host=host, issuer=issuer, days=days)
    async with (
        raw_subgraph(healthy, tls=tls) as impostor,
        running(
            is_compiled=is_compiled, stock_address=f"https://localhost:{impostor.port}/graphql"
        ) as router,
    ):
        for _ in range(3):
            body = await router.ask()

            assert body["data"] == NOTHING
            assert {error["extensions"]["code"] for error in body["errors"]} == {AWAY}
            assert {tuple(error["path"]) for error in body["errors"]} == FOR_ALL
        assert impostor.questions == 0


@pytest.mark.parametrize("fault", ["a gzip bomb", "an endless body", "announced as too large"])
async def test_an_answer_without_bounds_takes_little_memory(fault: str) -> None:
    async with running(is_compiled=False) as router:
        await ready(router, is_compiled=False)
        router.stock.says, _ = USELESS[fault]
        tracemalloc.start()
        try:
            await router.ask()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert peak < 20 * MAX_ANSWER_BYTES


async def test_what_one_subgraph_says_to_one_client_never_reaches_another() -> None:
    async with running(is_compiled=True) as router:
        await ready(router, is_compiled=True)
        says = iter([f"for {number}" for number in range(40)])

        async def told(asked: Asked, writer: asyncio.StreamWriter) -> None:
            answer = answered(asked)
            if "depot" in answer["data"]:
                answer["data"]["depot"] = next(says)
                half = http(json.dumps(answer).encode())
                if answer["data"]["depot"].endswith("3"):  # cut, and the rest would come late
                    writer.write(half[:-5])
                    writer.transport.abort()
                    return
            writer.write(http(json.dumps(answer).encode()))

        router.stock.says = told
        bodies = await asyncio.gather(
            *(router.ask(QUERY.replace("depot", f"depot me{number}: depot")) for number in range(20))
        )

        seen = [body["data"]["depot"] for body in bodies if body["data"]["depot"]]
        assert len(seen) == len(set(seen)) == sum(not body.get("errors") for body in bodies)
