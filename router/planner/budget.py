"""The hard limits of one planning: how many paths, until when."""

from time import monotonic

from router.errors import PlanTimeout
from router.planner.errors import TooManyPaths

_LOOKS_PER_CLOCK = 64


class Budget:
    """Counts what planning does and ends it when that is too much."""

    def __init__(self, *, deadline: float | None = None, max_paths: int = 50_000) -> None:
        self._began = monotonic()
        self._deadline = deadline
        self._max_paths = max_paths
        self._paths = 0
        self._until_clock = _LOOKS_PER_CLOCK

    @property
    def paths(self) -> int:
        """How many paths were made."""
        return self._paths

    def spend_path(self) -> None:
        """One more path; raises TooManyPaths or PlanTimeout."""
        self._paths += 1
        if self._paths > self._max_paths:
            raise TooManyPaths(limit=self._max_paths)
        self.tick()

    def tick(self) -> None:
        """One more round of a loop; raises PlanTimeout."""
        self._until_clock -= 1
        if self._until_clock > 0:
            return
        self._until_clock = _LOOKS_PER_CLOCK
        if self._deadline is not None and monotonic() > self._deadline:
            raise PlanTimeout(max(0.0, self._deadline - self._began))
