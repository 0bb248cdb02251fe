"""Which supergraph a process serves: what a registry activated, asked in process or over HTTP."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from common.access.artefacts import ArtefactKind, ArtefactVerifier
from common.access.signing import public_key_from_text
from common.errors import DomainError
from common.limits.policies import Policies
from common.operations.documents import TrustedDocuments
from router.artefacts.followed import Followed
from router.artefacts.last_good import LastGoodCopy
from router.artefacts.reader import ArtefactReader, NothingActive, SourceUnavailable
from router.persisted.reading import understood
from router.protection.obeying import policies_in
from router.snapshot.artefacts import ArtefactSource, Wanted

PLATFORM = "platform"

Value = TypeVar("Value")


class Handed(Protocol):
    """What the gateway domain hands out; without `text` the known one is still right."""

    @property
    def text(self) -> bytes | None:
        """The signed artefact."""
        ...


class ActiveArtefacts(Protocol):
    """The gateway domain's answers for routers in its process."""

    async def active(
        self, graph: UUID | None, variant: str = "", *, known: str | None = None
    ) -> Handed | None:
        """What is active for a graph, None being the platform's own; None if nothing is."""
        ...


class InProcessArtefacts:
    """The registry as a function of this process."""

    def __init__(self, artefacts: ActiveArtefacts, wanted: Wanted) -> None:
        self._artefacts = artefacts
        self._wanted = wanted

    async def read(self, known: str | None) -> bytes | None:
        """The artefact, None if `known` is still its tag; raises SourceUnavailable or NothingActive."""
        try:
            handed = await self._artefacts.active(self._wanted.graph, self._wanted.variant, known=known)
        except DomainError as cause:
            raise SourceUnavailable(f"The registry cannot answer: {cause.message}") from cause
        if handed is None:
            raise NothingActive("The registry has nothing active for this graph and variant.")
        return handed.text


def registered(
    reader: ArtefactReader,
    keys: Iterable[Ed25519PublicKey],
    wanted: Wanted,
    data: Path,
    *,
    fallback: str | None,
) -> ArtefactSource:
    """The source that believes these keys, and keeps its copy under the data folder."""
    copy = LastGoodCopy(data.expanduser().absolute() / "supergraphs", wanted.graph, wanted.variant)
    return ArtefactSource(reader, ArtefactVerifier(keys), wanted, copy, fallback=fallback)


def registered_documents(
    reader: ArtefactReader, keys: Iterable[Ed25519PublicKey], graph: UUID | None, data: Path
) -> Followed[TrustedDocuments]:
    """The documents that clients registered in a graph, None being the platform's own; with a copy, too."""
    return _followed(reader, keys, graph, data / "operations", ArtefactKind.OPERATIONS, understood)


def registered_policies(
    reader: ArtefactReader, keys: Iterable[Ed25519PublicKey], graph: UUID | None, data: Path
) -> Followed[Policies]:
    """The rate limits and IP rules that hold for a graph, None being the platform's own; with a copy, too."""
    return _followed(reader, keys, graph, data / "policies", ArtefactKind.POLICIES, policies_in)


def _followed(
    reader: ArtefactReader,
    keys: Iterable[Ed25519PublicKey],
    graph: UUID | None,
    folder: Path,
    kind: ArtefactKind,
    understand: Callable[[bytes], Value],
) -> Followed[Value]:
    copy = LastGoodCopy(folder.expanduser().absolute(), graph, kind=kind)
    return Followed(reader, ArtefactVerifier(keys), copy, understand, kind=kind, graph=graph)


def graph_of(text: str) -> UUID | None:
    """The graph that a person named: `platform` is the platform's own; raises ValueError."""
    return None if text == PLATFORM else UUID(text)


def public_keys(text: str) -> list[Ed25519PublicKey]:
    """Keys with commas between; raises ValueError."""
    return [public_key_from_text(one) for one in text.split(",") if one.strip()]
