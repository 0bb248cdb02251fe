"""The whole platform in one process: the router over subgraphs that it calls without HTTP and JSON.

Subgraphs that others have published in the platform's graph are called over HTTP.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette

from atrium.activations import follow_activations
from atrium.domains import DOMAINS
from atrium.joined import Joined, joined
from atrium.limits import with_limits
from atrium.revocations import follow, wake
from atrium.settings import PlatformEnvironment
from atrium.supergraphs import InProcessArtefacts, registered, registered_documents, registered_policies
from common.graphql.context import ClientRequest
from common.graphql.executor import Answer, SubgraphExecutor
from common.graphql.subgraph import Subgraph
from common.settings import CommonSettings, load
from common.telemetry.logs import get_log
from router.access.credentials import InProcessCredentials
from router.access.jwks import FetchKeys, KeysUnavailable
from router.app import RouterApp, Surroundings, build_app
from router.context import RequestContext
from router.http.health import ReadyCheck
from router.persisted.reading import DocumentsSource
from router.protection.obeying import PolicySource
from router.settings import ProtectionSettings, RouterSettings, TokenSettings, UploadSettings
from router.snapshot.artefacts import Wanted
from router.snapshot.load import SupergraphSource, TextSource
from router.subgraph_client.increments import Payloads, answer_in
from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse
from schema.store import read_supergraph
from subgraphs.auth.service.parts import AuthParts
from subgraphs.gateway.events import OPERATIONS_TOPICS, PoliciesChanged
from subgraphs.gateway.service.parts import GatewayParts

PUBLIC_PATHS = {"/.well-known": "auth"}
"""Paths that are not GraphQL, and the domain whose own HTTP answers them."""
COOKIE_DOMAINS = frozenset({"auth"})

_log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class InProcess:
    """A subgraph's executor as the router wants it."""

    executor: SubgraphExecutor[Any]

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Run a query or mutation; resolver errors are in the response."""
        if request.takes_parts:
            return await answer_in(self.executor.domain, self._parts(request))
        answer = await self.executor.execute(
            request.document,
            request.variables,
            request.operation_name,
            principal=request.context.principal,
            request=_client_request(request.context),
        )
        return _response(answer)

    def _parts(self, request: SubgraphRequest) -> Payloads:
        return self.executor.parts(
            request.document,
            request.variables,
            request.operation_name,
            principal=request.context.principal,
            request=_client_request(request.context),
        )

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """One response per event, until the source ends."""
        answers = self.executor.subscribe(
            request.document,
            request.variables,
            request.operation_name,
            principal=request.context.principal,
            request=_client_request(request.context, request.last_event_id),
        )
        async with contextlib.aclosing(answers):
            async for answer in answers:
                yield _response(answer)


@asynccontextmanager
async def platform(settings: CommonSettings) -> AsyncIterator[RouterApp]:
    """The router's ASGI app over every domain in this process; started, and stopped at the end."""
    async with joined(settings) as process, AsyncExitStack() as stack:
        parts = {domain.name: domain.parts(process) for domain in DOMAINS}
        for domain in DOMAINS:
            await stack.enter_async_context(domain.running(parts[domain.name]))
        subgraphs = {domain.name: domain.subgraph(process, parts[domain.name]) for domain in DOMAINS}
        auth: AuthParts = parts["auth"]
        gateway: GatewayParts = parts["gateway"]
        app = build_app(
            _router_settings(settings, auth),
            _supergraph(settings, gateway),
            Surroundings(
                subgraphs={name: InProcess(subgraph.executor) for name, subgraph in subgraphs.items()},
                credentials=InProcessCredentials(auth.verifier.verify_key),
                published_keys=_published_keys(auth),
                mounts=_mounts(subgraphs),
                ready=_ready_checks(process),
                operations=_operations(settings, gateway),
                policies=_policies(settings, gateway),
                usage=gateway.usage,
            ),
        )
        await app.start()
        stack.push_async_callback(app.stop)
        woken = asyncio.Event()
        for work in (
            wake(woken, process.bus),
            follow(auth.revoked_since, app.revocations, woken),
            follow_activations(process.resources.hub, gateway.artefacts, app.look_for_supergraph),
            follow_activations(
                process.resources.hub,
                gateway.artefacts,
                app.look_for_policies,
                topics=frozenset({PoliciesChanged.topic}),
            ),
            follow_activations(
                process.resources.hub, gateway.operations, app.look_for_operations, topics=OPERATIONS_TOPICS
            ),
        ):
            stack.push_async_callback(_cancel, asyncio.create_task(work))
        yield app


