"""The supergraph as the registry signed it: read, believed or not, built, kept on disk for the next start.

reader → verify → not older than the one in use → build → last good copy → snapshot
"""

import asyncio
import logging
from dataclasses import dataclass
from uuid import UUID

from common.access.artefacts import Artefact, ArtefactKind, ArtefactRefused, ArtefactVerifier
from router.artefacts.in_use import InUse, check_graph, check_order
from router.artefacts.last_good import LastGoodCopy
from router.artefacts.reader import ArtefactReader, NothingActive, SourceUnavailable
from router.snapshot.build import Snapshot, build_snapshot
from router.snapshot.load import SupergraphRefused
from schema.supergraph.model import NotASupergraph

log = logging.getLogger(__name__)

_PROBLEMS = (SourceUnavailable, SupergraphRefused, NotASupergraph)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which supergraph: `graph` None is the platform's own, `variant` empty the whole graph."""

    graph: UUID | None = None
    variant: str = ""


class ArtefactSource:
    """The active supergraph of a registry. `fallback`: the SDL to serve while there never was one."""

    may_come_later = True

    def __init__(
        self,
        reader: ArtefactReader,
        verifier: ArtefactVerifier,
        wanted: Wanted,
        copy: LastGoodCopy,
        *,
        fallback: str | None = None,
    ) -> None:
        self._reader = reader
        self._verifier = verifier
        self._wanted = wanted
        self._copy = copy
        self._fallback = fallback
        self._has_begun = False
        self._known: str | None = None
        self.in_use: InUse | None = None

    @property
    def serial(self) -> int:
        """The serial of the artefact in use, 0 without one."""
        return 0 if self.in_use is None else self.in_use.serial

    async def load(self) -> Snapshot | None:
        """The snapshot at the first call and whenever another supergraph is active.

        Raises SourceUnavailable, SupergraphRefused or NotASupergraph; what is in use stays good then.
        """
        if not self._has_begun:
            self._has_begun = True
            return await self._first()
        try:
            return await self._newer()
        except NothingActive:
            if self.in_use is None and self._fallback is not None:
                return None
            raise

    async def _first(self) -> Snapshot | None:
        """The registry's, else the last good copy, else the fallback."""
        kept = await asyncio.to_thread(self._kept)
        try:
            return await self._newer() or kept
        except _PROBLEMS as problem:
            if kept is not None:
                log.warning("the registry gave no supergraph, the last good copy serves: %s", problem)
                return kept
            if self._fallback is None:
                raise
            level = logging.INFO if isinstance(problem, NothingActive) else logging.WARNING
            log.log(level, "the registry gave no supergraph, the built-in one serves: %s", problem)
            return await asyncio.to_thread(build_snapshot, self._fallback)

    async def _newer(self) -> Snapshot | None:
        """What the registry has, if it is new."""
        text = await self._reader.read(self._known)
        return None if text is None else await asyncio.to_thread(self._taken, text)

    def _taken(self, text: bytes) -> Snapshot | None:
        """The snapshot of a text that the registry gave, None if it says what is in use already."""
        artefact = self._believed(text)
        if self.in_use is not None:
            try:
                check_order(artefact, self.in_use)
            except ArtefactRefused as cause:
                raise SupergraphRefused(str(cause)) from cause
        # Verified, so asked for only once: what cannot be built will not be built the next time either.
        self._known = artefact.tag
        is_new = self.in_use is None or artefact.sha256 != self.in_use.sha256
        snapshot = _built(artefact) if is_new else None
        self.in_use = InUse.of(artefact)
        what = (artefact.number, artefact.graph, artefact.variant, artefact.serial)
        log.info("supergraph %d of graph %s, variant %r, was activated with serial %d", *what)
        self._keep(text, artefact)
        return snapshot

    def _believed(self, text: bytes) -> Artefact:
        try:
            artefact = self._verifier.verify(text, kind=ArtefactKind.SUPERGRAPH)
        except ArtefactRefused as cause:
            raise SupergraphRefused(f"The artefact is not to be trusted: {cause}.") from cause
        if artefact.variant != self._wanted.variant:
            raise SupergraphRefused(f"It is signed for the variant {artefact.variant!r}.")
        try:
            check_graph(artefact, self._wanted.graph)
        except ArtefactRefused as cause:
            raise SupergraphRefused(str(cause)) from cause
        return artefact

    def _kept(self) -> Snapshot | None:
        """The snapshot of the last good copy, None without a good one."""
        try:
            text = self._copy.read()
            if text is None:
                return None
            artefact = self._believed(text)
            snapshot = _built(artefact)
        except (OSError, *_PROBLEMS) as problem:
            log.error("the last good copy %s is not used: %s", self._copy.path, problem)
            return None
        self.in_use = InUse.of(artefact)
        self._known = artefact.tag
        return snapshot

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
        except SupergraphRefused:
            return False
        return kept is not None and kept.graph == artefact.graph and kept.serial > artefact.serial


def _built(artefact: Artefact) -> Snapshot:
    try:
        return build_snapshot(artefact.body.decode("utf-8"))
    except NotASupergraph:
        raise
    except Exception as cause:  # signed, and yet it breaks us: the old one has to stay
        raise NotASupergraph(f"The router cannot use it: {type(cause).__name__}: {cause}") from cause
