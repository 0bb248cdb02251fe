"""The only place where the router's parts are joined: settings and surroundings in, an ASGI app out."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from uuid import uuid4

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from common.access.principal import Principal, PrincipalKind
from common.access.signing import IdentitySigner, private_key_from_text
from common.limits.ip_rules import rules_of
from common.limits.policies import PoliciesOf
from common.operations.usage import UsageSink
from common.storage.references import UploadSigner
from common.storage.uploads import uploads_at
from router.access.credentials import CredentialVerifier, HttpCredentials, RememberedCredentials
from router.access.identity import Door
from router.access.jwks import FetchKeys, PublishedKeys, fetch_over_http
from router.access.revocation import Revocations
from router.access.tokens import TokenVerifier
from router.context import RequestContext
from router.cost.costs import Costs
from router.hooks.metrics import Metrics
from router.hooks.protocol import Hook, Stage
from router.hooks.registry import hooked
from router.hooks.tracing import Tracing
from router.http.admission import Admission
from router.http.callbacks import callback_route
from router.http.cors import Cors
from router.http.doorkeeper import Doorkeeper
from router.http.endpoint import GraphQLEndpoint
from router.http.explorer import ASSETS_PATH, Explorer
from router.http.health import Health, ReadyCheck
from router.http.holdings import Holdings
from router.http.metrics import Standing, shown
from router.http.middleware import Guard
from router.http.on_lane import LaneDoor
from router.http.outbox import Lost
from router.http.passthrough import Forward, Mounted, Passthrough
from router.http.persisted_metrics import PersistedStanding
from router.http.serve import serve
from router.http.streams import Streams
from router.http.uploads import Uploads
from router.http.vigil import Vigils
from router.http.websocket import SocketEndpoint
from router.persisted.reading import DocumentsSource
from router.pipeline.authorise import GrantPolicies
from router.pipeline.batch import Batches
from router.pipeline.beside import Beside
from router.pipeline.caches import Caches
from router.pipeline.labels import DecideLabels, OverrideLabels
from router.pipeline.lane import Lane
from router.pipeline.persisting import Persisting
from router.pipeline.router import Router
from router.pipeline.run import run
from router.pipeline.share import RequestSharing
from router.pipeline.stages import stages_with
from router.pipeline.subscriptions import move_all
from router.protection.obeying import Obeying, PolicySource
from router.protection.protected import Protected
from router.protection.protection import Protection
from router.settings import CostMode, RouterSettings
from router.snapshot.holder import SnapshotHolder
from router.snapshot.load import FileSource, SupergraphSource, load_now
from router.snapshot.watch import Watch
from router.state.counters import Counters
from router.state.memory import MemoryCounters
from router.state.redis import RedisCounters
from router.subgraph_client.callback import Callbacks
from router.subgraph_client.clients import Knowing, SubgraphClients
from router.subgraph_client.event_sources import EventSources
from router.subgraph_client.headers import IDENTITY_HEADER, HeaderPolicy
from router.subgraph_client.http import HttpPool, HttpSubgraphClient
from router.subgraph_client.in_process import InProcessClient, InProcessSubgraph
from router.subgraph_client.protocol import SubgraphClient
from router.subgraph_client.sharing import Seen
from router.wire.cors import CrossOrigin

log = logging.getLogger(__name__)

THREADS = 2
Doors = tuple[ASGIApp, ASGIApp, ASGIApp]
"""The ways in: to the graph, to it by sockets, to all the rest."""
OURSELVES = Principal(kind=PrincipalKind.SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a process hands in; whatever is missing is reached over HTTP.

    `subgraphs`: those in this process, by name. `credentials`: checks API keys. `published_keys`: gives
    the JWK set of access tokens. `mounts`: prefix → ASGI app for paths that are not GraphQL; it gets the
    refresh cookie if `passthrough` names a subgraph for the prefix that owns it.
    `operations`: where registered documents come from. `usage`: keeps what is counted of operations.
    `ready`: what else must hold for `/readyz`. `labels`: decides for each request which labels of progressive
    overrides hold, besides shares. `policies`: the limits and IP rules of a control plane. `grant_policies`:
    which `@policy` names hold for a caller; without it none does.
    """

    subgraphs: Mapping[str, InProcessSubgraph] = field(default_factory=dict)
    credentials: CredentialVerifier | None = None
    published_keys: FetchKeys | None = None
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)
    ready: Mapping[str, ReadyCheck] = field(default_factory=dict)
    hooks: Sequence[Hook] = ()
    labels: DecideLabels | None = None
    operations: DocumentsSource | None = None
    usage: UsageSink | None = None
    policies: PolicySource | None = None
    grant_policies: GrantPolicies | None = None