def _supergraph(settings: CommonSettings, gateway: GatewayParts) -> SupergraphSource:
    """The platform's own graph as its registry has it; the built-in supergraph while nothing is active."""
    built_in, key = read_supergraph(), gateway.artefacts.public_key
    if key is None:
        _log.warning("supergraph.unsigned", reason="no ATRIUM_ARTEFACT_KEY", instead="the built-in one")
        return TextSource(built_in)
    reader = InProcessArtefacts(gateway.artefacts, Wanted())
    return registered(reader, [key], Wanted(), settings.data_folder, fallback=built_in)


def _policies(settings: CommonSettings, gateway: GatewayParts) -> PolicySource | None:
    """The rate limits and IP rules of every organisation."""
    key = gateway.artefacts.public_key
    if key is None:
        return None
    reader = InProcessArtefacts(gateway.policies, Wanted())
    return registered_policies(reader, [key], None, settings.data_folder)


def _operations(settings: CommonSettings, gateway: GatewayParts) -> DocumentsSource | None:
    """What clients registered in the platform's own graph."""
    key = gateway.artefacts.public_key
    if key is None:
        return None
    reader = InProcessArtefacts(gateway.operations, Wanted())
    return registered_documents(reader, [key], None, settings.data_folder)


def _router_settings(settings: CommonSettings, auth: AuthParts) -> RouterSettings:
    key = load(PlatformEnvironment).router_key
    return with_limits(
        RouterSettings(
            is_development=settings.is_development,
            tokens=TokenSettings(issuer=auth.settings.issuer, audience=auth.settings.audience),
            cookie_subgraphs=COOKIE_DOMAINS,
            signing_key=None if key is None else key.get_secret_value(),
            protection=ProtectionSettings(redis_url=settings.redis_url),
            uploads=_uploads(settings, can_sign=key is not None),
        )
    )


def _uploads(settings: CommonSettings, *, can_sign: bool) -> UploadSettings:
    """Files wait under the data folder, which all processes of `atrium up` share."""
    folder = (settings.data_folder / "files").absolute()
    return UploadSettings(store=f"file://{folder}" if can_sign else None)


def _published_keys(auth: AuthParts) -> FetchKeys:
    async def fetch() -> Mapping[str, Any]:
        try:
            return await auth.signing.published()
        except Exception as problem:  # whatever is wrong over there, there are no keys now
            raise KeysUnavailable(str(problem)) from problem

    return fetch


def _mounts(subgraphs: Mapping[str, Subgraph[Any]]) -> dict[str, Any]:
    """The domains' own public HTTP. Internal routes are for other processes: nothing leads to them here."""
    return {
        prefix: Starlette(routes=[route for route in subgraphs[name].routes if _is_below(route, prefix)])
        for prefix, name in PUBLIC_PATHS.items()
    }


def _is_below(route: object, prefix: str) -> bool:
    return str(getattr(route, "path", "")).startswith(f"{prefix}/")


def _ready_checks(process: Joined) -> dict[str, ReadyCheck]:
    async def database() -> bool:
        await process.resources.database.ping()
        return True

    return {"database": database}


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _client_request(context: RequestContext, last_event_id: str | None = None) -> ClientRequest:
    return ClientRequest(
        id=context.request_id,
        client_address=context.client_address,
        user_agent=context.user_agent,
        headers=context.headers,
        last_event_id=last_event_id,
    )


def _response(answer: Answer) -> SubgraphResponse:
    return SubgraphResponse(
        data=answer.data,
        errors=answer.errors,
        extensions=answer.extensions,
        set_cookies=answer.set_cookies,
        event_id=answer.event_id,
    )
