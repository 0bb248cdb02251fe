"""What hiding some elements hides as well: types with nothing left, and promises that are not kept."""

from collections.abc import Iterator

from schema.contracts.view import View, coordinate_of
from schema.document.model import EnumType, InputType, InterfaceType, ObjectType, ScalarType, Type, UnionType


def hide_empty_types(view: View) -> None:
    """Hide types in which nothing can be seen, until there are none: unions follow the objects that go."""
    while empty := [type_.name for type_ in view.types if view.shows(type_.name) and _is_empty(view, type_)]:
        for name in empty:
            view.hide(name, "nothing in it stays")


def _is_empty(view: View, type_: Type) -> bool:
    match type_:
        case ObjectType(fields=parts) | InterfaceType(fields=parts) | InputType(fields=parts):
            return not any(view.shows(type_.name, name) for name in parts)
        case EnumType(values=values):
            return not any(view.shows(type_.name, name) for name in values)
        case UnionType(members=members):
            return not any(view.shows(name) for name in members)
        case ScalarType():
            return False


def hide_broken_promises(view: View) -> Iterator[tuple[str, str]]:
    """Hide fields of interfaces that some type which stays hides; yields the field and why it goes.

    An interface whose field is hidden so may itself implement another one, hence the rounds.
    """
    while True:
        found = dict(_broken_promises(view))
        if not found:
            return
        for coordinate, implementation in found.items():
            view.hide(coordinate, f'"{implementation}", which implements it, is hidden')
        yield from found.items()
        hide_empty_types(view)


def _broken_promises(view: View) -> Iterator[tuple[str, str]]:
    for type_ in view.types:
        if not isinstance(type_, ObjectType | InterfaceType) or not view.shows(type_.name):
            continue
        interfaces = tuple(view.visible_interfaces(type_))
        if not interfaces:
            continue
        for name in type_.fields:
            if view.shows(type_.name, name):
                continue
            for interface in interfaces:
                if name in interface.fields and view.shows(interface.name, name):
                    yield coordinate_of(interface.name, name), coordinate_of(type_.name, name)
