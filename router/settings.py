"""Every setting of the router: frozen values with safe defaults; nothing here reads the environment."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import urlsplit

Networks = tuple[IPv4Network | IPv6Network, ...]

REFRESH_COOKIE = "__Host-atrium-refresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationLimits:
    """How large an operation may be; refused with an error that names the limit and its value.

    `max_paths` bounds the ways through the subgraphs that planning looks at, `max_plan_parts` what it holds
    in memory for them, `max_node_ids` the ids that `node` and `nodes` look up in one request.
    """

    max_depth: int = 15
    max_aliases: int = 30
    max_root_fields: int = 20
    max_directives: int = 50
    max_tokens: int = 5_000
    max_selections: int = 10_000
    max_paths: int = 50_000
    max_plan_parts: int = 2_000_000
    max_node_ids: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds; none is infinite."""

    request: float = 30.0
    plan: float = 2.0
    connect: float = 2.0
    subgraph: float = 10.0
    body: float = 10.0
    shutdown: float = 30.0
    head: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheSizes:
    """How many entries each cache holds.

    `characters` is the text of all parsed documents together, `selections` what all operations (and again
    what all plans) select together: clients decide how large each entry is.
    """

    parsed: int = 1_000
    validated: int = 1_000
    planned: int = 1_000
    characters: int = 500_000
    selections: int = 100_000
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
class StreamSettings:
    """Events over HTTP: seconds of silence until a heartbeat, or until a client that takes nothing is cut."""

    heartbeat: float = 10.0
    stall: float = 30.0
    max_open: int = 10_000


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
    private key) every request to an HTTP subgraph says, signed, who asks. Only what `trusted_proxies` say
    in `X-Forwarded-For` is believed. A request may carry `max_batch` operations in a list; 0: it may not.
    Pages of `cors_origins` may read answers, those of `*` without cookies. `share_requests` and
    `share_fetches`: identical queries in flight, of clients and to subgraphs, are answered once.
    `compile_plans`: plans that are used again become Python code. `planner_process`: plans that take long
    are made in a process of their own. `override_labels`: labels of progressive overrides that hold for every
    request.
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
    streams: StreamSettings = field(default_factory=StreamSettings)
    tokens: TokenSettings | None = None
    credentials_url: str | None = None
    passthrough: tuple[PassthroughRoute, ...] = ()
    max_body_bytes: int = 1_048_576
    max_header_bytes: int = 65_536
    max_batch: int = 0
    max_answer_bytes: int = 33_554_432
    max_connections_per_subgraph: int = 100
    compress: bool = True
    compress_above: int = 1_024
    forwarded_headers: frozenset[str] = frozenset()
    trusted_proxies: Networks = ()
    cors_origins: frozenset[str] = frozenset()
    cookie_subgraphs: frozenset[str] = frozenset()
    share_fetches: bool = True
    share_requests: bool = True
    compile_plans: bool = True
    planner_process: bool = True
    override_labels: frozenset[str] = frozenset()
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


ENVIRONMENT_PREFIX = "ATRIUM_ROUTER_"
_LABEL = re.compile(r"[A-Za-z][\w\-:./]*", re.ASCII)
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class SettingRefused(Exception):
    """A variable names no setting or its value does not fit; says which one and what would."""


def with_environment(
    settings: RouterSettings, environment: Mapping[str, str], *, others: Collection[str] = ()
) -> RouterSettings:
    """The settings changed by `ATRIUM_ROUTER_*` variables; those in `others` belong to somebody else.

    `ATRIUM_ROUTER_MAX_DEPTH=20`, `ATRIUM_ROUTER_PLAN_SECONDS=1.5`, `ATRIUM_ROUTER_MASK_ERRORS=no`,
    `ATRIUM_ROUTER_FORWARDED_HEADERS=x-tenant,accept-language`. Raises SettingRefused.
    """
    for variable, text in sorted(environment.items()):
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in others:
            settings = _with_variable(settings, variable, text)
    return settings


