"""The hard limits of one planning: how many paths, how much to hold in memory, until when."""

from collections.abc import Callable
from time import monotonic

from router.errors import PlanTimeout
from router.planner.errors import TooManyParts, TooManyPaths
from router.settings import OperationLimits

_LOOKS_PER_CLOCK = 64
_DEFAULTS = OperationLimits()


class Budget:
    """Counts what planning does and ends it when that is too much; the deadline is on the `clock`."""

    def __init__(
        self,
        *,
        deadline: float | None = None,
        clock: Callable[[], float] = monotonic,
        max_paths: int = _DEFAULTS.max_paths,
        max_parts: int = _DEFAULTS.max_plan_parts,
    ) -> None:
        self._clock = clock
        self._began = clock()
        self._deadline = deadline
        self._max_paths = max_paths
        self._max_parts = max_parts
        self._paths = 0
        self._parts = 0
        self._until_clock = _LOOKS_PER_CLOCK

    @property
    def paths(self) -> int:
        """How many paths were made."""
        return self._paths

    @property
    def parts(self) -> int:
        """How much was put into memory, besides the paths themselves."""
        return self._parts

    def spend_path(self) -> None:
        """One more path; raises TooManyPaths or PlanTimeout."""
        self._paths += 1
        if self._paths > self._max_paths:
            raise TooManyPaths(limit=self._max_paths)
        self.tick()

    def spend_parts(self, number: int = 1) -> None:
        """More to remember: parts of paths, fields of requests; raises TooManyParts or PlanTimeout."""
        self._parts += number
        if self._parts > self._max_parts:
            raise TooManyParts(limit=self._max_parts)
        self.tick()

    def tick(self) -> None:
        """One more round of a loop that does little; raises PlanTimeout."""
        self._until_clock -= 1
        if self._until_clock <= 0:
            self.look()

    def look(self) -> None:
        """One more round of a loop that does much; raises PlanTimeout."""
        self._until_clock = _LOOKS_PER_CLOCK
        if self._deadline is not None and self._clock() > self._deadline:
            raise PlanTimeout(max(0.0, self._deadline - self._began))
