"""One kind of artefact of one graph, followed: read, believed or not, kept on disk for the next start.

reader → verify → not older than the one in use → understood → last good copy → value
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Generic, TypeVar
from uuid import UUID

from common.access.artefacts import Artefact, ArtefactKind, ArtefactRefused, ArtefactVerifier
from router.artefacts.in_use import InUse, check_graph, check_order
from router.artefacts.last_good import LastGoodCopy
from router.artefacts.reader import ArtefactReader, SourceUnavailable

log = logging.getLogger(__name__)

Value = TypeVar("Value")


class Followed(Generic[Value]):
    """What is active in a registry. `understand` makes a value of a body, or raises ArtefactRefused."""

    def __init__(
        self,
        reader: ArtefactReader,
        verifier: ArtefactVerifier,
        copy: LastGoodCopy,
        understand: Callable[[bytes], Value],
        *,
        kind: ArtefactKind,
        graph: UUID | None,
    ) -> None:
        self._reader = reader
        self._verifier = verifier
        self._copy = copy
        self._understand = understand
        self._kind = kind
        self._graph = graph
        self._known: str | None = None
        self._has_begun = False
        self.in_use: InUse | None = None

    @property
    def serial(self) -> int:
        """The serial of the artefact in use, 0 without one."""
        return 0 if self.in_use is None else self.in_use.serial

    async def load(self) -> Value | None:
        """The value at the first call and whenever it changed since, None if there is nothing new.

        At the first call the last good copy stands in for a registry that gives nothing. Raises
        SourceUnavailable (NothingActive if there is nothing) or ArtefactRefused.
        """
        if self._has_begun:
            return await self._newer()
        kept = await asyncio.to_thread(self._kept)
        self._has_begun = True
        try:
            return await self._newer() or kept
        except (SourceUnavailable, ArtefactRefused) as problem:
            if kept is None:
                raise
            log.warning("the registry gave no %s, the last good copy serves: %s", self._kind, problem)
            return kept

    async def _newer(self) -> Value | None:
        text = await self._reader.read(self._known)
        return None if text is None else await asyncio.to_thread(self._taken, text)

    def _taken(self, text: bytes) -> Value | None:
        artefact = self._believed(text)
        if self.in_use is not None:
            check_order(artefact, self.in_use)
        # Verified, so asked for only once: what cannot be understood will not be the next time either.
        self._known = artefact.tag
        is_new = self.in_use is None or artefact.sha256 != self.in_use.sha256
        value = self._understand(artefact.body) if is_new else None
        self.in_use = InUse.of(artefact)
        log.info("%s %d of graph %s are in use", self._kind, artefact.serial, artefact.graph)
        self._keep(text, artefact)
        return value

    def _believed(self, text: bytes) -> Artefact:
        artefact = self._verifier.verify(text, kind=self._kind)
        check_graph(artefact, self._graph)
        return artefact

    def _kept(self) -> Value | None:
        """What the last good copy says, None without a good one."""
        try:
            text = self._copy.read()
            if text is None:
                return None
            artefact = self._believed(text)
            value = self._understand(artefact.body)
        except (OSError, ArtefactRefused) as problem:
            log.error("the last good copy %s is not used: %s", self._copy.path, problem)
            return None
        self.in_use, self._known = InUse.of(artefact), artefact.tag
        return value

    def _keep(self, text: bytes, artefact: Artefact) -> None:
        """Write the copy, unless another process on the same folder has been faster with a newer one."""
        try:
            if not self._has_newer(artefact):
                self._copy.write(text)
        except OSError as problem:
            log.warning("the last good copy cannot be kept: %s", problem)

    def _has_newer(self, artefact: Artefact) -> bool:
        text = self._copy.read()
        try:
            kept = None if text is None else self._believed(text)
        except ArtefactRefused:
            return False
        return kept is not None and kept.graph == artefact.graph and kept.serial > artefact.serial
