"""Which labels of progressive overrides are active for one request."""

import re
from collections.abc import Iterable

_PERCENT = re.compile(r"^percent\((\d{1,2}(?:\.\d{1,8})?|100(?:\.0{1,8})?)\)$")


def is_share(label: str) -> bool:
    """Whether the label says for how many requests it holds."""
    return _PERCENT.match(label) is not None


def active_labels(
    labels: Iterable[str], dice: float, switched_on: frozenset[str] = frozenset()
) -> frozenset[str]:
    """The labels that hold for a request that threw `dice` (at least 0, less than 1).

    `percent(30)` holds for 30 of 100 requests, `percent(40)` for those and 10 more: one throw decides over
    all, so that there are few different plans. Any other label holds if it is switched on.
    """
    found = set()
    for label in labels:
        percent = _PERCENT.match(label)
        if label in switched_on or (percent is not None and 100 * dice < float(percent.group(1))):
            found.add(label)
    return frozenset(found)
