"""Writes what a contract hides into the supergraph: @inaccessible, linked and defined if it was not."""

from collections.abc import Container
from dataclasses import replace
from typing import TypeVar

from schema.contracts.view import View, coordinate_of
from schema.document.model import (
    Directive,
    DirectiveDefinition,
    Element,
    EnumType,
    Field,
    InputType,
    InterfaceType,
    ObjectType,
    Schema,
    Type,
)
from schema.document.parse import parse_schema
from schema.document.values import EnumLiteral, Value
from schema.spec.composed import COMPOSED

Some = TypeVar("Some", bound=Element)

OWN_NAMES = ("inaccessible", "contract_inaccessible", "atrium_contract_inaccessible")
"""What the directive is called where the supergraph does not link it: the first that is free."""


def marked(view: View) -> Schema:
    """The supergraph in which everything hidden is @inaccessible."""
    if not view.hidden:
        return view.schema
    name = inaccessible_name(view)
    types = {key: _marked_type(type_, name, view.hidden) for key, type_ in view.schema.types.items()}
    schema = replace(view.schema, types=types)
    return schema if "inaccessible" in view.features.by_name else _linked(schema, view, name)


def inaccessible_name(view: View) -> str:
    """How @inaccessible is called in this supergraph."""
    if "inaccessible" in view.features.by_name:
        return view.features.directive("inaccessible", "inaccessible")
    taken = {feature.namespace for feature in view.features.by_name.values()} | view.schema.directives.keys()
    return next(name for name in OWN_NAMES if name not in taken)


def _marked_type(type_: Type, name: str, hidden: Container[str]) -> Type:
    """The type with the directive on it, or, if the type stays, on what goes inside it."""

    def mark(element: Some, *parts: str) -> Some:
        is_marked = any(use.name == name for use in element.directives)
        if is_marked or coordinate_of(type_.name, *parts) not in hidden:
            return element
        return replace(element, directives=(*element.directives, Directive(name=name)))

    def mark_field(item: Field) -> Field:
        if item.arguments:
            arguments = {key: mark(value, item.name, key) for key, value in item.arguments.items()}
            item = replace(item, arguments=arguments)
        return mark(item, item.name)

    if type_.name in hidden:
        return mark(type_)
    match type_:
        case ObjectType() | InterfaceType():
            return replace(type_, fields={key: mark_field(item) for key, item in type_.fields.items()})
        case InputType():
            return replace(type_, fields={key: mark(entry, key) for key, entry in type_.fields.items()})
        case EnumType():
            return replace(type_, values={key: mark(value, key) for key, value in type_.values.items()})
        case _:
            return type_


def _linked(schema: Schema, view: View, name: str) -> Schema:
    """The schema with @inaccessible linked and defined, where composition would have put both."""
    composed = COMPOSED["inaccessible"]
    links = [use for use in schema.schema_directives if use.name in ("link", "core")]
    others = [use for use in schema.schema_directives if use.name not in ("link", "core")]
    arguments: dict[str, Value] = {"feature" if links[0].name == "core" else "url": composed.url}
    if name != composed.name:
        arguments["as"] = name
    arguments["for"] = EnumLiteral(composed.purpose)
    link = Directive(name=links[0].name, arguments=arguments)
    definitions = {**schema.directives, name: replace(_definition(composed.sdl), name=name)}
    return replace(
        schema,
        directives={key: definitions[key] for key in sorted(definitions)},
        schema_directives=(*links[:2], link, *links[2:], *others),
    )


def _definition(sdl: str) -> DirectiveDefinition:
    definitions, _ = parse_schema(sdl, "specification")
    assert definitions is not None
    return next(iter(definitions.directives.values()))
