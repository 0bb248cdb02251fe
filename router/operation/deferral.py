"""`@defer` in a normalised operation: what is deferred carries a mark among its conditions.

A mark is a condition which no variable can fulfil: its name could not be one. So everything that keeps fields
of different conditions apart, and knows which of them another already covers, does so for deferred fields as
well: a field that is asked for at once needs not be delivered again later, but not the other way round.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from router.operation.model import Condition, Conditions, Deferral, Field, Operation, SelectionSet

_PREFIX = "@defer "


def mark(deferral: int) -> Condition:
    """The condition that stands for this deferral."""
    return Condition(variable=f"{_PREFIX}{deferral}", wanted=True)


def is_mark(condition: Condition) -> bool:
    """Whether the condition stands for a deferral, not for a variable."""
    return condition.variable.startswith(_PREFIX)


def deferrals_in(conditions: Iterable[Condition]) -> frozenset[int]:
    """The deferrals whose marks are among the conditions."""
    return frozenset(int(each.variable.removeprefix(_PREFIX)) for each in conditions if is_mark(each))


def without_marks(conditions: Iterable[Condition]) -> Conditions:
    """The conditions that variables decide, in their order."""
    return tuple(each for each in conditions if not is_mark(each))


def is_active(deferral: Deferral, variables: Mapping[str, Any]) -> bool:
    """Whether this request wants it."""
    return deferral.condition is None or variables.get(deferral.condition) is not False


def undeferred(operation: Operation) -> Operation:
    """The same operation, nothing deferred or streamed."""
    if not operation.is_in_parts:
        return operation
    return replace(
        operation, selections=_undeferred_set(operation.selections), deferrals=(), has_streams=False
    )


def undeferred_field(field: Field) -> Field:
    """The same field, nothing in it deferred."""
    selections = None if field.selections is None else _undeferred_set(field.selections)
    return replace(field, conditions=without_marks(field.conditions), selections=selections, stream=None)


def _undeferred_set(selections: SelectionSet) -> SelectionSet:
    items = tuple(
        undeferred_field(item)
        if isinstance(item, Field)
        else replace(
            item, conditions=without_marks(item.conditions), selections=_undeferred_set(item.selections)
        )
        for item in selections
    )
    return replace(selections, items=items)
