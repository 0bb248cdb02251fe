"""`atrium serve router`: the router in a process of its own, over HTTP subgraphs; no database, no Redis.

Its supergraph is a file, or what a registry activated.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import orjson
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import SecretStr

from atrium.failure import Failed
from atrium.limits import with_limits
from atrium.listen import listening
from atrium.revocations import follow
from atrium.server import server_of
from atrium.settings import RouterEnvironment
from atrium.supergraphs import (
    PLATFORM,
    graph_of,
    public_keys,
    registered,
    registered_documents,
    registered_policies,
)
from common.access.artefacts import ArtefactKind
from common.access.principal import Principal, PrincipalKind
from common.access.signing import HEADER, IdentitySigner, private_key_from_text
from common.operations.manifest import ManifestRefused
from common.settings import Environment, load
from common.telemetry.logs import configure_logs
from router.app import RouterApp, Surroundings, build_app
from router.artefacts.last_good import LARGEST_ARTEFACT
from router.artefacts.reader import HttpArtefactReader, SourceUnavailable
from router.settings import PassthroughRoute, RouterSettings, TokenSettings
from router.snapshot.artefacts import Wanted
from router.snapshot.load import FileSource, SupergraphSource
from router.subgraph_client.http import HttpPool
from router.usage.http import HttpUsageSink
from schema.store import ARTEFACTS
from schema.supergraph.model import NotASupergraph

_ASK_SECONDS = 5.0
_LARGEST_ANSWER = 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Supergraphs:
    """Where the person wants the supergraph from: `registry` if there is one, else the file, else our own.

    With a registry the file is what serves while the registry never gave anything.
    """

    file: Path | None
    registry: str | None
    graph: str
    variant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    position: str
    session_ids: Sequence[UUID]
    api_key_ids: Sequence[UUID]


def serve_router(supergraphs: Supergraphs, host: str, port: int) -> None:
    """The router over HTTP subgraphs, until a signal asks to stop."""
    environment = load(RouterEnvironment)
    if environment.auth_url and not environment.router_key:
        raise Failed("ATRIUM_AUTH_URL is set, so ATRIUM_ROUTER_KEY is required (see `atrium keys`).")
    pool = HttpPool(connect_seconds=2.0, connections_per_host=2, max_answer_bytes=LARGEST_ARTEFACT)
    registry = _registry(supergraphs, environment)
    source = _source(supergraphs, environment, registry, pool)
    _configure_logs(environment.log_level, environment.environment)
    settings = router_settings(environment)
    surroundings = Surroundings() if registry is None else registry.surroundings(environment, settings, pool)
    app = build_app(settings, source, surroundings)

    async def serve(one: socket.socket) -> None:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(pool.close)
            stack.push_async_callback(app.stop)
            try:
                await app.start()
            except (NotASupergraph, SourceUnavailable) as refused:
                raise Failed(f"{_file(supergraphs)} cannot be used: {refused}") from refused
            except ManifestRefused as refused:
                raise Failed(str(refused)) from refused
            following = asyncio.create_task(_follow_auth(environment, app))
            stack.callback(following.cancel)
            await server_of(app, app.router.settings, app).serve(sockets=[one])

    _run(host, port, serve)


def _file(supergraphs: Supergraphs) -> Path:
    return supergraphs.file or ARTEFACTS / "supergraph.graphql"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registry:
    """A registry that can be asked, and believed."""

    url: str
    keys: Sequence[Ed25519PublicKey]
    wanted: Wanted
    sign: Callable[[bytes], Mapping[str, str]]

    def reader(self, pool: HttpPool, kind: ArtefactKind) -> HttpArtefactReader:
        """Asks for what is active of one kind; only supergraphs have variants."""
        variant = self.wanted.variant if kind is ArtefactKind.SUPERGRAPH else ""
        graph = self.wanted.graph
        return HttpArtefactReader(pool, self.url, graph=graph, variant=variant, kind=kind, sign=self.sign)

    def surroundings(
        self, environment: RouterEnvironment, settings: RouterSettings, pool: HttpPool
    ) -> Surroundings:
        """Registered documents, unless they come from a folder, policies, and who keeps what is counted."""
        graph, operations = self.wanted.graph, None
        if settings.persisted.manifests is None:
            reader = self.reader(pool, ArtefactKind.OPERATIONS)
            operations = registered_documents(reader, self.keys, graph, environment.data_folder)
        return Surroundings(
            operations=operations,
            usage=HttpUsageSink(pool, self.url, graph=graph, sign=self.sign),
            policies=registered_policies(
                self.reader(pool, ArtefactKind.POLICIES), self.keys, graph, environment.data_folder
            ),
        )


def _source(
    supergraphs: Supergraphs, environment: RouterEnvironment, registry: _Registry | None, pool: HttpPool
) -> SupergraphSource:
    if registry is None:
        return FileSource(_file(supergraphs))
    fallback = _fallback(supergraphs, registry.wanted)
    reader = registry.reader(pool, ArtefactKind.SUPERGRAPH)
    return registered(reader, registry.keys, registry.wanted, environment.data_folder, fallback=fallback)


def _registry(supergraphs: Supergraphs, environment: RouterEnvironment) -> _Registry | None:
    """The registry, if there is one; raises Failed if it cannot be asked or believed."""
    if supergraphs.registry is None:
        return None
    address = urlsplit(supergraphs.registry)
    if address.scheme not in {"http", "https"} or not address.hostname or address.query or address.fragment:
        raise Failed("The registry's address has to be an http:// or https:// URL without a query.")
    if environment.router_key is None:
        raise Failed("A registry answers only signed questions: set ATRIUM_ROUTER_KEY (see `atrium keys`).")
    try:
        keys = public_keys(environment.artefact_public_keys)
    except ValueError as problem:
        raise Failed(
            "ATRIUM_ARTEFACT_PUBLIC_KEYS holds something that is no Ed25519 public key."
        ) from problem
    if not keys:
        raise Failed(
            "ATRIUM_ARTEFACT_PUBLIC_KEYS is empty: no registry could be believed (see `atrium keys`)."
        )
    try:
        wanted = Wanted(graph=graph_of(supergraphs.graph), variant=supergraphs.variant)
    except ValueError as problem:
        raise Failed(f"A graph is `{PLATFORM}` or a UUID, not {supergraphs.graph[:40]!r}.") from problem
    sign = _OwnQuestions(environment.router_key, audience="gateway").headers
    return _Registry(url=supergraphs.registry, keys=keys, wanted=wanted, sign=sign)


def _fallback(supergraphs: Supergraphs, wanted: Wanted) -> str | None:
    """Our own supergraph stands in for nothing but itself: a variant may be there to show less."""
    if supergraphs.file is None and wanted != Wanted():
        return None
    try:
        return _file(supergraphs).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise Failed(f"{_file(supergraphs)} cannot be read: {problem}") from problem


class _OwnQuestions:
    """Headers for what the router asks a domain on its own behalf."""

    def __init__(self, key: SecretStr, *, audience: str) -> None:
        try:
            self._signer = IdentitySigner(private_key_from_text(key.get_secret_value()))
        except ValueError as problem:
            raise Failed("ATRIUM_ROUTER_KEY is no Ed25519 private key.") from problem
        self._audience = audience

    def headers(self, body: bytes) -> dict[str, str]:
        """Good for this body, for a minute at most."""
        token = self._signer.sign(
            Principal(kind=PrincipalKind.SYSTEM),
            audience=self._audience,
            body=body,
            request_id=uuid4().hex,
            now=datetime.now(UTC),
        )
        return {HEADER: token}


def router_settings(environment: RouterEnvironment) -> RouterSettings:
    """What the environment means for the router."""
    key = environment.router_key
    settings = RouterSettings(
        is_development=environment.environment is Environment.DEVELOPMENT,
        subgraph_urls=tuple(sorted(environment.subgraph_urls.items())),
        signing_key=None if key is None else key.get_secret_value(),
    )
    settings = with_limits(settings)
    return settings if environment.auth_url is None else _with_auth(settings, environment)


def _with_auth(settings: RouterSettings, environment: RouterEnvironment) -> RouterSettings:
    assert environment.auth_url is not None
    auth = environment.auth_url.rstrip("/")
    return replace(
        settings,
        tokens=TokenSettings(
            issuer=environment.auth_issuer,
            audience=environment.auth_audience,
            jwks_url=f"{auth}/.well-known/jwks.json",
        ),
        credentials_url=f"{auth}/internal/credentials",
        passthrough=(PassthroughRoute(prefix="/.well-known", subgraph="auth", url=auth),),
        cookie_subgraphs=frozenset({"auth"}),
    )


async def _follow_auth(environment: RouterEnvironment, app: RouterApp) -> None:
    """Hear of revocations as long as the router is served, if there is an auth to ask."""
    if environment.auth_url is None or environment.router_key is None:
        return
    pool = HttpPool(connect_seconds=2.0, connections_per_host=1, max_answer_bytes=_LARGEST_ANSWER)
    questions = _OwnQuestions(environment.router_key, audience="auth")
    url = f"{environment.auth_url.rstrip('/')}/internal/revocations"

    async def ask(position: str | None) -> _News:
        body = orjson.dumps({"since": position})
        headers = {"content-type": "application/json", **questions.headers(body)}
        answer = await pool.send("POST", url, headers=headers, body=body, seconds=_ASK_SECONDS)
        if answer.status != 200:
            raise ValueError(f"auth answers {answer.status}")
        news = orjson.loads(answer.body)
        return _News(
            position=news["position"],
            session_ids=[UUID(text) for text in news["session_ids"]],
            api_key_ids=[UUID(text) for text in news["api_key_ids"]],
        )

    try:
        await follow(ask, app.revocations, asyncio.Event())
    finally:
        await pool.close()


def _configure_logs(level: str, environment: Environment) -> None:
    configure_logs(level=level, as_json=environment is not Environment.DEVELOPMENT)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def _run(host: str, port: int, serve: Callable[[socket.socket], Coroutine[Any, Any, None]]) -> None:
    with listening(host, port, 1) as (one,):
        uvloop.run(serve(one))
