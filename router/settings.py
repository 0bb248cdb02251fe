"""Every setting of the router: frozen values with safe defaults; nothing here reads the environment."""

from dataclasses import dataclass, field

REFRESH_COOKIE = "__Host-atrium-refresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationLimits:
    """How large an operation may be; refused with an error that names the limit and its value."""

    max_depth: int = 15
    max_aliases: int = 30
    max_root_fields: int = 20
    max_directives: int = 50
    max_tokens: int = 5_000
    max_selections: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds; none is infinite."""

    request: float = 30.0
    plan: float = 2.0
    connect: float = 2.0
    subgraph: float = 10.0
    body: float = 10.0
    shutdown: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheSizes:
    """How many entries each cache holds, over all snapshots."""

    parsed: int = 1_000
    validated: int = 1_000
    planned: int = 1_000
    tokens: int = 10_000
    credentials: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketSettings:
    """Limits of one WebSocket. `allowed_origins` None: the page must come from the router's own host."""

    init_timeout: float = 5.0
    max_message_bytes: int = 1_048_576
    max_operations: int = 100
    ping_interval: float = 20.0
    max_pending_messages: int = 256
    allowed_origins: frozenset[str] | None = None


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

    is_development: bool = False
    introspection: bool | None = None
    explorer: bool | None = None
    mask_errors: bool = True
    graphql_path: str = "/graphql"
    limits: OperationLimits = field(default_factory=OperationLimits)
    timeouts: Timeouts = field(default_factory=Timeouts)
    caches: CacheSizes = field(default_factory=CacheSizes)
    socket: SocketSettings = field(default_factory=SocketSettings)
    tokens: TokenSettings | None = None
    credentials_url: str | None = None
    passthrough: tuple[PassthroughRoute, ...] = ()
    max_body_bytes: int = 1_048_576
    max_header_bytes: int = 65_536
    max_answer_bytes: int = 33_554_432
    max_connections_per_subgraph: int = 100
    forwarded_headers: frozenset[str] = frozenset()
    cookie_subgraphs: frozenset[str] = frozenset()
    subgraph_urls: tuple[tuple[str, str], ...] = ()
    signing_key: str | None = field(default=None, repr=False)
    reload_seconds: float = 1.0
    metrics: bool = False
    tracing: bool = False

    @property
    def allows_introspection(self) -> bool:
        """`__schema` and `__type` are answered."""
        return self.is_development if self.introspection is None else self.introspection

    @property
    def serves_explorer(self) -> bool:
        """A browser that opens the GraphQL path gets GraphiQL."""
        return self.is_development if self.explorer is None else self.explorer
