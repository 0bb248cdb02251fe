"""What is given as arguments: its price, and the lengths of lists that it says."""

from collections.abc import Mapping
from typing import Any

from graphql import parse_value
from graphql.language import (
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
)

from router.cost.amount import Amount, Variables, total
from router.cost.prices import INPUT_OBJECT, InputPrice, Prices
from router.operation.model import Field

Given = Mapping[str, ValueNode]
_LARGEST = 2**31 - 1


def given_to(field: Field) -> Given:
    """The field's arguments as syntax."""
    return {each.name: parse_value(each.value) for each in field.arguments}


def price_of_arguments(given: Given, known: Mapping[str, InputPrice], prices: Prices) -> Amount:
    """What all arguments of a field cost."""
    return total(_price(node, known[name], prices) for name, node in given.items() if name in known)


def _price(node: ValueNode, known: InputPrice, prices: Prices) -> Amount:
    match node:
        case NullValueNode():
            return 0
        case VariableNode(name=name):
            if not _may_cost(known, prices, set()):
                return 0
            variable = name.value
            return lambda variables: price_of_value(variables.get(variable), known, prices)
        case ListValueNode(values=values):
            return total(_price(each, known, prices) for each in values)
        case ObjectValueNode(fields=fields):
            below = prices.inputs.get(known.type, {})
            own = INPUT_OBJECT if known.weight is None else known.weight
            inner = (
                _price(each.value, below[each.name.value], prices)
                for each in fields
                if each.name.value in below
            )
            return total([own, *inner])
    return known.weight or 0


def price_of_value(value: Any, known: InputPrice, prices: Prices) -> int:
    """What the value of a variable costs."""
    if value is None:
        return 0
    if isinstance(value, list):
        return sum(price_of_value(each, known, prices) for each in value)
    below = prices.inputs.get(known.type)
    if below is None or not isinstance(value, Mapping):
        return known.weight or 0
    own = INPUT_OBJECT if known.weight is None else known.weight
    return own + sum(
        price_of_value(each, below[name], prices) for name, each in value.items() if name in below
    )


def _may_cost(known: InputPrice, prices: Prices, seen: set[str]) -> bool:
    if known.weight or (known.weight is None and known.type in prices.inputs):
        return True
    if known.type in seen:
        return False
    seen.add(known.type)
    return any(_may_cost(each, prices, seen) for each in prices.inputs.get(known.type, {}).values())


def length_in(given: Given, path: tuple[str, ...]) -> "int | Length | None":
    """What the argument at a path says: a number, where it will be found, or None: nothing."""
    node: ValueNode | None = given.get(path[0])
    rest = path[1:]
    while isinstance(node, ObjectValueNode) and rest:
        found = {each.name.value: each.value for each in node.fields}
        node, rest = found.get(rest[0]), rest[1:]
    match node:
        case VariableNode(name=name):
            return Length(name.value, rest)
        case IntValueNode(value=value) if not rest:
            return _bounded(int(value))
    return None


class Length:
    """A length that a variable holds, or something within it."""

    __slots__ = ("_path", "_variable")

    def __init__(self, variable: str, path: tuple[str, ...]) -> None:
        self._variable = variable
        self._path = path

    def of(self, variables: Variables) -> int | None:
        """The length, if one is given."""
        value = variables.get(self._variable)
        for name in self._path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return _bounded(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _bounded(value: int) -> int:
    return min(max(value, 0), _LARGEST)
