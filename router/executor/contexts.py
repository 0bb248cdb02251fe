"""Variables that differ from object to object, because they stand in an object around it (`@fromContext`)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from common.json_text import json_text
from router.executor.objects import objects_at
from router.executor.representations import MAX_LEVELS, is_one_of
from router.plan.nodes import ContextVariable, EntityCall, RequiredField
from router.plan.paths import Path

Json = Any
Variables = dict[str, Json]
InContexts = Callable[[dict[str, Json]], Sequence[tuple[Variables, list[dict[str, Json]]]]]
"""The data → for each different set of variables, the objects of the call that it goes with."""


def contexts_of(call: EntityCall) -> InContexts | None:
    """The function that sorts the call's objects by their contexts; None if it has none."""
    if not call.contexts:
        return None
    (path,) = call.paths
    contexts = sorted(call.contexts, key=lambda context: context.depth)

    def in_contexts(data: dict[str, Json]) -> Sequence[tuple[Variables, list[dict[str, Json]]]]:
        parts: dict[str, tuple[Variables, list[dict[str, Json]]]] = {}
        for variables, objects in _below(data, path, 0, contexts, {}):
            _, known = parts.setdefault(json_text(variables), (variables, []))
            known.extend(objects)
        return list(parts.values())

    return in_contexts


def _below(
    found: dict[str, Json],
    path: Path,
    depth: int,
    contexts: Sequence[ContextVariable],
    variables: Variables,
) -> Iterator[tuple[Variables, list[dict[str, Json]]]]:
    """The objects at the rest of the path, with what the objects on the way say."""
    if not contexts:
        yield variables, objects_at(found, path[depth:])
        return
    context, *rest = contexts
    for provider in objects_at(found, path[depth : context.depth]):
        told = {**variables, context.variable: _value(provider, context.fields)}
        yield from _below(provider, path, context.depth, rest, told)


def _value(found: Json, fields: Sequence[RequiredField], lists: int = MAX_LEVELS) -> Json:
    """The one value that the fields lead to; null if it is not there."""
    if isinstance(found, list | tuple):
        return [_value(item, fields, lists - 1) for item in found] if lists else None
    if not isinstance(found, dict):
        return None
    for field in fields:
        if field.name == "__typename" or (field.on_types and not is_one_of(found, field.on_types)):
            continue
        value = found.get(field.key)
        return _value(value, field.selections) if field.selections else value
    return None
