"""A type that implements an interface has all of its fields, with fitting types and arguments."""

from collections.abc import Mapping

from schema.document.model import Field, InterfaceType, ObjectType, Schema, Type, UnionType
from schema.document.values import ListOf, Named, NonNull, TypeRef
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded

Composed = ObjectType | InterfaceType


def check_implementations(subgraph: Expanded, findings: Findings) -> None:
    """Note missing fields and interfaces, and fields that do not fit those of the interface."""
    check_schema(subgraph.schema, findings)


def check_schema(schema: Schema, findings: Findings) -> None:
    """The same for any schema."""
    for type_ in schema.types.values():
        if not isinstance(type_, Composed):
            continue
        for name, place in type_.interfaces.items():
            interface = schema.types.get(name)
            if not isinstance(interface, InterfaceType):
                continue
            if name == type_.name:
                message = f'Interface "{name}" cannot implement itself: remove that.'
                findings.error(Code.INVALID_GRAPHQL, message, place)
                continue
            if type_.name in interface.interfaces:
                message = f'"{type_.name}" and "{name}" implement each other: remove one of the two.'
                findings.error(Code.INVALID_GRAPHQL, message, place)
                continue
            for wanted in interface.interfaces.keys() - type_.interfaces.keys() - {type_.name}:
                message = f'"{type_.name}" implements "{name}", so it must implement "{wanted}" too: add it.'
                findings.error(Code.INVALID_GRAPHQL, message, place)
            _check_fields(schema, type_, interface, findings)


def _check_fields(schema: Schema, type_: Composed, interface: InterfaceType, findings: Findings) -> None:
    for wanted in interface.fields.values():
        at = f"{type_.name}.{wanted.name}"
        field = type_.fields.get(wanted.name)
        if field is None:
            findings.error(
                Code.INVALID_GRAPHQL,
                f'"{type_.name}" implements "{interface.name}" but lacks its field "{wanted.name}": add it.',
                type_.place,
                wanted.place,
            )
            continue
        if not fits(field.type, wanted.type, schema.types):
            findings.error(
                Code.INVALID_GRAPHQL,
                f'"{at}" is `{field.type}`, which is not the `{wanted.type}` of '
                f'"{interface.name}.{wanted.name}": give it that type, or a narrower one.',
                field.place,
                wanted.place,
            )
        _check_arguments(at, field, interface.name, wanted, findings)


def _check_arguments(at: str, field: Field, interface: str, wanted: Field, findings: Findings) -> None:
    for name, argument in wanted.arguments.items():
        own = field.arguments.get(name)
        if own is None:
            message = f'"{at}" lacks argument "{name}" of "{interface}.{wanted.name}": add it.'
            findings.error(Code.INVALID_GRAPHQL, message, field.place, argument.place)
        elif own.type != argument.type:
            message = (
                f'"{at}({name}:)" is `{own.type}` but `{argument.type}` in "{interface}.{wanted.name}": '
                f"use the same type."
            )
            findings.error(Code.INVALID_GRAPHQL, message, own.place, argument.place)
    for name, argument in field.arguments.items():
        if name not in wanted.arguments and isinstance(argument.type, NonNull) and argument.default is None:
            message = (
                f'"{at}({name}:)" is required but unknown to "{interface}.{wanted.name}": make it optional.'
            )
            findings.error(Code.INVALID_GRAPHQL, message, argument.place)


def fits(ref: TypeRef, wanted: TypeRef, types: Mapping[str, Type]) -> bool:
    """True when every value of `ref` is one of `wanted`."""
    match ref, wanted:
        case NonNull(of=inner), NonNull(of=other):
            return fits(inner, other, types)
        case NonNull(of=inner), _:
            return fits(inner, wanted, types)
        case ListOf(of=inner), ListOf(of=other):
            return fits(inner, other, types)
        case Named(name=name), Named(name=other_name):
            return name == other_name or _belongs(name, other_name, types)
        case _:
            return False


def _belongs(name: str, to: str, types: Mapping[str, Type]) -> bool:
    type_, abstract = types.get(name), types.get(to)
    if isinstance(abstract, UnionType):
        return name in abstract.members
    return isinstance(type_, Composed) and isinstance(abstract, InterfaceType) and to in type_.interfaces
