"""Docstrings as descriptions: what the code says of a type or field is what the graph says of it."""

import inspect
from typing import Any

from graphql import GraphQLArgument, GraphQLNonNull, GraphQLSchema, Undefined
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.enum import StrawberryEnumDefinition


def describe(schema: GraphQLSchema, converter: GraphQLCoreConverter) -> None:
    """Fill in descriptions that were not given, and leave out defaults that say nothing."""
    for name, entry in converter.type_map.items():
        graphql_type: Any = schema.type_map.get(name)
        if graphql_type is None:
            continue
        match entry.definition:
            case StrawberryObjectDefinition() as definition:
                _describe_type(graphql_type, definition.origin)
                _describe_fields(graphql_type, definition, converter)
            case StrawberryEnumDefinition() as definition:
                _describe_type(graphql_type, definition.wrapped_cls)
            case _:
                pass


def _describe_type(graphql_type: Any, origin: type) -> None:
    if graphql_type.description is None:
        graphql_type.description = _text(origin.__doc__, generated=f"{origin.__name__}(")


def _describe_fields(
    graphql_type: Any, definition: StrawberryObjectDefinition, converter: GraphQLCoreConverter
) -> None:
    for field in definition.fields:
        shown = graphql_type.fields.get(converter.config.name_converter.get_graphql_name(field))
        if shown is None:
            continue
        if shown.description is None and field.base_resolver is not None:
            shown.description = _text(field.base_resolver.wrapped_func.__doc__)
        for argument in getattr(shown, "args", {}).values():
            _drop_null_default(argument)
        if definition.is_input:
            _drop_null_default(shown)


def _drop_null_default(argument: GraphQLArgument) -> None:
    """`= null` on a nullable argument: the resolver's own default is None anyway."""
    if argument.default_value is None and not isinstance(argument.type, GraphQLNonNull):
        argument.default_value = Undefined


def _text(docstring: str | None, *, generated: str | None = None) -> str | None:
    """The docstring, cleaned; None for the one that `dataclass` writes by itself."""
    if not docstring or (generated is not None and docstring.startswith(generated)):
        return None
    return inspect.cleandoc(docstring)
