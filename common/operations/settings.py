"""What an installation may set about persisted operations."""

from dataclasses import dataclass, field
from uuid import UUID

from common.operations.documents import SafelistMode
from common.setting_kinds import BYTES, CHOICE, TEXT, count, one_of, pairs, records, setting, some

MODES = one_of(*(mode.value for mode in SafelistMode))
APPLICATIONS = some(UUID, "ids of applications with commas between")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedClient:
    """A client, set apart."""

    name: str = field(metadata=setting(TEXT, "What it calls itself."))
    mode: str | None = field(
        default=None, metadata=setting(MODES, "What it may ask; by default what every client may.")
    )
    applications: frozenset[UUID] = field(
        default=frozenset(),
        metadata=setting(
            APPLICATIONS, "The AI applications whose API keys are this client, and nobody else."
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistedSettings:
    """Documents that are asked for by id."""

    automatic: bool = field(
        default=True,
        metadata=setting(
            CHOICE,
            "Automatic persisted queries: a document that came with its hash is found by it later on.",
            variable="APQ",
        ),
    )
    automatic_bytes: int = field(
        default=16_777_216,
        metadata=setting(BYTES, "What such documents may take in one process.", variable="APQ_BYTES"),
    )
    automatic_redis_url: str | None = field(
        default=None,
        repr=False,
        metadata=setting(
            TEXT,
            "The Redis through which processes share them; without one each has its own.",
            variable="APQ_REDIS_URL",
            is_secret=True,
        ),
    )
    manifests: str | None = field(
        default=None,
        metadata=setting(
            TEXT,
            "A folder of manifests, `<client>.json` or `<client>@<version>.json`, Apollo's or Relay's; for a "
            "router without a registry.",
        ),
    )
    safelist: str | None = field(
        default=None,
        metadata=setting(
            MODES,
            "What clients may ask that have no mode of their own: everything, everything with a log of what "
            "is not registered, what they registered, or that by id only; by default as the registry says, "
            "or everything.",
        ),
    )
    clients: tuple[ListedClient, ...] = field(
        default=(),
        metadata=setting(
            records(ListedClient),
            "Clients with a mode or with applications of their own; goes before what the registry says.",
            variable="SAFELIST_CLIENTS",
        ),
    )
    warm: int = field(
        default=500,
        metadata=setting(
            count(0, 100_000),
            "Registered documents that are read and planned before anybody asks; 0: none.",
            variable="WARM_DOCUMENTS",
        ),
    )
    public_seconds: tuple[tuple[str, int], ...] = field(
        default=(),
        metadata=setting(
            pairs(count(1, 31_536_000), "names of operations with seconds"),
            "So long caches on the way may keep answers to these operations, asked with GET, by id and "
            "without credentials.",
        ),
    )
    usage: bool = field(
        default=True,
        metadata=setting(
            CHOICE,
            "Who asks what how often is counted, for `/metrics` and the registry.",
            variable="COUNT_USAGE",
        ),
    )
