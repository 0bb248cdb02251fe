"""Schema → graphql-core's schema, straight from our values: no text is printed and read again."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from graphql import (
    DirectiveLocation,
    GraphQLArgument,
    GraphQLDefaultInput,
    GraphQLDirective,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    introspection_types,
    parse_const_value,
    specified_directives,
    specified_scalar_types,
)

from schema.document.model import (
    Directive,
    DirectiveDefinition,
    EnumType,
    Field,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    ScalarType,
    Schema,
    Type,
    UnionType,
)
from schema.document.values import ListOf, Named, NonNull, TypeRef, Value, print_value

NO_REASON = "No longer supported"
"""What the specification has @deprecated say by itself."""


def executable_schema(schema: Schema) -> GraphQLSchema:
    """The schema as graphql-core validates and executes with; it is not checked. Raises TypeError."""
    return _Builder(schema).built()


class _Builder:
    """Makes one schema; `_wrapped` keeps a list or non-null type for all who use the same."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._named: dict[str, GraphQLNamedType] = {}
        self._wrapped: dict[TypeRef, Any] = {}

    def built(self) -> GraphQLSchema:
        """The whole schema; the types resolve each other when it asks them to."""
        own = (self._type(type_) for type_ in self._schema.types.values())
        standard = {**specified_scalar_types, **introspection_types}
        types = [standard.get(type_.name, type_) for type_ in own]
        self._named = {**standard, **{type_.name: type_ for type_ in types}}
        directives = [self._directive(definition) for definition in self._schema.directives.values()]
        defined = {directive.name for directive in directives}
        directives += [directive for directive in specified_directives if directive.name not in defined]
        roots = {kind: self._named_type(name) for kind, name in self._schema.roots.items()}
        return GraphQLSchema(
            query=cast("GraphQLObjectType | None", roots.get("query")),
            mutation=cast("GraphQLObjectType | None", roots.get("mutation")),
            subscription=cast("GraphQLObjectType | None", roots.get("subscription")),
            types=types,
            directives=directives,
            description=self._schema.description or None,
        )

    def _type(self, type_: Type) -> GraphQLNamedType:
        name, description = type_.name, type_.description or None
        match type_:
            case ScalarType():
                url = _argument(type_.directives, "specifiedBy", "url")
                return GraphQLScalarType(name, description=description, specified_by_url=url)
            case ObjectType() | InterfaceType():
                kind = GraphQLObjectType if isinstance(type_, ObjectType) else GraphQLInterfaceType
                return kind(
                    name,
                    description=description,
                    fields=lambda: {field.name: self._field(field) for field in type_.fields.values()},
                    interfaces=lambda: cast("Sequence[GraphQLInterfaceType]", self._types(type_.interfaces)),
                )
            case UnionType():
                return GraphQLUnionType(
                    name,
                    description=description,
                    types=lambda: cast("Sequence[GraphQLObjectType]", self._types(type_.members)),
                )
            case EnumType():
                return GraphQLEnumType(name, _values(type_), description=description)
            case InputType():
                return GraphQLInputObjectType(
                    name,
                    description=description,
                    fields=lambda: {key: self._input_field(entry) for key, entry in type_.fields.items()},
                    is_one_of=any(use.name == "oneOf" for use in type_.directives),
                )

    def _types(self, names: Mapping[str, object]) -> Sequence[GraphQLNamedType]:
        return [self._named_type(name) for name in names]

    def _field(self, field: Field) -> GraphQLField:
        return GraphQLField(
            cast("GraphQLOutputType", self._type_of(field.type)),
            args={key: self._argument(value) for key, value in field.arguments.items()},
            description=field.description or None,
            deprecation_reason=_deprecation(field.directives),
        )

    def _argument(self, value: InputValue) -> GraphQLArgument:
        return GraphQLArgument(
            cast("GraphQLInputType", self._type_of(value.type)),
            default=_default(value.default),
            description=value.description or None,
            deprecation_reason=_deprecation(value.directives),
        )

    def _input_field(self, entry: InputValue) -> GraphQLInputField:
        return GraphQLInputField(
            cast("GraphQLInputType", self._type_of(entry.type)),
            default=_default(entry.default),
            description=entry.description or None,
            deprecation_reason=_deprecation(entry.directives),
        )

    def _directive(self, definition: DirectiveDefinition) -> GraphQLDirective:
        return GraphQLDirective(
            definition.name,
            locations=[DirectiveLocation[location] for location in definition.locations],
            args={key: self._argument(value) for key, value in definition.arguments.items()},
            is_repeatable=definition.is_repeatable,
            description=definition.description or None,
        )

    def _type_of(self, ref: TypeRef) -> Any:
        known = self._wrapped.get(ref)
        if known is None:
            match ref:
                case Named(name=name):
                    known = self._named_type(name)
                case ListOf(of=of):
                    known = GraphQLList(self._type_of(of))
                case NonNull(of=of):
                    known = GraphQLNonNull(self._type_of(of))
            self._wrapped[ref] = known
        return known

    def _named_type(self, name: str) -> GraphQLNamedType:
        if name not in self._named:
            raise TypeError(f"Unknown type: '{name}'.")
        return self._named[name]


def _values(type_: EnumType) -> dict[str, GraphQLEnumValue]:
    return {
        name: GraphQLEnumValue(
            name,
            description=value.description or None,
            deprecation_reason=_deprecation(value.directives),
        )
        for name, value in type_.values.items()
    }


def _default(value: Value | None) -> GraphQLDefaultInput | None:
    return None if value is None else GraphQLDefaultInput(literal=parse_const_value(print_value(value)))


def _deprecation(directives: tuple[Directive, ...]) -> str | None:
    if not any(use.name == "deprecated" for use in directives):
        return None
    reason = _argument(directives, "deprecated", "reason")
    return NO_REASON if reason is None else reason


def _argument(directives: tuple[Directive, ...], directive: str, argument: str) -> str | None:
    for use in directives:
        if use.name == directive:
            value = use.arguments.get(argument)
            return value if isinstance(value, str) else None
    return None
