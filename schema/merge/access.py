"""Carries access rules between interfaces and implementations, so that no way around them is left.

A field that an @interfaceObject guards is guarded in every implementation; an interface asks for what all of
its implementations together ask for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from schema.document.model import Directive, Field, InterfaceType, ObjectType, Type
from schema.merge.directives import joined
from schema.merge.rule import Rule
from schema.merge.sources import Merging

ACCESS = ("authenticated", "requiresScopes", "policy")
Guarded = TypeVar("Guarded", Field, ObjectType, InterfaceType)


def with_access(merging: Merging, types: Mapping[str, Type]) -> dict[str, Type]:
    """The types with their access rules carried to where they must hold as well."""
    rules = [rule for rule in merging.composition.rules if rule.known_as in ACCESS]
    names = {rule.name for rule in rules}
    if not any(use.name in names for type_ in types.values() for use in _all_uses(type_)):
        return dict(types)
    guarded = {name: _from_interface_objects(merging, types, rules, type_) for name, type_ in types.items()}
    return {name: _from_implementations(merging, guarded, rules, type_) for name, type_ in guarded.items()}


def _all_uses(type_: Type) -> list[Directive]:
    found = list(type_.directives)
    if isinstance(type_, ObjectType | InterfaceType):
        for field in type_.fields.values():
            found.extend(field.directives)
    return found


def _from_interface_objects(
    merging: Merging, types: Mapping[str, Type], rules: Sequence[Rule], type_: Type
) -> Type:
    """An object with the rules of what @interfaceObject resolves for it."""
    if not isinstance(type_, ObjectType):
        return type_
    fields = dict(type_.fields)
    for name in type_.interfaces:
        interface = types.get(name)
        if name in merging.interface_objects and isinstance(interface, InterfaceType):
            for field in interface.fields.values():
                if field.name in fields:
                    coordinate = f"{type_.name}.{field.name}"
                    guarded = _guarded(merging, coordinate, fields[field.name], rules, [field.directives])
                    fields[field.name] = guarded
    return replace(type_, fields=fields)


def _from_implementations(
    merging: Merging, types: Mapping[str, Type], rules: Sequence[Rule], type_: Type
) -> Type:
    """An interface with the rules of all of its implementations."""
    if not isinstance(type_, InterfaceType):
        return type_
    objects = [
        other for other in types.values() if isinstance(other, ObjectType) and type_.name in other.interfaces
    ]
    fields = {
        name: _guarded(
            merging,
            f"{type_.name}.{name}",
            field,
            rules,
            [other.fields[name].directives for other in objects if name in other.fields],
        )
        for name, field in type_.fields.items()
    }
    whole = _guarded(merging, type_.name, type_, rules, [other.directives for other in objects])
    return replace(whole, fields=fields)


def _guarded(
    merging: Merging,
    coordinate: str,
    element: Guarded,
    rules: Sequence[Rule],
    others: Sequence[tuple[Directive, ...]],
) -> Guarded:
    """The element, asking for what it and the others ask for together."""
    directives = list(element.directives)
    for rule in rules:
        applied = [use for uses in (element.directives, *others) for use in uses if use.name == rule.name]
        if applied:
            directives = [use for use in directives if use.name != rule.name]
            directives.append(joined(merging, coordinate, rule, applied))
    return replace(element, directives=tuple(directives))
