"""Keeps what the control plane demands up to date: asked every so often, and at once when told to."""

import logging
from typing import Protocol

from common.access.artefacts import ArtefactRefused
from common.limits.policies import Policies, policies_from_json
from common.limits.rate_limits import LimitRefused
from router.artefacts.reader import NothingActive, SourceUnavailable
from router.artefacts.rounds import Rounds
from router.protection.protection import Protection

log = logging.getLogger(__name__)


class PolicySource(Protocol):
    """Gives policies, as `artefacts.followed.Followed` does."""

    async def load(self) -> Policies | None:
        """At the first call and whenever they changed, None if there is nothing new.

        Raises SourceUnavailable or ArtefactRefused.
        """
        ...


def policies_in(body: bytes) -> Policies:
    """The policies of an artefact; raises ArtefactRefused."""
    try:
        return policies_from_json(body)
    except LimitRefused as cause:
        raise ArtefactRefused(str(cause)) from cause


class Obeying:
    """What is in use stays so whatever happens to the source."""

    def __init__(self, source: PolicySource, protection: Protection, *, seconds: float) -> None:
        self._source = source
        self._protection = protection
        self._rounds = Rounds(self._look, seconds=seconds)
        self._last_problem = ""

    async def begin(self) -> None:
        """Take up what there is, then go on beside."""
        await self._look()
        self._rounds.begin()

    def look(self) -> None:
        """There may be something new: do not wait for the next turn."""
        self._rounds.wake()

    async def stop(self) -> None:
        """Look no more."""
        await self._rounds.stop()

    async def _look(self) -> None:
        try:
            policies = await self._source.load()
        except NothingActive:
            return
        except (SourceUnavailable, ArtefactRefused) as problem:
            self._tell(str(problem))
            return
        except Exception as problem:  # whatever it is: those in use stay, and the next may be good
            self._tell(f"{type(problem).__name__}: {problem}")
            return
        self._last_problem = ""
        if policies is not None:
            self._protection.use(policies)

    def _tell(self, problem: str) -> None:
        """Log it unless the last look found the very same."""
        if problem != self._last_problem:
            log.error("limits and IP rules cannot be renewed: %s", problem)
        self._last_problem = problem
