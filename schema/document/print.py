"""Schema → SDL text: the same bytes for the same schema, in the order of its parts."""

from collections.abc import Iterable, Mapping

from schema.document.model import (
    Directive,
    DirectiveDefinition,
    EnumType,
    EnumValue,
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
from schema.document.values import print_description, print_value

ROOT_ORDER = ("query", "mutation", "subscription")


def print_schema(schema: Schema) -> str:
    """The document as SDL: the schema block, directive definitions, then types."""
    parts = [
        _schema_block(schema),
        *(_directive_definition(definition) for definition in schema.directives.values()),
        *(print_type(type_) for type_ in schema.types.values()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def print_type(type_: Type) -> str:
    """One type as SDL."""
    head = print_description(type_.description, "")
    uses = "".join(f"\n  {print_directive(use)}" for use in type_.directives)
    match type_:
        case ScalarType(name=name):
            return f"{head}scalar {name}{uses}"
        case ObjectType(name=name) | InterfaceType(name=name):
            word = "type" if isinstance(type_, ObjectType) else "interface"
            interfaces = f" implements {' & '.join(type_.interfaces)}" if type_.interfaces else ""
            return f"{head}{word} {name}{interfaces}{uses}{_block(map(_field, type_.fields.values()), uses)}"
        case UnionType(name=name):
            members = " | ".join(type_.members)
            return f"{head}union {name}{uses}" + (f"\n  = {members}" if uses else f" = {members}")
        case EnumType(name=name):
            return f"{head}enum {name}{uses}{_block(map(_enum_value, type_.values.values()), uses)}"
        case InputType(name=name):
            return f"{head}input {name}{uses}{_block(map(_input_field, type_.fields.values()), uses)}"


def print_directive(use: Directive) -> str:
    """A directive with its arguments as SDL."""
    if not use.arguments:
        return f"@{use.name}"
    arguments = ", ".join(f"{name}: {print_value(value)}" for name, value in use.arguments.items())
    return f"@{use.name}({arguments})"


def _schema_block(schema: Schema) -> str:
    uses = "".join(f"\n  {print_directive(use)}" for use in schema.schema_directives)
    roots = (f"  {kind}: {schema.roots[kind]}" for kind in ROOT_ORDER if kind in schema.roots)
    return f"{print_description(schema.description, '')}schema{uses}{_block(roots, uses)}"


def _block(lines: Iterable[str], uses: str) -> str:
    body = "\n".join(lines)
    if not body:
        return ""
    return f"{chr(10) if uses else ' '}{{\n{body}\n}}"


def _field(field: Field) -> str:
    arguments = _arguments(field.arguments, "  ")
    return (
        f"{print_description(field.description, '  ')}  {field.name}{arguments}: "
        f"{field.type}{_inline(field.directives)}"
    )


def _input_field(entry: InputValue) -> str:
    return f"{print_description(entry.description, '  ')}  {_input_value(entry)}"


def _enum_value(value: EnumValue) -> str:
    return f"{print_description(value.description, '  ')}  {value.name}{_inline(value.directives)}"


def _input_value(entry: InputValue) -> str:
    default = "" if entry.default is None else f" = {print_value(entry.default)}"
    return f"{entry.name}: {entry.type}{default}{_inline(entry.directives)}"


def _arguments(arguments: Mapping[str, InputValue], indent: str) -> str:
    if not arguments:
        return ""
    if not any(argument.description for argument in arguments.values()):
        return f"({', '.join(_input_value(argument) for argument in arguments.values())})"
    deeper = indent + "  "
    lines = (
        f"{print_description(argument.description, deeper)}{deeper}{_input_value(argument)}"
        for argument in arguments.values()
    )
    return "(\n" + "\n".join(lines) + f"\n{indent})"


def _inline(uses: tuple[Directive, ...]) -> str:
    return "".join(f" {print_directive(use)}" for use in uses)


def _directive_definition(definition: DirectiveDefinition) -> str:
    repeatable = " repeatable" if definition.is_repeatable else ""
    locations = " | ".join(definition.locations)
    arguments = _arguments(definition.arguments, "")
    return (
        f"{print_description(definition.description, '')}directive @{definition.name}{arguments}"
        f"{repeatable} on {locations}"
    )
