"""`atrium serve subgraph NAME`: one domain in a process of its own, behind HTTP, for the router only."""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.applications import Starlette

from atrium.domains import DOMAINS, Domain
from atrium.environment import prepare_process
from atrium.failure import Failed
from atrium.joined import Joined, joined
from atrium.listen import listening
from atrium.server import server_of
from atrium.settings import SubgraphEnvironment
from common.access.signing import (
    IdentitySigner,
    IdentityVerifier,
    private_key_from_text,
    public_key_from_text,
)
from common.graphql.app import build_subgraph_app
from common.settings import CommonSettings, load
from router.settings import RouterSettings
from subgraphs.auth.providers.remote import (
    RemoteApplicationDirectory,
    RemotePeopleDirectory,
    SignedQuestions,
)


def serve_subgraph(name: str, host: str, port: int) -> None:
    """One domain, until a signal asks to stop."""
    domain = _domain(name)
    settings = prepare_process()
    environment = load(SubgraphEnvironment)

    async def serve(one: socket.socket) -> None:
        async with subgraph_app(domain, settings, environment) as app:
            await server_of(app, RouterSettings()).serve(sockets=[one])

    with listening(host, port, 1) as (one,):
        uvloop.run(serve(one))


@asynccontextmanager
async def subgraph_app(
    domain: Domain, settings: CommonSettings, environment: SubgraphEnvironment
) -> AsyncIterator[Starlette]:
    """The domain's ASGI app, with other domains asked over HTTP; open while it is served."""
    routers = _public_keys("ATRIUM_ROUTER_PUBLIC_KEYS", environment.router_public_keys)
    others = _public_keys("ATRIUM_PLATFORM_PUBLIC_KEYS", environment.platform_public_keys)
    if not routers:
        raise Failed("ATRIUM_ROUTER_PUBLIC_KEYS is empty: nobody could ask (see `atrium keys`).")
    async with AsyncExitStack() as stack:
        process = await stack.enter_async_context(joined(settings))
        if domain.asks_others:
            process = await stack.enter_async_context(_with_remote_directories(process, environment))
        parts = domain.parts(process)
        await stack.enter_async_context(domain.running(parts))
        yield build_subgraph_app(
            domain.subgraph(process, parts),
            IdentityVerifier(routers, domain.name),
            platform=IdentityVerifier([*routers, *others], domain.name),
        )


@asynccontextmanager
async def _with_remote_directories(
    process: Joined, environment: SubgraphEnvironment
) -> AsyncIterator[Joined]:
    if environment.platform_key is None:
        raise Failed("ATRIUM_PLATFORM_KEY is required: this domain asks others (see `atrium keys`).")
    signer = IdentitySigner(private_key_from_text(environment.platform_key.get_secret_value()))
    async with aiohttp.ClientSession() as http:

        def questions(name: str) -> SignedQuestions:
            url = environment.directory_urls.get(name, f"http://{name}:4000")
            return SignedQuestions(http, url, audience=name, signer=signer, clock=process.resources.clock)

        yield process.asking(
            people=RemotePeopleDirectory(questions("users")),
            applications=RemoteApplicationDirectory(questions("applications")),
        )


def _domain(name: str) -> Domain:
    for domain in DOMAINS:
        if domain.name == name:
            return domain
    names = ", ".join(domain.name for domain in DOMAINS)
    raise Failed(f"There is no domain {name!r}; there are {names}.")


def _public_keys(variable: str, text: str) -> list[Ed25519PublicKey]:
    try:
        return [public_key_from_text(one) for one in text.split(",") if one.strip()]
    except ValueError as problem:
        raise Failed(f"{variable} holds something that is no Ed25519 public key.") from problem
