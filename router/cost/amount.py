"""Numbers that are known, or follow from the variables of a request: folded as far as they can be."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Variables = Mapping[str, Any]
Dynamic = Callable[[Variables], int]
Amount = int | Dynamic


def evaluate(amount: Amount, variables: Variables) -> int:
    """The number for one request."""
    return amount if isinstance(amount, int) else amount(variables)


def total(amounts: Iterable[Amount]) -> Amount:
    """Their sum."""
    known, unknown = _parted(amounts)
    if not unknown:
        return sum(known)
    fixed, several = sum(known), tuple(unknown)
    if len(several) == 1:
        (only,) = several
        return (lambda variables: fixed + only(variables)) if fixed else only
    return lambda variables: fixed + sum([each(variables) for each in several])


def largest(amounts: Iterable[Amount]) -> Amount:
    """The largest of them; nothing of none."""
    known, unknown = _parted(amounts)
    least = max(known, default=0)
    if not unknown:
        return least
    several = tuple(unknown)
    return lambda variables: max(least, *[each(variables) for each in several])


def times(one: Amount, other: Amount) -> Amount:
    """Their product."""
    if isinstance(one, int) and isinstance(other, int):
        return one * other
    if one == 1:
        return other
    if other == 1:
        return one
    if 0 in (one, other):
        return 0
    return lambda variables: evaluate(one, variables) * evaluate(other, variables)


def _parted(amounts: Iterable[Amount]) -> tuple[list[int], list[Dynamic]]:
    known: list[int] = []
    unknown: list[Dynamic] = []
    for each in amounts:
        if isinstance(each, int):
            known.append(each)
        else:
            unknown.append(each)
    return known, unknown
