"""Keeps the snapshot in use up to date; a bad new supergraph never replaces a good one."""

import logging
from collections import Counter
from enum import StrEnum

from router.artefacts.reader import SourceUnavailable
from router.artefacts.rounds import Rounds
from router.snapshot.build import Snapshot
from router.snapshot.holder import SnapshotHolder
from router.snapshot.load import SupergraphRefused, SupergraphSource
from schema.supergraph.model import NotASupergraph

log = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What came of looking for a new supergraph; nothing new is none of these."""

    USED = "used"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    UNUSABLE = "unusable"


class Watch:
    """Looks at a source every so often, and at once when told to; swaps in what is new and good."""

    def __init__(self, source: SupergraphSource, holder: SnapshotHolder, *, seconds: float) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self._source = source
        self._holder = holder
        self._rounds = Rounds(self._look, seconds=seconds)
        self._last_problem: tuple[Outcome, str] | None = None

    @property
    def serial(self) -> int:
        """The registry's serial of the supergraph in use, 0 if it came from no registry."""
        return self._source.serial

    @property
    def has_begun(self) -> bool:
        """It looks until it is stopped."""
        return self._rounds.have_begun

    async def load(self) -> None:
        """Load the first one; raises what makes it unusable, unless it may come later."""
        try:
            await self._take_up()
        except (SourceUnavailable, SupergraphRefused, NotASupergraph) as problem:
            if not self._source.may_come_later:
                raise
            self._tell(problem)

    def begin(self) -> None:
        """Look from now on."""
        self._rounds.begin()

    def look(self) -> None:
        """There may be something new: do not wait for the next turn."""
        self._rounds.wake()

    async def stop(self) -> None:
        """Look no more."""
        await self._rounds.stop()

    async def _look(self) -> None:
        try:
            await self._take_up()
        except Exception as problem:  # whatever it is: this one is not used, and the next may be good
            self._tell(problem)

    async def _take_up(self) -> None:
        before = self._source.serial
        snapshot = await self._source.load()
        is_new = snapshot is not None or self._source.serial != before
        # A source gives what cannot be used only once: nothing new after it is no recovery.
        if self._last_problem is not None and (is_new or self._last_problem[0] is not Outcome.UNUSABLE):
            self._last_problem = None
            log.info("the supergraph can be read again")
        if snapshot is not None:
            self._use(snapshot)

    def _use(self, snapshot: Snapshot) -> None:
        if not (self._holder.is_loaded and self._holder.current.id == snapshot.id):
            self._holder.swap(snapshot)
        self.outcomes[Outcome.USED] += 1
        log.info("a new supergraph is in use", extra={"snapshot": snapshot.id})

    def _tell(self, problem: Exception) -> None:
        """Count it; log it unless the last look found the very same."""
        outcome = _outcome_of(problem)
        self.outcomes[outcome] += 1
        last, self._last_problem = self._last_problem, (outcome, str(problem))
        if self._last_problem == last:
            return
        cause = problem if outcome is Outcome.UNUSABLE and not isinstance(problem, NotASupergraph) else None
        log.error("the new supergraph is not used: %s", problem, exc_info=cause)


def _outcome_of(problem: Exception) -> Outcome:
    match problem:
        case SourceUnavailable():
            return Outcome.UNAVAILABLE
        case SupergraphRefused():
            return Outcome.REFUSED
        case _:
            return Outcome.UNUSABLE
