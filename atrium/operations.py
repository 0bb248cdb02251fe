"""Registered operations for commands: manifests into a registry, what it knows of them out of it."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atrium.failure import Failed
from atrium.registry import Registry, RegistryRefused
from common.operations.documents import digest_of
from common.operations.manifest import LARGEST_MANIFEST, ManifestRefused, read_manifest

_INLINE_BYTES = 400_000
"""More text than this goes up in parts: routers take a mebibyte at once, and JSON makes text longer."""
_INLINE_DOCUMENTS = 600
_DIGESTS_AT_ONCE = 5_000
MOST_LISTED = 20_000
_TOO_SLOW = frozenset({"DOCUMENTS_TOO_EXPENSIVE", "SUBGRAPH_TIMEOUT", "REQUEST_TIMEOUT"})

_PUBLISHED = (
    "isNew documentCount addedCount graph { name } client { name mode }"
    " clientVersion { version documentCount publishedAt }"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a client version registers, and how."""

    client: str
    version: str
    documents: Mapping[str, str]
    contract: str = ""
    replaces: bool = False
    is_trial: bool = False
    reason: str = ""
    git_revision: str = ""

    def values(self) -> dict[str, Any]:
        """As the registry's input calls them, but the documents."""
        return {
            "client": self.client,
            "version": self.version,
            "contract": self.contract,
            "replace": self.replaces,
            "dryRun": self.is_trial,
            "reason": self.reason,
            "gitRevision": self.git_revision,
        }


@dataclass(slots=True)
class _Part:
    bodies: list[str] = field(default_factory=list)
    size: int = 0


def read_manifests(paths: Sequence[Path], client: str) -> dict[str, str]:
    """The texts of all manifests by id; raises Failed, naming the file, if one cannot be used."""
    found: dict[str, str] = {}
    for path in paths:
        try:
            documents = read_manifest(_text(path), client=client)
        except OSError as error:
            raise Failed(f"{path} cannot be read: {error.strerror}.") from error
        except ManifestRefused as refused:
            raise Failed(f"{path}: {refused}") from refused
        for document in documents:
            if found.setdefault(document.id, document.body) != document.body:
                raise Failed(
                    f"{path}: the id {document.id!r} stands for another text in an earlier manifest."
                )
    if not found:
        raise Failed("The manifest has no operations: there is nothing to register.")
    return found


def _text(path: Path) -> bytes:
    """What is in a file (`-`: stdin), or a byte more than a manifest may have."""
    if str(path) == "-":
        return sys.stdin.buffer.read(LARGEST_MANIFEST + 1)
    with path.open("rb") as file:
        return file.read(LARGEST_MANIFEST + 1)


async def publish(registry: Registry, wish: Publication) -> Mapping[str, Any]:
    """Register the documents; what is too much for one request goes up before, in parts."""
    digests = {id: digest_of(body) for id, body in wish.documents.items()}
    size = sum(len(body.encode()) for body in wish.documents.values())
    if size <= _INLINE_BYTES and len(digests) <= _INLINE_DOCUMENTS:
        documents = [{"documentId": id, "body": body} for id, body in wish.documents.items()]
    else:
        bodies = {digests[id]: body for id, body in wish.documents.items()}
        missing = await _missing(registry, list(bodies))
        for part in _parts(bodies[digest] for digest in missing):
            await _upload(registry, part.bodies, wish.contract)
        documents = [_named(id, digest) for id, digest in digests.items()]
    return await registry.change_operations(
        "operationsPublish", _PUBLISHED, documents=documents, **wish.values()
    )


async def _upload(registry: Registry, bodies: list[str], contract: str) -> None:
    """Bring texts there; half of them at a time if all take longer than a request may."""
    try:
        await registry.change_operations("documentsUpload", "newCount", bodies=bodies, contract=contract)
    except RegistryRefused as refused:
        if len(bodies) == 1 or not any(error.get("code") in _TOO_SLOW for error in refused.errors):
            raise
        middle = len(bodies) // 2
        await _upload(registry, bodies[:middle], contract)
        await _upload(registry, bodies[middle:], contract)


async def _missing(registry: Registry, digests: Sequence[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(digests), _DIGESTS_AT_ONCE):
        graph = await registry.read(
            "missingDocuments(sha256: $digests)",
            "$digests: [String!]!",
            digests=digests[start : start + _DIGESTS_AT_ONCE],
        )
        found += graph["missingDocuments"]
    return found


def _parts(bodies: Iterable[str]) -> Iterable[_Part]:
    part = _Part()
    for body in bodies:
        size = len(body.encode())
        if part.bodies and (part.size + size > _INLINE_BYTES or len(part.bodies) >= _INLINE_DOCUMENTS):
            yield part
            part = _Part()
        part.bodies.append(body)
        part.size += size
    if part.bodies:
        yield part


def _named(id: str, digest: str) -> dict[str, str]:
    return {"sha256": digest} if id == digest else {"documentId": id, "sha256": digest}
