"""Documents that are known by an id, the clients that may use them, and what else those may ask."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

LONGEST_ID = 128
LONGEST_CLIENT = 128
LONGEST_VERSION = 64
LONGEST_DOCUMENT = 256 * 1024
"""In bytes of UTF-8."""
SHA256_PREFIX = "sha256:"
DEFAULT_CLIENT = "default"
"""The client of whoever names none; what it registered is there for all without API keys of their own."""

_ID = re.compile(rf"[A-Za-z0-9_\-:.=+/~]{{1,{LONGEST_ID}}}")
_CLIENT = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_\-:./ ]{{0,{LONGEST_CLIENT - 1}}}")
_VERSION = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_\-+.]{{0,{LONGEST_VERSION - 1}}}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class SafelistMode(StrEnum):
    """What a client may ask.

    Everything; everything, but strange documents are logged; what it registered; that, and by id only.
    """

    OFF = "off"
    LOG = "log"
    KNOWN = "known"
    ID = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistedDocument:
    """A text with the id it is asked by. `name`: of its operation, for people."""

    id: str
    body: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDocuments:
    """What one client application registered, all its versions together: an id means one text.

    `mode` None: the default one holds. `application_ids`: the AI applications whose API keys are this client.
    """

    name: str
    mode: SafelistMode | None = None
    application_ids: frozenset[UUID] = frozenset()
    documents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedDocuments:
    """Everything registered for one graph. `default_mode`: for clients without a mode of their own."""

    default_mode: SafelistMode = SafelistMode.OFF
    clients: tuple[ClientDocuments, ...] = ()


def is_document_id(text: str) -> bool:
    """Whether a document may be known by this id."""
    return _ID.fullmatch(text) is not None


def is_client_name(text: str) -> bool:
    """Whether a client may be called so."""
    return _CLIENT.fullmatch(text) is not None


def is_client_version(text: str) -> bool:
    """Whether a version of a client may be called so."""
    return _VERSION.fullmatch(text) is not None


def digest_of(body: str) -> str:
    """SHA-256 of the text, in lower-case hex."""
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def digest_in(id: str) -> str | None:
    """The digest that an id claims to be, None for ids of another make.

    `sha256:2cf2…` and `2cf2…` (64 hex digits) are claims that have to be true.
    """
    if id.startswith(SHA256_PREFIX):
        return id.removeprefix(SHA256_PREFIX)
    return id if _DIGEST.fullmatch(id) else None
