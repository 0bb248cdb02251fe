"""`atrium serve`: the router or one domain in a process of its own, for installations of several machines."""

import logging
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from atrium.failure import Failed
from atrium.listen import listening
from atrium.server import server_of
from common.settings import AtriumSettings, Environment, load
from common.telemetry.logs import configure_logs
from router.app import Surroundings, build_app
from router.settings import PassthroughRoute, RouterSettings, TokenSettings
from router.snapshot.load import FileSource, SourceUnavailable
from schema.store import ARTEFACTS
from schema.supergraph.model import NotASupergraph


class RouterEnvironment(AtriumSettings):
    """What the router alone reads (`ATRIUM_*`); without `auth_url` everybody is anonymous.

    `router_key`: the Ed25519 key that proves to subgraphs who asks. `auth_url`: where auth is served.
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
    metrics: bool = False


def serve_router(supergraph: Path | None, host: str, port: int) -> None:
    """The router over HTTP subgraphs, until a signal asks to stop."""
    environment = load(RouterEnvironment)
    _configure(environment)
    path = supergraph or ARTEFACTS / "supergraph.graphql"
    app = build_app(router_settings(environment), FileSource(path), Surroundings())

    async def serve(one: socket.socket) -> None:
        try:
            await app.start()
        except (NotASupergraph, SourceUnavailable) as refused:
            raise Failed(f"{path} cannot be used: {refused}") from refused
        try:
            await server_of(app).serve(sockets=[one])
        finally:
            await app.stop()

    _run(host, port, serve)


def router_settings(environment: RouterEnvironment) -> RouterSettings:
    """What the environment means for the router."""
    auth = environment.auth_url.rstrip("/") if environment.auth_url else None
    key = environment.router_key
    return RouterSettings(
        is_development=environment.environment is Environment.DEVELOPMENT,
        tokens=None
        if auth is None
        else TokenSettings(
            issuer=environment.auth_issuer,
            audience=environment.auth_audience,
            jwks_url=f"{auth}/.well-known/jwks.json",
        ),
        credentials_url=None if auth is None else f"{auth}/internal/credentials",
        passthrough=()
        if auth is None
        else (PassthroughRoute(prefix="/.well-known", subgraph="auth", url=auth),),
        cookie_subgraphs=frozenset() if auth is None else frozenset({"auth"}),
        subgraph_urls=tuple(sorted(environment.subgraph_urls.items())),
        signing_key=None if key is None else key.get_secret_value(),
        metrics=environment.metrics,
    )


def _configure(environment: RouterEnvironment) -> None:
    is_development = environment.environment is Environment.DEVELOPMENT
    configure_logs(level=environment.log_level, as_json=not is_development)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def _run(host: str, port: int, serve: Callable[[socket.socket], Coroutine[Any, Any, None]]) -> None:
    with listening(host, port, 1) as (one,):
        shown = one.getsockname()
        print(f"Listening on http://{shown[0]}:{shown[1]}", flush=True)
        uvloop.run(serve(one))
