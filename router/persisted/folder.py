"""Manifests in a folder, for a router without a registry: taken up when they change, file by file.

`web.json` and `web@1.2.json` are the client `web`, all its versions together. A file that cannot be used is
named in the log, and what it held before stays.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from common.operations.documents import (
    ClientDocuments,
    PersistedDocument,
    TrustedDocuments,
    is_client_name,
    is_client_version,
)
from common.operations.manifest import LARGEST_MANIFEST, ManifestRefused, read_manifest
from router.artefacts.reader import SourceUnavailable

log = logging.getLogger(__name__)

MOST_FILES = 1_000
Seen = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A manifest as it was read; `seen` tells whether it is still the same."""

    client: str
    seen: Seen
    documents: tuple[PersistedDocument, ...]


class ManifestFolder:
    """The documents of every manifest in a folder. The first time every one of them has to be good."""

    serial = 0

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}
        self._has_begun = False

    async def load(self) -> TrustedDocuments | None:
        """Everything at the first call and whenever a file changed, None if there is nothing new.

        Raises ManifestRefused at the first call, SourceUnavailable later on.
        """
        try:
            return await asyncio.to_thread(self._load)
        except SourceUnavailable as problem:
            if self._has_begun:
                raise
            raise ManifestRefused(str(problem)) from problem

    def _load(self) -> TrustedDocuments | None:
        found = dict(self._found())
        changed = [name for name in sorted(found) if self._seen(name) != found[name]]
        gone = self._files.keys() - found.keys()
        if self._has_begun and not changed and not gone:
            return None
        files = {name: file for name, file in self._files.items() if name in found}
        for name in changed:
            files[name] = self._read(name, found[name])
        self._files = files
        merged = _merged(files)
        self._has_begun = True
        return merged

    def _seen(self, name: str) -> Seen | None:
        file = self._files.get(name)
        return None if file is None else file.seen

    def _found(self) -> Iterator[tuple[str, Seen]]:
        try:
            paths = sorted(self._folder.glob("*.json"))
            if not self._folder.is_dir():
                raise NotADirectoryError("it is no folder")
            for path in paths[:MOST_FILES]:
                if not path.name.startswith("."):
                    stat = path.stat()
                    yield path.name, (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except OSError as cause:
            raise SourceUnavailable(f"The manifests in {self._folder} cannot be read: {cause}") from cause
        if len(paths) > MOST_FILES:
            raise SourceUnavailable(f"There are more than {MOST_FILES} manifests in {self._folder}.")

    def _read(self, name: str, seen: Seen) -> _File:
        """The file; one that is refused counts as seen, with what it held before."""
        try:
            client = _client_of(name)
            with (self._folder / name).open("rb") as file:
                documents = read_manifest(file.read(LARGEST_MANIFEST + 1), client=client)
            return _File(client=client, seen=seen, documents=documents)
        except (ManifestRefused, OSError) as problem:
            if not self._has_begun:
                raise ManifestRefused(f"{self._folder / name} cannot be used: {problem}") from problem
            log.error("the manifest %s is not used: %s", self._folder / name, problem)
            before = self._files.get(name)
            return _File(
                client="" if before is None else before.client,
                seen=seen,
                documents=() if before is None else before.documents,
            )


def _client_of(name: str) -> str:
    client, at, version = name.removesuffix(".json").partition("@")
    if not is_client_name(client) or (at and not is_client_version(version)):
        raise ManifestRefused("a manifest is called <client>.json or <client>@<version>.json")
    return client


def _merged(files: Mapping[str, _File]) -> TrustedDocuments:
    """Documents by client; of two texts under one id the one in the first file, by name, is used."""
    clients: dict[str, dict[str, str]] = {}
    for name, file in sorted(files.items()):
        if not file.client:
            continue
        known = clients.setdefault(file.client, {})
        for document in file.documents:
            if known.setdefault(document.id, document.body) != document.body:
                log.error(
                    "the id %s in the manifest %s stands for another text already: it is left out",
                    document.id,
                    name,
                )
    return TrustedDocuments(
        clients=tuple(ClientDocuments(name=name, documents=documents) for name, documents in clients.items())
    )
