"""Every setting of the router: frozen values with safe defaults; nothing here reads the environment.

To add one: a field whose metadata say what kind of value it holds and what it is for. Its variable
(`ATRIUM_ROUTER_...`), its place in the settings file and its line in docs/settings.md follow from that.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from common.limits.rate_limits import RATE_LIMITS, RateLimit
from common.operations.settings import PersistedSettings
from common.setting_kinds import (
    BYTES,
    CHOICE,
    COUNT,
    LABELS,
    NAMES,
    NETWORKS,
    ORIGINS,
    PAUSE,
    SECONDS,
    TEXT,
    URL,
    DoesNotFit,
    Networks,
    Place,
    count,
    group,
    member_of,
    nearest,
    one_of,
    pairs,
    places,
    records,
    setting,
    wired,
)

REFRESH_COOKIE = "__Host-atrium-refresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationLimits:
    """How large an operation may be; refused with an error that names the limit and its value."""

    max_depth: int = field(default=15, metadata=setting(COUNT, "Levels of selections in one operation."))
    max_aliases: int = field(default=30, metadata=setting(COUNT, "Aliases in one operation."))
    max_root_fields: int = field(default=20, metadata=setting(COUNT, "Root fields of one operation."))
    max_directives: int = field(default=50, metadata=setting(COUNT, "Directives in one operation."))
    max_tokens: int = field(default=5_000, metadata=setting(COUNT, "Length of the document, in tokens."))
    max_selections: int = field(
        default=10_000, metadata=setting(COUNT, "Selections of one operation, with fragments written out.")
    )
    max_paths: int = field(
        default=50_000, metadata=setting(COUNT, "Ways through the subgraphs that planning looks at.")
    )
    max_plan_parts: int = field(
        default=2_000_000,
        metadata=setting(COUNT, "What planning one operation holds in memory, about 100 bytes each."),
    )
    max_node_ids: int = field(
        default=100, metadata=setting(COUNT, "Ids that `node` and `nodes` look up in one request.")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds; none is infinite."""

    request: float = field(default=30.0, metadata=setting(SECONDS, "For a whole request."))
    plan: float = field(default=2.0, metadata=setting(SECONDS, "For planning an operation."))
    connect: float = field(default=2.0, metadata=setting(SECONDS, "For reaching a subgraph."))
    subgraph: float = field(default=10.0, metadata=setting(SECONDS, "For one answer of a subgraph."))
    body: float = field(default=10.0, metadata=setting(SECONDS, "For the body of a request to arrive."))
    shutdown: float = field(default=30.0, metadata=setting(SECONDS, "For requests in flight at the end."))
    head: float = field(
        default=10.0,
        metadata=setting(
            SECONDS,
            "For the head of a request to arrive; up to twice as long on a connection that was used before.",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheSizes:
    """How many entries each cache holds, and how much of what clients decide the size of."""

    parsed: int = field(default=1_000, metadata=setting(COUNT, "Parsed documents that are kept."))
    validated: int = field(default=1_000, metadata=setting(COUNT, "Validated operations that are kept."))
    planned: int = field(default=1_000, metadata=setting(COUNT, "Plans that are kept."))
    characters: int = field(
        default=500_000, metadata=setting(COUNT, "Text of all kept documents together, in characters.")
    )
    selections: int = field(
        default=100_000,
        metadata=setting(COUNT, "Selections of all kept operations, and again of all kept plans."),
    )
    tokens: int = field(default=10_000, metadata=setting(COUNT, "Verified access tokens that are kept."))
    credentials: int = field(default=10_000, metadata=setting(COUNT, "Checked API keys that are kept."))


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketSettings:
    """Limits of one WebSocket. `allowed_origins` None: the page must come from the router's own host."""

    init_timeout: float = field(
        default=5.0,
        metadata=setting(SECONDS, "For `connection_init` to arrive.", variable="SOCKET_INIT_SECONDS"),
    )
    max_message_bytes: int = field(default=1_048_576, metadata=setting(BYTES, "Of one message of a client."))
    max_operations: int = field(default=100, metadata=setting(COUNT, "Operations at once on one socket."))
    ping_interval: float = field(
        default=20.0,
        metadata=setting(
            SECONDS, "Between pings; a peer that answers none is cut off.", variable="SOCKET_PING_SECONDS"
        ),
    )
    max_open: int = field(
        default=20_000,
        metadata=setting(COUNT, "WebSockets in one process.", variable="MAX_SOCKETS"),
    )
    allowed_origins: frozenset[str] | None = field(
        default=None,
        metadata=setting(
            ORIGINS, "Pages of other origins that may open sockets; by default only the router's own host."
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """Events over HTTP."""

    heartbeat: float = field(
        default=10.0,
        metadata=setting(SECONDS, "Silence until a heartbeat is sent.", variable="STREAM_HEARTBEAT_SECONDS"),
    )
    max_open: int = field(
        default=10_000,
        metadata=setting(COUNT, "Streams of events that one process carries.", variable="MAX_STREAMS"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """How one HTTP subgraph is subscribed to; subgraphs in this process are asked directly."""

    subgraph: str = field(metadata=setting(TEXT, "The subgraph's name."))
    transport: str = field(
        default="ws",
        metadata=setting(
            one_of("ws", "sse", "multipart", "callback"),
            "`ws` (graphql-transport-ws), `sse` (graphql-sse, distinct connections), `multipart` "
            "(subscriptionSpec=1.0) or `callback` (callbackSpec=1.0, needs `callback_url`).",
        ),
    )
    path: str | None = field(
        default=None, metadata=setting(TEXT, "Path of its own for subscriptions; by default the subgraph's.")
    )
    headers: tuple[tuple[str, str], ...] = field(
        default=(),
        repr=False,
        metadata=setting(pairs(TEXT, "names with values"), "Headers that go with it besides."),
    )
    connection_params: tuple[tuple[str, str], ...] = field(
        default=(),
        repr=False,
        metadata=setting(pairs(TEXT, "names with values"), "What `connection_init` says besides, over `ws`."),
    )
    is_public: bool = field(
        default=False,
        metadata=setting(
            CHOICE,
            "Its events are the same for everybody: it is not told who listens, and one subscription serves "
            "all callers.",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSettings:
    """How the router listens to subgraphs."""

    sources: tuple[SourceSettings, ...] = field(
        default=(),
        metadata=setting(
            records(SourceSettings), "How each subgraph is subscribed to, where it is not `ws`, plainly."
        ),
    )
    callback_url: str | None = field(
        default=None,
        metadata=setting(
            URL, "Where subgraphs reach this very process for `callback`: its address without a path."
        ),
    )
    reconnect: float = field(
        default=30.0,
        metadata=setting(
            SECONDS,
            "A subscription whose subgraph went away is kept, and tried again, for so long.",
            variable="SUBSCRIPTION_RECONNECT_SECONDS",
        ),
    )
    heartbeat: float = field(
        default=15.0,
        metadata=setting(
            SECONDS,
            "Silence of a subgraph until it is asked whether it lives; as long again, and it is given up.",
            variable="SUBSCRIPTION_HEARTBEAT_SECONDS",
        ),
    )
    max_pending: int = field(
        default=1_000,
        metadata=setting(COUNT, "Events that wait for the rest of their answer before a subscription ends."),
    )
    operations_per_connection: int = field(
        default=100, metadata=setting(COUNT, "Subscriptions that share one WebSocket to a subgraph.")
    )
    share: bool = field(
        default=True,
        metadata=setting(CHOICE, "Identical subscriptions of one caller to a subgraph are opened once."),
    )

    def source(self, subgraph: str) -> SourceSettings:
        """How this subgraph is subscribed to."""
        return next(
            (each for each in self.sources if each.subgraph == subgraph), SourceSettings(subgraph=subgraph)
        )


class SlowClients(StrEnum):
    """What becomes of a client that reads more slowly than its events come."""

    CLOSE = "close"
    DROP_OLDEST = "drop-oldest"
    COALESCE = "coalesce"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """What may wait for one client, on a WebSocket or a stream, and what happens when it is too much."""

    max_pending_messages: int = field(
        default=256, metadata=setting(COUNT, "Messages that wait for a client that reads slowly.")
    )
    max_pending_bytes: int = field(default=1_048_576, metadata=setting(BYTES, "The same, by their size."))
    slow_clients: str = field(
        default=SlowClients.CLOSE.value,
        metadata=setting(
            one_of(*(each.value for each in SlowClients)),
            "When more would wait: `close` the connection, `drop-oldest` event, or `coalesce`: only the "
            "newest event of each subscription waits at all.",
            variable="SLOW_CLIENTS",
        ),
    )
    stall: float = field(
        default=30.0,
        metadata=setting(SECONDS, "Until a client that takes nothing is cut off.", variable="STALL_SECONDS"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """How much one client may hold at a time. Connections are WebSockets and streams of events."""

    max_connections_per_address: int = field(
        default=1_000, metadata=setting(COUNT, "Connections from one address (see trusted_proxies).")
    )
    max_connections_per_caller: int = field(
        default=200, metadata=setting(COUNT, "Connections of one person or API key.")
    )
    max_operations_per_address: int = field(
        default=5_000, metadata=setting(COUNT, "Operations on WebSockets from one address.")
    )
    max_operations_per_caller: int = field(
        default=1_000, metadata=setting(COUNT, "Operations of one person or API key on WebSockets.")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """How much work is taken on at a time; what is too much is refused at once with 503."""

    max_in_flight: int = field(
        default=512, metadata=setting(COUNT, "Requests that are worked on at a time in one process.")
    )
    max_waiting: int = field(
        default=512, metadata=setting(COUNT, "Requests that wait for their turn besides.")
    )
    turn: float = field(
        default=1.0,
        metadata=setting(SECONDS, "Until a request that waits is refused.", variable="TURN_SECONDS"),
    )
    drain: float = field(
        default=0.0,
        metadata=setting(
            PAUSE,
            "From `/readyz` saying no to the end of listening, when the process is told to stop.",
            variable="DRAIN_SECONDS",
        ),
    )
    farewell: float = field(
        default=2.0,
        metadata=setting(
            PAUSE,
            "Over which WebSockets and streams are ended then, so that not all come back at once.",
            variable="FAREWELL_SECONDS",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionSettings:
    """Rate limits and IP rules that always hold, and where limits are counted."""

    rate_limits: tuple[RateLimit, ...] = field(
        default=(),
        metadata=setting(
            RATE_LIMITS,
            "Limits that always hold, as `per-ip=100/60s by ip; reports=10/1h by user exact`; see "
            "docs/protection.md.",
        ),
    )
    allowed_networks: Networks = field(
        default=(),
        metadata=setting(NETWORKS, "Only requests from these addresses or networks are let in."),
    )
    denied_networks: Networks = field(
        default=(),
        metadata=setting(
            NETWORKS, "Requests from these are kept out; of several that fit an address the narrowest counts."
        ),
    )
    redis_url: str | None = field(
        default=None,
        repr=False,
        metadata=setting(
            TEXT,
            "The Redis where limits are counted; without one each process counts for itself.",
            is_secret=True,
        ),
    )
    redis_timeout: float = field(
        default=0.25,
        metadata=setting(
            SECONDS,
            "So long Redis may take; then limits are open or closed, as each says, until it answers again.",
            variable="REDIS_SECONDS",
        ),
    )
    ipv6_prefix: int = field(
        default=64,
        metadata=setting(
            count(16, 128),
            "Addresses of IPv6 with the same first bits are one for limits: anybody has that many.",
            variable="LIMIT_PREFIX_BITS",
        ),
    )


class Unauthorised(StrEnum):
    """What becomes of operations that ask for more than the caller may see."""

    NULL = "null"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSettings:
    """Files that come with operations, by the GraphQL multipart request specification."""

    store: str | None = field(
        default=None,
        metadata=setting(
            TEXT,
            "Where files wait for their subgraph: `file:///path`, `s3://bucket/path`, `gs://`, `az://`; "
            "without it none are taken. `atrium up` has a folder of its own.",
        ),
    )
    max_files: int = field(default=10, metadata=setting(COUNT, "Files in one request."))
    max_places: int = field(
        default=50, metadata=setting(COUNT, "Variables in one request that files stand for.")
    )
    max_file_bytes: int = field(default=20_971_520, metadata=setting(BYTES, "Of one file."))
    max_bytes: int = field(default=52_428_800, metadata=setting(BYTES, "Of all files of a request."))
    max_at_once: int = field(
        default=20, metadata=setting(COUNT, "Requests with files that one process takes at a time.")
    )
    time: float = field(
        default=120.0,
        metadata=setting(SECONDS, "For all files of a request to arrive.", variable="UPLOADS_SECONDS"),
    )
    lifetime: float = field(
        default=3_600.0,
        metadata=setting(
            SECONDS, "So long a subgraph may fetch a file.", variable="UPLOADS_LIFETIME_SECONDS"
        ),
    )
    anonymous: bool = field(
        default=False, metadata=setting(CHOICE, "Files are taken from callers without credentials, too.")
    )


class CostMode(StrEnum):
    """What is done with estimated costs."""

    OFF = "off"
    MEASURE = "measure"
    ENFORCE = "enforce"


class ShowCost(StrEnum):
    """Who is told in `extensions.cost`."""

    NEVER = "never"
    ASKED = "asked"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSettings:
    """What operations may cost, by `@cost` and `@listSize` of the supergraph."""

    mode: CostMode = field(
        default=CostMode.OFF,
        metadata=setting(
            member_of(CostMode),
            "`measure`: costs are estimated, counted and told; `enforce`: and operations refused that may "
            "cost too much or ask for lists that are too long.",
        ),
    )
    max: int = field(default=10_000, metadata=setting(COUNT, "What one operation may cost, as estimated."))
    list_size: int = field(
        default=10, metadata=setting(COUNT, "How long lists are assumed to be of which nothing is said.")
    )
    max_list_size: int = field(
        default=1_000,
        metadata=setting(
            COUNT,
            "The largest value of an argument that says how long a list gets.",
            variable="MAX_LIST_SIZE",
        ),
    )
    show: ShowCost = field(
        default=ShowCost.ASKED,
        metadata=setting(
            member_of(ShowCost),
            "Whether answers say what they cost; `asked`: to clients that send the header `atrium-cost`.",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """What an access token must say; `jwks_url` is where its keys are published."""

    issuer: str
    audience: str
    jwks_url: str | None = None
    leeway: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PassthroughRoute:
    """Paths that begin with `prefix` are handed to `subgraph`'s own HTTP at `url` (or in process)."""

    prefix: str
    subgraph: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterSettings:
    """All of it; handed down from `router.app`, read once.

    `is_development` turns on what helps a developer and an attacker alike: introspection and explorer.
    `subgraph_urls` replace the addresses written in the supergraph. With a `signing_key` (an Ed25519
    private key) every request to an HTTP subgraph says, signed, who asks.
    """

    is_development: bool = field(default=False, metadata=wired("ATRIUM_ENV"))
    introspection: bool | None = field(
        default=None,
        metadata=setting(CHOICE, "`__schema` and `__type` are answered; by default in development."),
    )
    explorer: bool | None = field(
        default=None,
        metadata=setting(CHOICE, "A browser at the GraphQL path gets GraphiQL; by default in development."),
    )
    mask_errors: bool = field(
        default=True, metadata=setting(CHOICE, "Errors that were not meant for clients are hidden from them.")
    )
    unauthorized_fields: Unauthorised = field(
        default=Unauthorised.NULL,
        metadata=setting(
            member_of(Unauthorised),
            "What the supergraph guards and the caller may not see is `null` in the answer, with an error; "
            "or all of the operation is refused.",
        ),
    )
    graphql_path: str = field(default="/graphql", metadata=wired("the program that embeds the router"))
    limits: OperationLimits = field(
        default_factory=OperationLimits, metadata=group("How large an operation may be.")
    )
    timeouts: Timeouts = field(
        default_factory=Timeouts, metadata=group("Seconds, which may have fractions.", suffix="_SECONDS")
    )
    caches: CacheSizes = field(
        default_factory=CacheSizes, metadata=group("What is kept in memory.", prefix="CACHED_")
    )
    socket: SocketSettings = field(
        default_factory=SocketSettings, metadata=group("Limits of one WebSocket.", prefix="SOCKET_")
    )
    streams: StreamSettings = field(
        default_factory=StreamSettings, metadata=group("Events over HTTP.", prefix="STREAM_")
    )
    delivery: DeliverySettings = field(
        default_factory=DeliverySettings, metadata=group("Events that wait for slow clients.")
    )
    clients: ClientSettings = field(
        default_factory=ClientSettings, metadata=group("What one client may hold.")
    )
    load: LoadSettings = field(
        default_factory=LoadSettings, metadata=group("How much work is taken on, and how it ends.")
    )
    subscriptions: SubscriptionSettings = field(
        default_factory=SubscriptionSettings,
        metadata=group("Listening to subgraphs.", prefix="SUBSCRIPTION_"),
    )
    protection: ProtectionSettings = field(
        default_factory=ProtectionSettings, metadata=group("Who is let in, and how much anybody gets.")
    )
    uploads: UploadSettings = field(
        default_factory=UploadSettings, metadata=group("Files that come with operations.", prefix="UPLOADS_")
    )
    cost: CostSettings = field(
        default_factory=CostSettings, metadata=group("What operations may cost.", prefix="COST_")
    )
    tokens: TokenSettings | None = field(default=None, metadata=wired("ATRIUM_AUTH_URL"))
    credentials_url: str | None = field(default=None, metadata=wired("ATRIUM_AUTH_URL"))
    passthrough: tuple[PassthroughRoute, ...] = field(default=(), metadata=wired("ATRIUM_AUTH_URL"))
    max_body_bytes: int = field(default=1_048_576, metadata=setting(BYTES, "Of the body of a request."))
    max_header_bytes: int = field(default=65_536, metadata=setting(BYTES, "Of the head of a request."))
    max_batch: int = field(
        default=0,
        metadata=setting(
            count(0, 10), "Operations that may come in one request, as a list; 0: batches are refused."
        ),
    )
    max_answer_bytes: int = field(default=33_554_432, metadata=setting(BYTES, "Of one answer of a subgraph."))
    max_connections_per_subgraph: int = field(
        default=100, metadata=setting(COUNT, "Connections to one subgraph.")
    )
    compress: bool = field(
        default=True, metadata=setting(CHOICE, "Answers are compressed for clients that accept it.")
    )
    compress_above: int = field(
        default=1_024,
        metadata=setting(BYTES, "From which size answers are compressed.", variable="COMPRESS_ABOVE_BYTES"),
    )
    forwarded_headers: frozenset[str] = field(
        default=frozenset(), metadata=setting(NAMES, "The client's headers that subgraphs may see.")
    )
    trusted_proxies: Networks = field(
        default=(),
        metadata=setting(NETWORKS, "Addresses or networks whose word in `X-Forwarded-For` is believed."),
    )
    address_header: str = field(
        default="x-forwarded-for",
        metadata=setting(
            one_of("x-forwarded-for", "forwarded"),
            "Where trusted proxies write whom they saw: `X-Forwarded-For`, or `Forwarded` (RFC 7239).",
        ),
    )
    cors_origins: frozenset[str] = field(
        default=frozenset(),
        metadata=setting(
            ORIGINS, "Pages that may read answers, and ask with cookies; `*`: every page, without cookies."
        ),
    )
    cookie_subgraphs: frozenset[str] = field(default=frozenset(), metadata=wired("ATRIUM_AUTH_URL"))
    share_fetches: bool = field(
        default=True, metadata=setting(CHOICE, "Identical queries to one subgraph in flight are sent once.")
    )
    share_requests: bool = field(
        default=True, metadata=setting(CHOICE, "Identical queries of one caller in flight are executed once.")
    )
    compile_plans: bool = field(
        default=True, metadata=setting(CHOICE, "Plans that are used again are compiled to Python.")
    )
    planner_process: bool = field(
        default=True,
        metadata=setting(
            CHOICE,
            "Plans that take longer than a few milliseconds are made in a process of their own, started when "
            "first needed; `no`: in a thread.",
        ),
    )
    override_labels: frozenset[str] = field(
        default=frozenset(),
        metadata=setting(
            LABELS,
            "Labels of `@override(label:)` that hold for every request; `percent(n)` holds for its share by "
            "itself.",
        ),
    )
    persisted: PersistedSettings = field(
        default_factory=PersistedSettings, metadata=group("Documents that are asked for by id.")
    )
    subgraph_urls: tuple[tuple[str, str], ...] = field(default=(), metadata=wired("ATRIUM_SUBGRAPH_URLS"))
    signing_key: str | None = field(default=None, repr=False, metadata=wired("ATRIUM_ROUTER_KEY"))
    reload_seconds: float = field(
        default=1.0,
        metadata=setting(SECONDS, "How often the supergraph file is looked at, or the registry asked."),
    )
    metrics: bool = field(default=False, metadata=setting(CHOICE, "`/metrics` is served."))
    tracing: bool = field(default=False, metadata=setting(CHOICE, "Every stage of a request is a span."))

    @property
    def allows_introspection(self) -> bool:
        """`__schema` and `__type` are answered."""
        return self.is_development if self.introspection is None else self.introspection

    @property
    def serves_explorer(self) -> bool:
        """A browser that opens the GraphQL path gets GraphiQL."""
        return self.is_development if self.explorer is None else self.explorer


ENVIRONMENT_PREFIX = "ATRIUM_ROUTER_"

PLACES: Mapping[str, Place] = {ENVIRONMENT_PREFIX + place.variable: place for place in places(RouterSettings)}
"""Every setting by its variable."""

VARIABLES: frozenset[str] = frozenset(PLACES)
"""Every variable that `with_environment` reads."""


class SettingRefused(Exception):
    """A variable names no setting or its value does not fit; says which one and what would.

    `sentence` goes without the value that was refused.
    """

    def __init__(self, variable: str, sentence: str, value: str = ".") -> None:
        super().__init__(f"{variable} {sentence}{value}")
        self.variable = variable
        self.sentence = sentence


def with_environment(
    settings: RouterSettings, environment: Mapping[str, str], *, others: Collection[str] = ()
) -> RouterSettings:
    """The settings changed by `ATRIUM_ROUTER_*` variables; those in `others` belong to somebody else.

    `ATRIUM_ROUTER_MAX_DEPTH=20`, `ATRIUM_ROUTER_PLAN_SECONDS=1.5`, `ATRIUM_ROUTER_MASK_ERRORS=no`,
    `ATRIUM_ROUTER_FORWARDED_HEADERS=x-tenant,accept-language`. Raises SettingRefused.
    """
    for variable, text in sorted(environment.items()):
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in others:
            settings = with_variable(settings, variable, text)
    return settings


def with_variable(settings: RouterSettings, variable: str, text: str) -> RouterSettings:
    """The settings changed by one variable; raises SettingRefused."""
    place = PLACES.get(variable)
    if place is None:
        names = {name.removeprefix(ENVIRONMENT_PREFIX) for name in PLACES}
        near = nearest(variable.removeprefix(ENVIRONMENT_PREFIX), names)
        hint = f"; did you mean {ENVIRONMENT_PREFIX}{near}?" if near else "."
        raise SettingRefused(variable, "is not a setting", hint)
    changed: RouterSettings = _replaced(settings, place.path, _read(place, variable, text))
    return changed


def _read(place: Place, variable: str, text: str) -> Any:
    kind = place.setting.kind
    try:
        return kind.read(text.strip())
    except DoesNotFit as cause:
        raise SettingRefused(variable, f"must be {kind.expected}: {str(cause).strip()}") from cause
    except ValueError as cause:
        shown = "." if place.setting.is_secret else f", not {text[:40]!r}."
        raise SettingRefused(variable, f"must be {kind.expected}", shown) from cause


def _replaced(owner: Any, path: tuple[str, ...], value: Any) -> Any:
    name, *rest = path
    inner = _replaced(getattr(owner, name), tuple(rest), value) if rest else value
    return replace(owner, **{name: inner})
