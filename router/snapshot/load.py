"""Where a supergraph comes from: what every source promises, and the two plain ones, a text and a file."""

import asyncio
from pathlib import Path
from typing import Protocol

from router.artefacts.reader import SourceUnavailable
from router.snapshot.build import Snapshot, build_snapshot


class SupergraphSource(Protocol):
    """Gives snapshots. `may_come_later`: a router without a first one starts, and waits for it, unready."""

    @property
    def may_come_later(self) -> bool:
        """Nothing to be had now is no reason to give up."""
        ...

    @property
    def serial(self) -> int:
        """The registry's serial of what it gave last, 0 if it knows no registry."""
        ...

    async def load(self) -> Snapshot | None:
        """The snapshot at the first call and whenever it changed since, None if there is nothing new.

        Raises SourceUnavailable, SupergraphRefused or NotASupergraph.
        """
        ...


class SupergraphRefused(Exception):
    """What came is not what was asked for, or nobody known vouches for it; says why."""


class TextSource:
    """A text that is known already."""

    may_come_later = False
    serial = 0

    def __init__(self, sdl: str) -> None:
        self._sdl: str | None = sdl

    def read_if_changed(self) -> str | None:
        """The text, once."""
        sdl, self._sdl = self._sdl, None
        return sdl

    async def load(self) -> Snapshot | None:
        """Its snapshot, once; raises NotASupergraph."""
        return await asyncio.to_thread(load_now, self)


class FileSource:
    """A file; a new time, size or inode means a new text."""

    may_come_later = False
    serial = 0

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

    async def load(self) -> Snapshot | None:
        """The snapshot if the text is new; raises SourceUnavailable or NotASupergraph."""
        return await asyncio.to_thread(load_now, self)


def load_now(source: TextSource | FileSource) -> Snapshot | None:
    """As its `load`, for those who may block."""
    sdl = source.read_if_changed()
    return None if sdl is None else build_snapshot(sdl)
