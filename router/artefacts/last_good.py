"""The last good artefact on disk: a router starts and serves from it while the registry is away."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

from common.access.artefacts import ArtefactKind

LARGEST_ARTEFACT = 64 * 1024 * 1024
"""In bytes: more is read from no registry and no disk."""


class LastGoodCopy:
    """One file for one kind, graph and variant; it holds the artefact itself, to be verified again."""

    def __init__(
        self,
        folder: Path,
        graph: UUID | None,
        variant: str = "",
        kind: ArtefactKind = ArtefactKind.SUPERGRAPH,
    ) -> None:
        of = "platform" if graph is None else str(graph)
        # Variants are names, yet nothing that names a file is taken on trust.
        self.path = folder / f"{kind.value}.{of}.{variant.encode().hex() or 'main'}.artefact"

    def read(self) -> bytes | None:
        """What was kept, None if nothing was; raises OSError."""
        try:
            with self.path.open("rb") as file:
                text = file.read(LARGEST_ARTEFACT + 1)
        except FileNotFoundError:
            return None
        if len(text) > LARGEST_ARTEFACT:
            raise OSError(f"{self.path} is larger than an artefact may be")
        return text

    def write(self, text: bytes) -> None:
        """Keep this one: all of it or nothing, whatever happens meanwhile; raises OSError."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.{uuid4().hex}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        finally:
            with suppress(FileNotFoundError):
                draft.unlink()
