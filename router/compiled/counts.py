"""How requests were executed, for metrics."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    """Why the reference executor took over."""

    ERRORS = "errors"
    UNAVAILABLE = "unavailable"
    DATA = "data"
    LARGE = "large"
    DEADLINE = "deadline"


@dataclass(slots=True)
class Counts:
    """`repeated` requests were sent twice, as the two ways saw an answer differently: should be none."""

    compiled: int = 0
    interpreted: int = 0
    repeated: int = 0
    taken_over: Counter[Reason] = field(default_factory=Counter)

    def take_over(self, reason: Reason | None, repeated: int) -> None:
        """The reference executor has taken over."""
        if reason is not None:
            self.taken_over[reason] += 1
        self.repeated += repeated
