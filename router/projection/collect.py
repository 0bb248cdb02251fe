"""Which fields an object of a known type answers, in the order of the response (spec §6.3.2)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from graphql import GraphQLSchema, is_abstract_type

from router.operation.model import Conditions, Field, InlineFragment, Selection, SelectionSet

Truth = Mapping[str, bool]
"""What the variables of @skip and @include say in this request."""


def collect(
    selection_sets: Iterable[SelectionSet], object_type: str, truth: Truth, schema: GraphQLSchema
) -> dict[str, list[Field]]:
    """Response key to the fields behind it; several where they stand under different conditions."""
    grouped: dict[str, list[Field]] = {}
    for selection_set in selection_sets:
        _collect_into(grouped, selection_set, object_type, truth, schema)
    return grouped


def _collect_into(
    grouped: dict[str, list[Field]],
    selection_set: SelectionSet,
    object_type: str,
    truth: Truth,
    schema: GraphQLSchema,
) -> None:
    for item in selection_set:
        if not _hold(item.conditions, truth):
            continue
        match item:
            case Field():
                grouped.setdefault(item.response_key, []).append(item)
            case InlineFragment():
                if _applies(item.type_condition, object_type, schema):
                    _collect_into(grouped, item.selections, object_type, truth, schema)


def condition_variables(selection_set: SelectionSet) -> set[str]:
    """Every variable that a condition in here reads."""
    found: set[str] = set()
    for item in selection_set:
        found.update(condition.variable for condition in item.conditions)
        if item.selections is not None:
            found |= condition_variables(item.selections)
    return found


def visible_path(
    path: Sequence[str | int], selections: SelectionSet, truth: Truth
) -> tuple[str | int, ...] | None:
    """The path as far as the client's operation goes: keys that only the plan knows are cut off.

    None if the path leads through a field that takes no part in this request.
    """
    current: list[SelectionSet] = [selections]
    seen: list[str | int] = []
    for step in path:
        if isinstance(step, int):
            seen.append(step)
            continue
        fields = [field for each in current for field in _fields(each) if field.response_key == step]
        if not fields:
            break
        taking_part = [field for field in fields if _hold(field.conditions, truth)]
        if not taking_part:
            return None
        seen.append(step)
        current = [field.selections for field in taking_part if field.selections is not None]
        if not current:
            return tuple(path)  # inside a custom scalar the subgraph knows best
    return tuple(seen)


def existing_path(path: Sequence[str | int], answer: Any) -> tuple[str | int, ...]:
    """The path as far as there is something in the answer; what a null cut off counts as being there."""
    for length, step in enumerate(path):
        match answer:
            case dict() if isinstance(step, str):
                if step not in answer:
                    return tuple(path[:length])
                answer = answer[step]
            case list() if isinstance(step, int):
                if not 0 <= step < len(answer):
                    return tuple(path[:length])
                answer = answer[step]
            case _:
                break
    return tuple(path)


def takes_part(item: Selection, truth: Truth | None) -> bool:
    """Whether anything of a selection is answered in this request; None: in some request."""
    if truth is None:
        return True
    if not _hold(item.conditions, truth):
        return False
    return isinstance(item, Field) or any(takes_part(below, truth) for below in item.selections)


def _fields(selection_set: SelectionSet) -> Iterator[Field]:
    for item in selection_set:
        match item:
            case Field():
                yield item
            case InlineFragment():
                yield from _fields(item.selections)


def _hold(conditions: Conditions, truth: Truth) -> bool:
    return all(truth[condition.variable] is condition.wanted for condition in conditions)


def _applies(type_condition: str, object_type: str, schema: GraphQLSchema) -> bool:
    if type_condition == object_type:
        return True
    narrowed = schema.type_map[type_condition]
    if not is_abstract_type(narrowed):
        return False
    return schema.is_sub_type(narrowed, schema.type_map[object_type])
