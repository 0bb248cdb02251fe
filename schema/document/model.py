"""The parts of an SDL document: types, fields, arguments and the directives put on them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from schema.document.values import TypeRef, Value
from schema.errors import Place

Item = TypeVar("Item")


def nothing() -> Mapping[str, Item]:
    """An empty mapping that nobody can write to."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """A directive put on something; `known_as` is its name in the federation specification, if it has one.

    `declaration` is 0 in the definition of a type and counts up with each `extend` of it.
    """

    name: str
    arguments: Mapping[str, Value] = field(default_factory=nothing)
    known_as: str = ""
    declaration: int = 0
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputValue:
    """An argument or a field of an input type."""

    name: str
    type: TypeRef
    default: Value | None = None
    description: str = ""
    directives: tuple[Directive, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of an object or interface type."""

    name: str
    type: TypeRef
    arguments: Mapping[str, InputValue] = field(default_factory=nothing)
    description: str = ""
    directives: tuple[Directive, ...] = ()
    declaration: int = 0
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumValue:
    """One value of an enum type."""

    name: str
    description: str = ""
    directives: tuple[Directive, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeBase:
    """What all kinds of types have; `is_extension` is true when only `extend` declarations were seen."""

    name: str
    description: str = ""
    directives: tuple[Directive, ...] = ()
    is_extension: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarType(TypeBase):
    """A scalar type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType(TypeBase):
    """An object type."""

    interfaces: Mapping[str, Place | None] = field(default_factory=nothing)
    fields: Mapping[str, Field] = field(default_factory=nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceType(TypeBase):
    """An interface type."""

    interfaces: Mapping[str, Place | None] = field(default_factory=nothing)
    fields: Mapping[str, Field] = field(default_factory=nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnionType(TypeBase):
    """A union type."""

    members: Mapping[str, Place | None] = field(default_factory=nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumType(TypeBase):
    """An enum type."""

    values: Mapping[str, EnumValue] = field(default_factory=nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputType(TypeBase):
    """An input object type."""

    fields: Mapping[str, InputValue] = field(default_factory=nothing)


Type: TypeAlias = ScalarType | ObjectType | InterfaceType | UnionType | EnumType | InputType
Composite: TypeAlias = ObjectType | InterfaceType | UnionType
Element: TypeAlias = Type | Field | InputValue | EnumValue

KINDS: Mapping[type, str] = {
    ScalarType: "scalar",
    ObjectType: "object",
    InterfaceType: "interface",
    UnionType: "union",
    EnumType: "enum",
    InputType: "input",
}


def kind_of(type_: Type) -> str:
    """The kind of a type as a word for a sentence."""
    return KINDS[type(type_)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectiveDefinition:
    """The declaration of a directive."""

    name: str
    arguments: Mapping[str, InputValue] = field(default_factory=nothing)
    locations: tuple[str, ...] = ()
    is_repeatable: bool = False
    description: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A whole SDL document; `roots` maps query, mutation and subscription to type names."""

    types: Mapping[str, Type]
    directives: Mapping[str, DirectiveDefinition] = field(default_factory=nothing)
    roots: Mapping[str, str] = field(default_factory=nothing)
    schema_directives: tuple[Directive, ...] = ()
    description: str = ""
    place: Place | None = None

    def runtime_types(self, name: str) -> frozenset[str]:
        """The object types that a value of the named composite type can have."""
        match self.types.get(name):
            case ObjectType():
                return frozenset({name})
            case UnionType(members=members):
                return frozenset(members)
            case InterfaceType():
                return frozenset(
                    type_.name
                    for type_ in self.types.values()
                    if isinstance(type_, ObjectType) and name in type_.interfaces
                )
            case _:
                return frozenset()


def elements(schema: Schema) -> Iterator[tuple[str, Element]]:
    """Every type, field, argument and enum value with its coordinate."""
    for type_ in schema.types.values():
        yield type_.name, type_
        match type_:
            case ObjectType() | InterfaceType():
                for item in type_.fields.values():
                    yield f"{type_.name}.{item.name}", item
                    for argument in item.arguments.values():
                        yield f"{type_.name}.{item.name}({argument.name}:)", argument
            case InputType():
                for entry in type_.fields.values():
                    yield f"{type_.name}.{entry.name}", entry
            case EnumType():
                for value in type_.values.values():
                    yield f"{type_.name}.{value.name}", value
            case _:
                pass