class RouterApp:
    """The ASGI app. `revocations` wants to hear of revoked sessions and keys.

    `open_sockets` and `streams` are the open connections that have no end of their own. `lane`: where our own
    server lets known queries in, if nothing stands between it and this app.
    """

    def __init__(
        self,
        *,
        router: Router,
        graph: ASGIApp,
        sockets: ASGIApp,
        connections: tuple[SocketEndpoint, Streams],
        others: ASGIApp,
        health: Health,
        revocations: Revocations,
        pool: HttpPool,
        watch: Watch,
        persisting: Persisting,
        obeying: Obeying | None = None,
        uploads: Uploads | None = None,
        lane: LaneDoor | None = None,
    ) -> None:
        self.lane = lane
        self.router = router
        self.revocations = revocations
        self._graph = graph
        self._sockets = sockets
        self.open_sockets, self.streams = connections
        self._others = others
        self._health = health
        self._pool = pool
        self._watch = watch
        self._persisting = persisting
        self._obeying = obeying
        self._uploads = uploads
        self._sweeping: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, one socket, or the life of the process."""
        match scope["type"]:
            case "http" if scope["path"] == self.router.settings.graphql_path:
                await self._graph(scope, receive, send)
            case "http":
                await self._others(scope, receive, send)
            case "websocket" if scope["path"] == self.router.settings.graphql_path:
                await self._sockets(scope, receive, send)
            case "websocket":
                await send({"type": "websocket.close"})
            case _:
                await self._live(receive, send)

    async def start(self) -> None:
        """Load the supergraph, if that is not done, and watch it; raises what makes it unusable."""
        if self._watch.has_begun:
            return
        await self._watch.load()
        await self._persisting.begin()
        if self._obeying is not None:
            await self._obeying.begin()
        self._watch.begin()
        if self._uploads is not None:
            self._sweeping = asyncio.create_task(self._uploads.sweep())

    def look_for_supergraph(self) -> None:
        """There may be a new one: do not wait for the next turn."""
        self._watch.look()

    def look_for_operations(self) -> None:
        """Other documents may be registered: do not wait for the next turn."""
        self._persisting.reading.look()

    def look_for_policies(self) -> None:
        """There may be other limits and IP rules: do not wait for the next turn."""
        if self._obeying is not None:
            self._obeying.look()

    async def announce(self) -> None:
        """Say that the end is near to whoever asks, and wait until that has got around."""
        self._health.is_stopping = True
        await asyncio.sleep(self.router.settings.load.drain)

    async def farewell(self) -> None:
        """End what would go on for ever: each client at a moment of its own, lest all come back at once."""
        seconds = self.router.settings.load.farewell
        self.begin_stop(seconds)
        waiting = [each.all_left() for each in (self.open_sockets, self.streams)]
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*waiting)

    def begin_stop(self, seconds: float = 0.0) -> None:
        """Not ready any more: end sockets and streams within these seconds, and take no new ones."""
        self._health.is_stopping = True
        self.open_sockets.stop(seconds)
        self.streams.stop(seconds)

    async def stop(self) -> None:
        """Give everything back."""
        self.begin_stop()
        if self._sweeping is not None:
            self._sweeping.cancel()
        await self._watch.stop()
        self.router.subscriptions.stop()
        if self._obeying is not None:
            await self._obeying.stop()
        if self.router.protection is not None:
            await self.router.protection.close()
        await self._persisting.stop()
        await self.router.clients.close()
        await self._pool.close()
        for threads in (self.router.readers, self.router.planners):
            threads.shutdown(wait=False, cancel_futures=True)
        if self.router.beside is not None:
            self.router.beside.stop()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        try:
            await self.start()
        except Exception as cause:
            await send({"type": "lifespan.startup.failed", "message": str(cause)})
            raise
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


def build_app(
    settings: RouterSettings,
    source: SupergraphSource,
    surroundings: Surroundings | None = None,
    *,
    snapshots: SnapshotHolder | None = None,
) -> RouterApp:
    """The router for one supergraph source, ready to be served."""
    given = surroundings or Surroundings()
    signer = None if settings.signing_key is None else _Signer(settings.signing_key)
    pool = HttpPool(
        connect_seconds=settings.timeouts.connect,
        connections_per_host=settings.max_connections_per_subgraph,
        max_answer_bytes=settings.max_answer_bytes,
    )
    event_sources = EventSources(settings.subscriptions, pool)
    credentials = _credentials(settings, given, pool, signer)
    revocations = Revocations(credentials)
    registry = CollectorRegistry() if settings.metrics else None
    metrics = None if registry is None else Metrics(registry)
    hooks = _hooks(settings, given, metrics)
    caches = Caches(settings.caches)
    persisting = Persisting(settings, given.operations, given.usage)
    protection = _protection(settings, given)
    costs = None
    if protection is not None or settings.cost.mode is not CostMode.OFF:
        costs = Costs(settings.cost, None if metrics is None else metrics.observe_cost)
    snapshots = snapshots or SnapshotHolder()
    snapshots.on_swap(caches.forget_snapshots)
    lane = _lane(settings, hooks, metrics)
    router = Router(
        settings=settings,
        snapshots=snapshots,
        clients=SubgraphClients(
            _client_factory(settings, given, pool, signer, event_sources),
            None if metrics is None else metrics.observe_fetch,
            _knowing(settings, given, signer) if settings.share_fetches else None,
            subscriptions=settings.subscriptions,
            listening=_knowing(settings, given, signer),
        ),
        door=Door(tokens=_tokens(settings, given, pool), credentials=credentials, revocations=revocations),
        caches=caches,
        readers=ThreadPoolExecutor(THREADS, thread_name_prefix="atrium-read"),
        planners=ThreadPoolExecutor(THREADS, thread_name_prefix="atrium-plan"),
        beside=Beside(settings.limits) if settings.planner_process else None,
        labels=OverrideLabels(settings.override_labels, given.labels),
        desk=persisting.desk,
        finish=persisting.finish,
        stages=stages_with(hooks, costs),
        sharing=_sharing(settings, given, signer) if settings.share_requests else None,
        protection=protection,
        costs=costs,
        grant_policies=given.grant_policies,
        lane=lane,
    )
    if lane is not None:
        lane.open(router)
    snapshots.on_swap(lambda: router.clients.use(router.snapshots.current.addresses))
    snapshots.on_swap(lambda: router.subscriptions.follow(partial(move_all, router)))
    persisting.serve(router)
    if registry is not None:
        registry.register(PersistedStanding(persisting))
    explorer = Explorer() if settings.serves_explorer else None
    health = Health(router, given.ready)
    watch = Watch(source, snapshots, seconds=settings.reload_seconds)
    admission, lost = Admission(settings.load), Lost()
    holdings = Holdings(settings.clients, ipv6_prefix=settings.protection.ipv6_prefix)
    vigils = Vigils(router.door)
    sockets = SocketEndpoint(router, admission, holdings, vigils, lost)
    streams = Streams(router, holdings, vigils, lost)
    answer = hooked(Stage.REQUEST, run, hooks)
    batches = Batches(answer, settings.max_batch) if settings.max_batch else None
    if registry is not None:
        registry.register(Standing(router, sockets, streams, batches, watch, admission))
        if protection is not None:
            registry.register(Protected(protection))
    graph: ASGIApp = GraphQLEndpoint(router, answer, explorer, streams, batches, admission)
    uploads = _uploads(settings, graph, router)
    graph = uploads or graph
    if settings.cors_origins:
        policy = CrossOrigin(origins=settings.cors_origins, headers=settings.forwarded_headers)
        graph = Cors(graph, policy)
    called_back = None if settings.subscriptions.callback_url is None else event_sources.callbacks
    others = _others(settings, given, pool, signer, health, explorer, registry, called_back)
    doors: Doors = graph, sockets, others
    if protection is not None:
        doors = _guarded(doors, protection, settings)
    return RouterApp(
        router=router,
        graph=doors[0],
        sockets=doors[1],
        connections=(sockets, streams),
        others=doors[2],
        obeying=_obeying(settings, given, protection),
        health=health,
        revocations=revocations,
        persisting=persisting,
        pool=pool,
        watch=watch,
        uploads=uploads,
        lane=None if lane is None else LaneDoor(lane, admission, settings),
    )


def serve_standalone(settings: RouterSettings, supergraph: Path, *, host: str, port: int) -> None:
    """Serve a supergraph file over HTTP subgraphs until told to stop; a changed file is taken up.

    Raises SourceUnavailable, NotASupergraph or CannotListen before it begins.
    """
    source = FileSource(supergraph)
    app = build_app(settings, source, snapshots=SnapshotHolder(load_now(source)))
    serve(app, settings, host=host, port=port, stopping=app)


def _lane(settings: RouterSettings, hooks: Sequence[Hook], metrics: Metrics | None) -> Lane | None:
    """The lane, unless somebody wants to see each stage of each request."""
    if not settings.compile_plans or any(hook is not metrics for hook in hooks):
        return None
    return Lane(settings, None if metrics is None else metrics.observe_request)


def _protection(settings: RouterSettings, given: Surroundings) -> Protection | None:
    """The guard, if there is anything to guard by; None costs nothing."""
    wanted = settings.protection
    rules = rules_of(wanted.allowed_networks, wanted.denied_networks)
    if not wanted.rate_limits and not rules and given.policies is None:
        return None
    counters: Counters = MemoryCounters()
    if wanted.redis_url is not None:
        counters = RedisCounters(wanted.redis_url, seconds=wanted.redis_timeout)
    always = PoliciesOf(rate_limits=wanted.rate_limits, ip_rules=rules)
    return Protection(always, counters, monotonic, ipv6_prefix=wanted.ipv6_prefix)


def _uploads(settings: RouterSettings, graph: ASGIApp, router: Router) -> Uploads | None:
    """Files are taken where there is a store for them; raises ValueError if nobody could sign for them."""
    if settings.uploads.store is None:
        return None
    if settings.signing_key is None:
        raise ValueError("Files are to be taken, but there is no key to sign for them.")
    return Uploads(
        app=graph,
        store=uploads_at(settings.uploads.store),
        signer=UploadSigner(private_key_from_text(settings.signing_key)),
        settings=settings,
        door=router.door,
    )


def _obeying(settings: RouterSettings, given: Surroundings, protection: Protection | None) -> Obeying | None:
    if protection is None or given.policies is None:
        return None
    return Obeying(given.policies, protection, seconds=settings.reload_seconds)


def _guarded(doors: Doors, protection: Protection, settings: RouterSettings) -> Doors:
    graph, sockets, others = doors
    return (
        Doorkeeper(graph, protection, settings),
        Doorkeeper(sockets, protection, settings),
        Doorkeeper(others, protection, settings, counts=True),
    )


class _Signer:
    """The identity header for one request to one subgraph."""

    def __init__(self, private_key: str) -> None:
        self._signer = IdentitySigner(private_key_from_text(private_key))

    def __call__(self, context: RequestContext, *, audience: str, body: bytes) -> str:
        left = context.deadline - asyncio.get_running_loop().time()
        return self._signer.sign(
            context.principal,
            audience=audience,
            body=body,
            request_id=context.request_id,
            now=datetime.now(UTC),
            client_address=context.client_address,
            user_agent=context.user_agent,
            lifetime=timedelta(seconds=max(left, 1.0)),
        )

    def headers_for(self, audience: str) -> Callable[[bytes], dict[str, str]]:
        """Headers for requests that the router makes on its own behalf."""

        def headers(body: bytes) -> dict[str, str]:
            deadline = asyncio.get_running_loop().time() + 10.0
            context = RequestContext(request_id=uuid4().hex, deadline=deadline, principal=OURSELVES)
            return {IDENTITY_HEADER: self(context, audience=audience, body=body)}

        return headers


def _hooks(settings: RouterSettings, given: Surroundings, metrics: Metrics | None) -> tuple[Hook, ...]:
    own: tuple[Hook | None, ...] = (Tracing() if settings.tracing else None, metrics)
    return (*(hook for hook in own if hook is not None), *given.hooks)


def _credentials(
    settings: RouterSettings, given: Surroundings, pool: HttpPool, signer: _Signer | None
) -> RememberedCredentials | None:
    verifier = given.credentials
    if verifier is None and settings.credentials_url is not None:
        sign = signer.headers_for("auth") if signer is not None else (lambda body: {})
        verifier = HttpCredentials(pool, settings.credentials_url, sign=sign)
    return None if verifier is None else RememberedCredentials(verifier, size=settings.caches.credentials)


def _tokens(settings: RouterSettings, given: Surroundings, pool: HttpPool) -> TokenVerifier | None:
    if settings.tokens is None:
        return None
    fetch = given.published_keys
    if fetch is None and settings.tokens.jwks_url is not None:
        fetch = fetch_over_http(pool, settings.tokens.jwks_url)
    if fetch is None:
        raise ValueError("Access tokens are to be checked, but nothing says where their keys are published.")
    return TokenVerifier(settings.tokens, PublishedKeys(fetch), remembered=settings.caches.tokens)


def _client_factory(
    settings: RouterSettings,
    given: Surroundings,
    pool: HttpPool,
    signer: _Signer | None,
    event_sources: EventSources,
) -> Callable[[str, str], SubgraphClient]:
    urls = dict(settings.subgraph_urls)

    def make(name: str, url: str) -> SubgraphClient:
        policy = _policy(settings, name, signer)
        seconds = settings.timeouts.subgraph
        subgraph = given.subgraphs.get(name)
        if subgraph is not None:
            return InProcessClient(name=name, subgraph=subgraph, policy=policy, seconds=seconds)
        url = urls.get(name, url)
        source = event_sources.source(name=name, url=url, policy=policy, seconds=seconds)
        return HttpSubgraphClient(
            name=name, url=url, pool=pool, policy=policy, seconds=seconds, source=source
        )

    return make


def _knowing(settings: RouterSettings, given: Surroundings, signer: _Signer | None) -> Knowing:
    """What each subgraph gets to see of who asks; one that sets cookies is asked by everybody in person."""

    def knowing(name: str) -> Seen | None:
        policy = _policy(settings, name, signer)
        is_in_process = name in given.subgraphs
        return None if policy.takes_cookies else partial(policy.knows, is_in_process=is_in_process)

    return knowing


def _sharing(settings: RouterSettings, given: Surroundings, signer: _Signer | None) -> RequestSharing:
    """The queries in flight, told apart by whatever any subgraph could get to see."""
    policy = HeaderPolicy(forwarded=settings.forwarded_headers, sign=signer)
    return RequestSharing(
        partial(policy.knows, is_in_process=bool(given.subgraphs)), settings.cookie_subgraphs
    )


def _policy(settings: RouterSettings, name: str, signer: _Signer | None) -> HeaderPolicy:
    return HeaderPolicy(
        forwarded=settings.forwarded_headers, takes_cookies=name in settings.cookie_subgraphs, sign=signer
    )


def _others(
    settings: RouterSettings,
    given: Surroundings,
    pool: HttpPool,
    signer: _Signer | None,
    health: Health,
    explorer: Explorer | None,
    registry: CollectorRegistry | None,
    called_back: Callbacks | None,
) -> ASGIApp:
    routes: list[BaseRoute] = [Route("/healthz", health.live), Route("/readyz", health.ready)]
    if called_back is not None:
        routes.append(callback_route(called_back))
    if explorer is not None:
        routes.append(Mount(ASSETS_PATH, explorer.assets()))
    if registry is not None:
        routes.append(Route("/metrics", shown(registry)))
    passthrough = Passthrough(_passthrough_routes(settings, given, pool, signer))
    app = _FallThrough(Starlette(routes=routes), passthrough)
    return Guard(
        app,
        max_header_bytes=settings.max_header_bytes,
        max_body_bytes=settings.max_body_bytes,
        body_seconds=settings.timeouts.body,
    )


def _passthrough_routes(
    settings: RouterSettings, given: Surroundings, pool: HttpPool, signer: _Signer | None
) -> dict[str, ASGIApp]:
    routes: dict[str, ASGIApp] = {
        route.prefix: Forward(
            route,
            route.url,
            pool=pool,
            policy=_policy(settings, route.subgraph, signer),
            seconds=settings.timeouts.subgraph,
            trusted_proxies=settings.trusted_proxies,
            address_header=settings.address_header,
        )
        for route in settings.passthrough
        if route.url is not None
    }
    owners = {route.prefix: route.subgraph for route in settings.passthrough}
    mounted = {
        prefix: Mounted(
            app, _policy(settings, owners[prefix], signer) if prefix in owners else HeaderPolicy()
        )
        for prefix, app in given.mounts.items()
    }
    return routes | mounted


class _FallThrough:
    """Configured prefixes first, then our own routes."""

    def __init__(self, own: ASGIApp, passthrough: Passthrough) -> None:
        self._own = own
        self._passthrough = passthrough

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._passthrough.app_for(scope["path"]) or self._own
        await app(scope, receive, send)
