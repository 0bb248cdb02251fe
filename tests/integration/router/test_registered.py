"""Documents that a registry signed, followed over HTTP by a running router; what it counts goes back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from atrium.supergraphs import registered_documents
from common.access.artefacts import ArtefactKind, ArtefactSigner, tag_of
from common.access.principal import Principal, PrincipalKind
from common.access.signing import HEADER, IdentitySigner, IdentityVerifier, generate_key
from common.ids import uuid7
from common.operations.artefact import write_operations
from common.operations.documents import ClientDocuments, SafelistMode, TrustedDocuments, digest_of
from common.operations.usage import UsageBatch, read_usage
from router.app import RouterApp, Surroundings, build_app
from router.artefacts.reader import HttpArtefactReader
from router.snapshot.load import TextSource
from router.subgraph_client.http import HttpPool
from router.usage.http import HttpUsageSink
from tests.fakes.http_server import serving
from tests.fakes.shop import Shop
from tests.integration.router.conftest import SETTINGS

NAMES, IDS = "query Names { products { name } }", "query Ids { products { id } }"
ROUTER_KEY = generate_key()


@dataclass(slots=True)
class Registry:
    """Hands out one artefact and takes usage, from whoever the router's key signed for."""

    key: Ed25519PrivateKey = field(default_factory=generate_key)
    text: bytes | None = None
    tag: str = ""
    serial: int = 0
    statuses: list[int] = field(default_factory=list)
    batches: list[UsageBatch] = field(default_factory=list)

    def register(
        self, *texts: str, mode: SafelistMode = SafelistMode.OFF, key: Ed25519PrivateKey | None = None
    ) -> None:
        self.serial += 1
        documents = {text.split()[1].lower(): text for text in texts}
        clients = (ClientDocuments(name="web", mode=mode, documents=documents),)
        body = write_operations(TrustedDocuments(clients=clients))
        self.tag = tag_of(self.serial, sha256(body).hexdigest())
        self.text = ArtefactSigner(key or self.key).sign(
            body,
            kind=ArtefactKind.OPERATIONS,
            graph=uuid7(),
            is_platform=True,
            variant="",
            number=self.serial,
            serial=self.serial,
            now=datetime(2030, 1, 1, tzinfo=UTC) + timedelta(minutes=self.serial),
        )

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/internal/artefacts/operations/platform", self._hand_out),
                Route("/internal/usage", self._take, methods=["POST"]),
            ]
        )

    async def _hand_out(self, request: Request) -> Response:
        _verify(request, b"")
        known = request.headers.get("if-none-match")
        status = 404 if self.text is None else 304 if known == self.tag else 200
        self.statuses.append(status)
        return Response(self.text if status == 200 else None, status)

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        _verify(request, body)
        self.batches.append(read_usage(body))
        return JSONResponse({"accepted": True})


def _verify(request: Request, body: bytes) -> None:
    verifier = IdentityVerifier([ROUTER_KEY.public_key()], audience="gateway")
    identity = verifier.verify(request.headers[HEADER], body, datetime.now(UTC))
    assert identity.principal.kind is PrincipalKind.SYSTEM


def sign(body: bytes) -> dict[str, str]:
    token = IdentitySigner(ROUTER_KEY).sign(
        Principal(kind=PrincipalKind.SYSTEM),
        audience="gateway",
        body=body,
        request_id=uuid4().hex,
        now=datetime.now(UTC),
    )
    return {HEADER: token}


@dataclass(kw_only=True)
class Client:
    """Asks a router as the client `web`."""

    url: str
    app: RouterApp
    session: aiohttp.ClientSession

    async def ask(self, **payload: str) -> list[str]:
        """The codes of the answer's errors."""
        headers = {"graphql-client-name": "web", "graphql-client-version": "7"}
        async with self.session.post(f"{self.url}/graphql", json=payload, headers=headers) as answer:
            errors = (await answer.json()).get("errors", ())
        return [error["extensions"]["code"] for error in errors]

    async def until(self, *codes: str, **payload: str) -> None:
        """Ask until that is the answer."""
        async with asyncio.timeout(20):
            while await self.ask(**payload) != list(codes):
                await asyncio.sleep(0.01)


async def routing(registry: Registry, address: str, folder: Path) -> AsyncIterator[Client]:
    shop = Shop()
    pool = HttpPool(connect_seconds=10.0, connections_per_host=2, max_answer_bytes=1_000_000)
    reader = HttpArtefactReader(pool, address, graph=None, kind=ArtefactKind.OPERATIONS, sign=sign)
    app = build_app(
        replace(SETTINGS, reload_seconds=0.02),
        TextSource(shop.supergraph("http://products", "http://reviews")),
        Surroundings(
            subgraphs={"products": shop.products_subgraph(), "reviews": shop.reviews_subgraph()},
            operations=registered_documents(reader, [registry.key.public_key()], None, folder),
            usage=HttpUsageSink(pool, address, graph=None, sign=sign),
        ),
    )
    async with serving(app) as server, aiohttp.ClientSession() as session:
        yield Client(url=server.url, app=app, session=session)
    await pool.close()


@pytest.fixture
def registry() -> Registry:
    return Registry()


async def test_what_is_registered_is_followed_and_outlives_the_registry(
    registry: Registry, tmp_path: Path
) -> None:
    async with serving(registry.app()) as server:
        async for client in routing(registry, server.url, tmp_path):
            assert await client.ask(documentId="names") == ["PERSISTED_DOCUMENT_NOT_FOUND"]

            registry.register(NAMES)
            await client.until(documentId="names")
            registry.register(NAMES, IDS, mode=SafelistMode.ID)
            await client.until("DOCUMENT_ID_REQUIRED", query="{ __typename }")
            assert await client.ask(documentId="ids") == []
            async with asyncio.timeout(20):
                while 304 not in registry.statuses:
                    await asyncio.sleep(0.01)

            registry.register("query Evil { __typename }", key=generate_key())
            asked = len(registry.statuses)
            async with asyncio.timeout(20):
                while len(registry.statuses) < asked + 2:
                    await asyncio.sleep(0.01)
            assert await client.ask(documentId="evil") == ["PERSISTED_DOCUMENT_NOT_FOUND"]
            assert await client.ask(documentId="ids") == []

    assert {200, 304, 404} == set(registry.statuses)
    async for client in routing(registry, "http://127.0.0.1:1", tmp_path):
        assert await client.ask(documentId="ids") == []
        assert await client.ask(query="{ __typename }") == ["DOCUMENT_ID_REQUIRED"]


async def test_what_was_counted_is_handed_to_the_registry_at_the_end(
    registry: Registry, tmp_path: Path
) -> None:
    registry.register(NAMES)
    async with serving(registry.app()) as server:
        async for client in routing(registry, server.url, tmp_path):
            await client.until(documentId="names")
            await client.ask(query='{ product(id: "secret") { id } }')
            await client.app.stop()

    (batch,) = registry.batches
    counted = {usage.operation: usage for usage in batch.usages}
    assert (counted["Names"].client, counted["Names"].version) == ("web", "7")
    assert counted["Names"].document == digest_of(NAMES)
    assert counted["Names"].is_registered
    assert not counted[""].is_registered
    assert batch.documents[digest_of(NAMES)] == NAMES
    assert "secret" not in str(batch)
