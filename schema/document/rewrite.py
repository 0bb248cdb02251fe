"""Schemas made from schemas: directives replaced, types renamed or left out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias, TypeVar

from schema.document.model import (
    Directive,
    Element,
    EnumType,
    Field,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    Schema,
    Type,
    UnionType,
)
from schema.document.values import base_name, renamed

OnDirectives: TypeAlias = Callable[[tuple[Directive, ...]], tuple[Directive, ...]]
Some = TypeVar("Some", bound=Element)


def with_directives(schema: Schema, change: OnDirectives) -> Schema:
    """The schema with the directives of every element changed."""

    def applied(element: Some) -> Some:
        if not element.directives:
            return element
        return replace(element, directives=change(element.directives))

    def field(item: Field) -> Field:
        if any(argument.directives for argument in item.arguments.values()):
            arguments = {name: applied(argument) for name, argument in item.arguments.items()}
            item = replace(item, arguments=arguments)
        return applied(item)

    def type_(item: Type) -> Type:
        match item:
            case ObjectType() | InterfaceType():
                item = replace(item, fields={name: field(entry) for name, entry in item.fields.items()})
            case InputType():
                item = replace(item, fields={name: applied(entry) for name, entry in item.fields.items()})
            case EnumType():
                item = replace(item, values={name: applied(value) for name, value in item.values.items()})
            case _:
                pass
        return applied(item)

    definitions = {
        name: replace(item, arguments={key: applied(argument) for key, argument in item.arguments.items()})
        for name, item in schema.directives.items()
    }
    return replace(
        schema,
        types={name: type_(item) for name, item in schema.types.items()},
        directives=definitions,
        schema_directives=change(schema.schema_directives),
    )


def with_type_names(schema: Schema, names: Mapping[str, str]) -> Schema:
    """The schema with some types renamed, everywhere they are mentioned."""

    def value(item: InputValue) -> InputValue:
        name = base_name(item.type)
        return replace(item, type=renamed(item.type, names[name])) if name in names else item

    def field(item: Field) -> Field:
        arguments = {name: value(argument) for name, argument in item.arguments.items()}
        name = base_name(item.type)
        type_ref = renamed(item.type, names[name]) if name in names else item.type
        return replace(item, arguments=arguments, type=type_ref)

    def type_(item: Type) -> Type:
        name = names.get(item.name, item.name)
        match item:
            case ObjectType() | InterfaceType():
                return replace(
                    item,
                    name=name,
                    interfaces={names.get(key, key): place for key, place in item.interfaces.items()},
                    fields={key: field(entry) for key, entry in item.fields.items()},
                )
            case UnionType():
                members = {names.get(key, key): place for key, place in item.members.items()}
                return replace(item, name=name, members=members)
            case InputType():
                return replace(
                    item, name=name, fields={key: value(entry) for key, entry in item.fields.items()}
                )
            case _:
                return replace(item, name=name)

    if not names:
        return schema
    return replace(
        schema,
        types={names.get(name, name): type_(item) for name, item in schema.types.items()},
        roots={kind: names.get(name, name) for kind, name in schema.roots.items()},
    )