def _with_variable(settings: RouterSettings, variable: str, text: str) -> RouterSettings:
    short = variable.removeprefix(ENVIRONMENT_PREFIX)
    known = _READABLE.get(short)
    if known is None:
        near = get_close_matches(short, _READABLE, 1)
        hint = f"; did you mean {ENVIRONMENT_PREFIX}{near[0]}?" if near else "."
        raise SettingRefused(f"There is no setting {variable}{hint}")
    group, name, read, expected = known
    try:
        value = read(text.strip())
    except ValueError as cause:
        raise SettingRefused(f"{variable} must be {expected}, not {text[:40]!r}.") from cause
    if group is None:
        return replace(settings, **{name: value})
    return replace(settings, **{group: replace(getattr(settings, group), **{name: value})})


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def _batch(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 10:
        raise ValueError(text)
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 86_400:
        raise ValueError(text)
    return value


def _choice(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise ValueError(text)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip())


def _origins(text: str) -> frozenset[str]:
    origins = _names(text)
    for origin in origins - {"*"}:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(text)
        if not parts.hostname or {"@", "*"} & set(origin) or not origin.isascii():
            raise ValueError(text)
    return origins


def _labels(text: str) -> frozenset[str]:
    labels = frozenset(label.strip() for label in text.split(",") if label.strip())
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(text)
    return labels


def _networks(text: str) -> Networks:
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


_Read = Callable[[str], Any]
_Readable = tuple[str | None, str, _Read, str]
_READABLE: Mapping[str, _Readable] = {
    **{
        name.upper(): ("limits", name, _count, "a number above 0")
        for name in OperationLimits.__dataclass_fields__
    },
    **{
        f"{name.upper()}_SECONDS": ("timeouts", name, _seconds, "a number of seconds above 0")
        for name in Timeouts.__dataclass_fields__
    },
    **{
        f"CACHED_{name.upper()}": ("caches", name, _count, "a number above 0")
        for name in CacheSizes.__dataclass_fields__
    },
    "SOCKET_MAX_MESSAGE_BYTES": ("socket", "max_message_bytes", _count, "a number of bytes"),
    "SOCKET_MAX_OPERATIONS": ("socket", "max_operations", _count, "a number above 0"),
    "SOCKET_INIT_SECONDS": ("socket", "init_timeout", _seconds, "a number of seconds above 0"),
    "SOCKET_ALLOWED_ORIGINS": ("socket", "allowed_origins", _names, "origins with commas between"),
    "STREAM_HEARTBEAT_SECONDS": ("streams", "heartbeat", _seconds, "a number of seconds above 0"),
    "STREAM_STALL_SECONDS": ("streams", "stall", _seconds, "a number of seconds above 0"),
    "MAX_STREAMS": ("streams", "max_open", _count, "a number above 0"),
    "INTROSPECTION": (None, "introspection", _choice, "yes or no"),
    "EXPLORER": (None, "explorer", _choice, "yes or no"),
    "MASK_ERRORS": (None, "mask_errors", _choice, "yes or no"),
    "COMPILE_PLANS": (None, "compile_plans", _choice, "yes or no"),
    "PLANNER_PROCESS": (None, "planner_process", _choice, "yes or no"),
    "SHARE_FETCHES": (None, "share_fetches", _choice, "yes or no"),
    "SHARE_REQUESTS": (None, "share_requests", _choice, "yes or no"),
    "METRICS": (None, "metrics", _choice, "yes or no"),
    "TRACING": (None, "tracing", _choice, "yes or no"),
    "MAX_BODY_BYTES": (None, "max_body_bytes", _count, "a number of bytes"),
    "MAX_BATCH": (None, "max_batch", _batch, "a number from 0 to 10"),
    "MAX_HEADER_BYTES": (None, "max_header_bytes", _count, "a number of bytes"),
    "MAX_ANSWER_BYTES": (None, "max_answer_bytes", _count, "a number of bytes"),
    "MAX_CONNECTIONS_PER_SUBGRAPH": (None, "max_connections_per_subgraph", _count, "a number above 0"),
    "COMPRESS": (None, "compress", _choice, "yes or no"),
    "COMPRESS_ABOVE_BYTES": (None, "compress_above", _count, "a number of bytes"),
    "RELOAD_SECONDS": (None, "reload_seconds", _seconds, "a number of seconds above 0"),
    "OVERRIDE_LABELS": (None, "override_labels", _labels, "labels with commas between"),
    "FORWARDED_HEADERS": (None, "forwarded_headers", _names, "header names with commas between"),
    "CORS_ORIGINS": (
        None,
        "cors_origins",
        _origins,
        "origins (https://example.com) with commas between, or *",
    ),
    "TRUSTED_PROXIES": (None, "trusted_proxies", _networks, "addresses or networks with commas between"),
}

VARIABLES: frozenset[str] = frozenset(ENVIRONMENT_PREFIX + name for name in _READABLE)
"""Every variable that `with_environment` reads."""
