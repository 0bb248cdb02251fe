"""Where the supergraph comes from; a file is watched, and a broken new one never replaces a good one."""

import asyncio
import logging
from pathlib import Path
from typing import Protocol

from router.snapshot.build import Snapshot, build_snapshot
from router.snapshot.holder import SnapshotHolder
from schema.supergraph.model import NotASupergraph

log = logging.getLogger(__name__)


class SupergraphSource(Protocol):
    """Gives supergraph SDL; called in a worker thread."""

    def read_if_changed(self) -> str | None:
        """The text at the first call and whenever it changed since; raises SourceUnavailable."""
        ...


class SourceUnavailable(Exception):
    """The supergraph cannot be read now; says why."""


class TextSource:
    """A text that is known already."""

    def __init__(self, sdl: str) -> None:
        self._sdl: str | None = sdl

    def read_if_changed(self) -> str | None:
        """The text, once."""
        sdl, self._sdl = self._sdl, None
        return sdl


class FileSource:
    """A file; a new time, size or inode means a new text."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None

    def read_if_changed(self) -> str | None:
        """The text if it is new; raises SourceUnavailable."""
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen == self._seen:
                return None
            sdl = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as cause:
            raise SourceUnavailable(f"The supergraph {self._path} cannot be read: {cause}") from cause
        self._seen = seen
        return sdl


async def load(source: SupergraphSource) -> Snapshot | None:
    """The source's new snapshot, None if nothing changed; raises SourceUnavailable or NotASupergraph."""
    return await asyncio.to_thread(load_now, source)


async def watch(source: SupergraphSource, holder: SnapshotHolder, *, seconds: float) -> None:
    """Look for a new supergraph for ever, swap it in when it is good, say so when it is not."""
    while True:
        await asyncio.sleep(seconds)
        try:
            snapshot = await load(source)
        except (SourceUnavailable, NotASupergraph) as refused:
            log.error("the new supergraph is not used: %s", refused)
            continue
        if snapshot is not None:
            holder.swap(snapshot)
            log.info("a new supergraph is in use", extra={"snapshot": snapshot.id})


def load_now(source: SupergraphSource) -> Snapshot | None:
    """As `load`, for those who may block."""
    sdl = source.read_if_changed()
    return None if sdl is None else build_snapshot(sdl)
