"""Which types clients can come across, starting from what they can ask."""

from collections.abc import Iterable, Iterator, Mapping

from schema.contracts.view import View
from schema.document.model import (
    EnumType,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    ScalarType,
    UnionType,
)
from schema.document.values import base_name
from schema.supergraph.api import EXECUTABLE_LOCATIONS


def hide_unreachable_types(view: View, kept: Iterable[str]) -> None:
    """Hide the types to which no root type leads, no directive of operations and none of those kept."""
    reached = _reached(view, [*view.schema.roots.values(), *_in_directives(view), *kept])
    for type_ in view.types:
        if type_.name not in reached:
            view.hide(type_.name, "nothing that stays leads to it")


def _in_directives(view: View) -> Iterator[str]:
    for definition in view.schema.directives.values():
        if EXECUTABLE_LOCATIONS & set(definition.locations):
            yield from _types_of(definition.arguments)


def _reached(view: View, start: Iterable[str]) -> frozenset[str]:
    """The visible types that can be named in an operation or are needed to write one.

    A value of an interface may be of any type that implements it, if something returns the interface; one
    that is only implemented brings no other types in.
    """
    implementations = _implementations(view)
    returned: set[str] = set()
    implemented: set[str] = set()
    waiting = [(name, True) for name in start]
    while waiting:
        name, is_returned = waiting.pop()
        if name in returned or (not is_returned and name in implemented) or not view.shows(name):
            continue
        (returned if is_returned else implemented).add(name)
        waiting.extend((next_name, True) for next_name in _next(view, name))
        type_ = view.schema.types.get(name)
        if isinstance(type_, ObjectType | InterfaceType):
            waiting.extend((interface, False) for interface in type_.interfaces)
        if is_returned:
            waiting.extend((next_name, True) for next_name in implementations.get(name, ()))
    return frozenset(returned | implemented)


def _implementations(view: View) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for type_ in view.types:
        if isinstance(type_, ObjectType):
            for interface in type_.interfaces:
                found.setdefault(interface, []).append(type_.name)
    return found


def _next(view: View, name: str) -> Iterator[str]:
    """The types that a type speaks of where it can be seen."""
    match view.schema.types.get(name):
        case ObjectType(fields=fields) | InterfaceType(fields=fields):
            for item in fields.values():
                if view.shows(name, item.name):
                    yield base_name(item.type)
                    shown = {
                        key: argument
                        for key, argument in item.arguments.items()
                        if view.shows(name, item.name, key)
                    }
                    yield from _types_of(shown)
        case InputType(fields=entries):
            yield from _types_of({key: entry for key, entry in entries.items() if view.shows(name, key)})
        case UnionType(members=members):
            yield from members
        case ScalarType() | EnumType() | None:
            return


def _types_of(values: Mapping[str, InputValue]) -> Iterator[str]:
    return (base_name(value.type) for value in values.values())
