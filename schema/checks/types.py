"""Changes of the types that clients see: which there are, of which kind, and what belongs to them."""

from collections.abc import Iterator, Mapping

from schema.checks.change import Change
from schema.checks.fields import compare_fields
from schema.checks.inputs import INPUT_FIELDS, compare_inputs
from schema.checks.kinds import Kind
from schema.document.model import (
    EnumType,
    InputType,
    InterfaceType,
    ObjectType,
    ScalarType,
    Type,
    UnionType,
    kind_of,
)
from schema.document.values import base_name
from schema.spec.directives import BUILT_IN_SCALARS

Types = Mapping[str, Type]


def compare_roots(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    """Which kinds of operations there are, and the types that they begin at."""
    for kind in sorted({*old, *new}):
        before, after = old.get(kind, ""), new.get(kind, "")
        if before and after and before != after:
            yield Change(kind=Kind.ROOT_TYPE_CHANGED, coordinate=kind, old=before, new=after)
        elif not before:
            yield Change(kind=Kind.ROOT_TYPE_ADDED, coordinate=kind, new=after)
        elif not after:
            yield Change(kind=Kind.ROOT_TYPE_REMOVED, coordinate=kind, old=before)


def compare_types(old: Types, new: Types) -> Iterator[Change]:
    """What was added, removed and changed, type by type."""
    answered = _answered(new)
    for name in sorted({*old, *new} - BUILT_IN_SCALARS):
        before, after = old.get(name), new.get(name)
        if before is None and after is not None:
            yield Change(kind=Kind.TYPE_ADDED, coordinate=name, new=_titled(after))
            yield from _new_implementations(after, old, answered)
        elif before is not None and after is None:
            yield Change(kind=Kind.TYPE_REMOVED, coordinate=name, old=_titled(before))
        elif before is not None and after is not None:
            yield from _compare_type(before, after, answered)


def _titled(type_: Type) -> str:
    return kind_of(type_).capitalize()


def _article(type_: Type) -> str:
    word = kind_of(type_)
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _answered(types: Types) -> frozenset[str]:
    """The types that some field answers with."""
    return frozenset(
        base_name(field.type)
        for type_ in types.values()
        if isinstance(type_, ObjectType | InterfaceType)
        for field in type_.fields.values()
    )


def _new_implementations(type_: Type, old: Types, answered: frozenset[str]) -> Iterator[Change]:
    """A new type can come where an interface is selected that was there before."""
    if isinstance(type_, ObjectType):
        for interface in sorted(type_.interfaces):
            if interface in old and interface in answered:
                yield _implementation(Kind.INTERFACE_IMPLEMENTATION_ADDED, interface, new=type_.name)


def _implementation(kind: Kind, interface: str, old: str = "", new: str = "") -> Change:
    return Change(kind=kind, coordinate=interface, old=old, new=new)


def _compare_type(old: Type, new: Type, answered: frozenset[str]) -> Iterator[Change]:
    match old, new:
        case (ObjectType(), ObjectType()) | (InterfaceType(), InterfaceType()):
            assert isinstance(old, ObjectType | InterfaceType)
            assert isinstance(new, ObjectType | InterfaceType)
            yield from _compare_interfaces(old, new)
            yield from compare_fields(old, new)
        case UnionType(), UnionType():
            for member in sorted(new.members.keys() - old.members.keys()):
                yield Change(kind=Kind.UNION_MEMBER_ADDED, coordinate=old.name, new=member)
            for member in sorted(old.members.keys() - new.members.keys()):
                yield Change(kind=Kind.UNION_MEMBER_REMOVED, coordinate=old.name, old=member)
        case EnumType(), EnumType():
            yield from _compare_values(old, new, answered)
        case InputType(), InputType():
            yield from compare_inputs(old.fields, new.fields, f"{old.name}.{{}}", INPUT_FIELDS)
        case ScalarType(), ScalarType():
            return
        case _:
            yield Change(
                kind=Kind.TYPE_KIND_CHANGED, coordinate=old.name, old=_article(old), new=_article(new)
            )


def _compare_interfaces(old: ObjectType | InterfaceType, new: ObjectType | InterfaceType) -> Iterator[Change]:
    for interface in sorted(new.interfaces.keys() - old.interfaces.keys()):
        yield _implementation(Kind.INTERFACE_IMPLEMENTATION_ADDED, interface, new=old.name)
    for interface in sorted(old.interfaces.keys() - new.interfaces.keys()):
        yield _implementation(Kind.INTERFACE_IMPLEMENTATION_REMOVED, interface, old=old.name)


def _compare_values(old: EnumType, new: EnumType, answered: frozenset[str]) -> Iterator[Change]:
    added = Kind.ENUM_VALUE_ADDED if old.name in answered else Kind.INPUT_ENUM_VALUE_ADDED
    for value in sorted(new.values.keys() - old.values.keys()):
        yield Change(kind=added, coordinate=f"{old.name}.{value}", new=value)
    for value in sorted(old.values.keys() - new.values.keys()):
        yield Change(kind=Kind.ENUM_VALUE_REMOVED, coordinate=f"{old.name}.{value}", old=value)
