"""An answer → what it did cost: the same weights as the estimate, over what there is.

An object's type need not be known in an answer: where types weigh differently, the dearest counts.
"""

from collections.abc import Callable, Iterable
from typing import Any

from router.cost.amount import Amount, Variables, evaluate
from router.cost.arguments import given_to, price_of_arguments
from router.cost.prices import BASE, Prices
from router.operation.model import Field, InlineFragment, Operation, SelectionSet

Json = Any
Count = Callable[[Json, Variables], int]

_Entry = tuple[str, int, Amount, Count | None]
_MISSING: Any = object()


def actual(operation: Operation, prices: Prices) -> Count:
    """What counts answers of the operation."""
    base = BASE[operation.kind]
    below = _object(operation.selections.parent_type, (operation.selections,), prices)
    return lambda data, variables: base + (below(data, variables) if isinstance(data, dict) else 0)


def _object(parent: str, selections: Iterable[SelectionSet], prices: Prices) -> Count:
    entries = tuple(_entries(parent, selections, prices))

    def count(value: Json, variables: Variables) -> int:
        found = 0
        for key, weight, arguments, below in entries:
            each = value.get(key, _MISSING)
            if each is _MISSING:
                continue
            if arguments:
                found += evaluate(arguments, variables)
            if each is not None:
                found += _values(each, weight, below, variables)
        return found

    return count


def _values(value: Json, weight: int, below: Count | None, variables: Variables) -> int:
    if isinstance(value, list):
        return sum([_values(each, weight, below, variables) for each in value if each is not None])
    if below is not None and isinstance(value, dict):
        return weight + below(value, variables)
    return weight


def _entries(parent: str, selections: Iterable[SelectionSet], prices: Prices) -> Iterable[_Entry]:
    """One for each response key that may cost something, with what fragments add to it."""
    for key, fields in _by_key(parent, selections).items():
        priced = [
            (price, item) for owner, item in fields if (price := prices.fields.get(f"{owner}.{item.name}"))
        ]
        if not priced:
            continue
        weight = max(price.weight for price, _ in priced)
        price, first = priced[0]
        arguments = price_of_arguments(given_to(first), price.arguments, prices) if first.arguments else 0
        inner = [item.selections for _, item in priced if item.selections is not None]
        below = _object(price.type, inner, prices) if inner else None
        if weight or arguments or below is not None:
            yield key, weight, arguments, below


def _by_key(parent: str, selections: Iterable[SelectionSet]) -> dict[str, list[tuple[str, Field]]]:
    found: dict[str, list[tuple[str, Field]]] = {}
    for each in selections:
        for item in each:
            match item:
                case Field():
                    found.setdefault(item.response_key, []).append((each.parent_type, item))
                case InlineFragment():
                    for key, fields in _by_key(item.type_condition, (item.selections,)).items():
                        found.setdefault(key, []).extend(fields)
    return found
