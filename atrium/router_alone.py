"""`atrium serve router`: the router in a process of its own, over HTTP subgraphs; no database, no Redis."""

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import uvloop
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from atrium.failure import Failed
from atrium.limits import with_limits
from atrium.listen import listening
from atrium.revocations import follow
from atrium.server import server_of
from common.access.principal import Principal, PrincipalKind
from common.access.signing import HEADER, IdentitySigner, private_key_from_text
from common.settings import AtriumSettings, Environment, load
from common.telemetry.logs import configure_logs
from router.app import RouterApp, build_app
from router.settings import PassthroughRoute, RouterSettings, TokenSettings
from router.snapshot.load import FileSource, SourceUnavailable
from router.subgraph_client.http import HttpPool
from schema.store import ARTEFACTS
from schema.supergraph.model import NotASupergraph

_ASK_SECONDS = 5.0
_LARGEST_ANSWER = 8_000_000


class RouterEnvironment(AtriumSettings):
    """What the router alone reads (`ATRIUM_*`); without `auth_url` everybody is anonymous.

    `router_key`: the Ed25519 private key that proves to subgraphs who asks. `auth_url`: where auth is served.
    `subgraph_urls`: addresses that replace those in the supergraph, as JSON by name.
    """

    model_config = SettingsConfigDict(env_prefix="ATRIUM_")

    environment: Environment = Field(default=Environment.PRODUCTION, validation_alias="ATRIUM_ENV")
    log_level: str = "INFO"
    router_key: SecretStr | None = None
    auth_url: str | None = None
    auth_issuer: str = "atrium"
    auth_audience: str = "atrium"
    subgraph_urls: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    position: str
    session_ids: Sequence[UUID]
    api_key_ids: Sequence[UUID]


def serve_router(supergraph: Path | None, host: str, port: int) -> None:
    """The router over HTTP subgraphs, until a signal asks to stop."""
    environment = load(RouterEnvironment)
    if environment.auth_url and not environment.router_key:
        raise Failed("ATRIUM_AUTH_URL is set, so ATRIUM_ROUTER_KEY is required (see `atrium keys`).")
    _configure_logs(environment.log_level, environment.environment)
    path = supergraph or ARTEFACTS / "supergraph.graphql"
    app = build_app(router_settings(environment), FileSource(path))

    async def serve(one: socket.socket) -> None:
        async with AsyncExitStack() as stack:
            try:
                await app.start()
            except (NotASupergraph, SourceUnavailable) as refused:
                raise Failed(f"{path} cannot be used: {refused}") from refused
            stack.push_async_callback(app.stop)
            following = asyncio.create_task(_follow_auth(environment, app))
            stack.callback(following.cancel)
            await server_of(app, app.router.settings).serve(sockets=[one])

    _run(host, port, serve)


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
    signer = IdentitySigner(private_key_from_text(environment.router_key.get_secret_value()))
    url = f"{environment.auth_url.rstrip('/')}/internal/revocations"

    async def ask(position: str | None) -> _News:
        body = orjson.dumps({"since": position})
        token = signer.sign(
            Principal(kind=PrincipalKind.SYSTEM),
            audience="auth",
            body=body,
            request_id=uuid4().hex,
            now=datetime.now(UTC),
        )
        headers = {"content-type": "application/json", HEADER: token}
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
