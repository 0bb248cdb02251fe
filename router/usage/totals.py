"""What was counted since the process began, by labels of which there cannot be many."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from common.operations.usage import OTHERS
from router.usage.counting import Asked, Tally

MOST_LABELS = 500


class Label(NamedTuple):
    """Only what somebody registered has a label of its own."""

    client: str
    operation: str


class Totals:
    """Requests and those with errors, by label."""

    def __init__(self) -> None:
        self.requests: Counter[Label] = Counter()
        self.errors: Counter[Label] = Counter()

    def add(self, asked: Asked, tally: Tally) -> None:
        """What one batch takes away."""
        label = self._label(asked)
        self.requests[label] += tally.count
        self.errors[label] += tally.errors

    def with_these(self, more: Iterable[tuple[Asked, Tally]]) -> "Totals":
        """These and what was not taken away yet."""
        totals = Totals()
        totals.requests.update(self.requests)
        totals.errors.update(self.errors)
        for asked, tally in more:
            totals.add(asked, tally)
        return totals

    def _label(self, asked: Asked) -> Label:
        label = Label(asked.client, asked.operation or "(nameless)")
        if not asked.is_registered or (label not in self.requests and len(self.requests) >= MOST_LABELS):
            return Label(OTHERS, OTHERS)
        return label
