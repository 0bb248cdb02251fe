"""SDL text → Schema: extensions folded into what they extend, doubles reported."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from graphql import GraphQLSyntaxError, Token, parse
from graphql.language import ast

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
    kind_of,
)
from schema.document.values import (
    NULL,
    EnumLiteral,
    ListOf,
    Named,
    NonNull,
    NumberLiteral,
    TypeRef,
    Value,
)
from schema.errors import Code, CompositionError, Place

MAX_LENGTH = 8 * 1024 * 1024
"""Characters of one document: reading more would take minutes and gigabytes."""

DEFAULT_ROOTS = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}


Part = TypeVar("Part", Field, InputValue, EnumValue, Directive)


@dataclass(slots=True)
class _Reading:
    """One document being read: its name and what was wrong with it so far."""

    subgraph: str
    errors: list[CompositionError] = field(default_factory=list)

    def place(self, node: ast.Node) -> Place | None:
        if node.loc is None:
            return None
        token = _name_token(node)
        return Place(subgraph=self.subgraph, line=token.line, column=token.column)

    def invalid(self, message: str, *places: Place | None) -> None:
        known = tuple(place for place in places if place)
        self.errors.append(CompositionError(code=Code.INVALID_GRAPHQL, message=message, places=known))


def parse_schema(sdl: str, subgraph: str) -> tuple[Schema | None, list[CompositionError]]:
    """The document as a Schema, and every problem found while reading it."""
    reading = _Reading(subgraph)
    if len(sdl) > MAX_LENGTH:
        reading.invalid(
            f"The SDL has {len(sdl):,} characters; more than {MAX_LENGTH:,} are refused. Split the subgraph.",
            Place(subgraph=subgraph, line=1, column=1),
        )
        return None, reading.errors
    try:
        document = parse(sdl)
        return _schema(document, reading), reading.errors
    except GraphQLSyntaxError as error:
        return None, [_syntax_error(error, sdl, subgraph)]
    except RecursionError:
        reading.invalid("The document nests deeper than can be read; flatten its values and types.")
        return None, reading.errors


def _syntax_error(error: GraphQLSyntaxError, sdl: str, subgraph: str) -> CompositionError:
    line, column = error.locations[0] if error.locations else (1, 1)
    lines = sdl.splitlines() or [""]
    text = lines[line - 1] if line <= len(lines) else ""
    start = max(0, column - 80)
    caret = " " * (column - 1 - start) + "^"
    reason = error.message.removeprefix("Syntax Error: ").rstrip(".")
    return CompositionError(
        code=Code.INVALID_GRAPHQL,
        message=f"This is not GraphQL: {reason}.",
        places=(Place(subgraph=subgraph, line=line, column=column),),
        excerpt=f"  {text[start : start + 160]}\n  {caret}",
    )


def _name_token(node: ast.Node) -> Token:
    """The token to point at: the name if the node has one, else its first token (not its description)."""
    assert node.loc is not None
    name = getattr(node, "name", None)
    if isinstance(name, ast.NameNode) and name.loc is not None and not isinstance(node, ast.DirectiveNode):
        return name.loc.start_token
    return node.loc.start_token


def _schema(document: ast.DocumentNode, reading: _Reading) -> Schema:
    types: dict[str, list[ast.Node]] = {}
    directives: dict[str, DirectiveDefinition] = {}
    schema_nodes: list[ast.SchemaDefinitionNode | ast.SchemaExtensionNode] = []
    for node in document.definitions:
        match node:
            case ast.SchemaDefinitionNode() | ast.SchemaExtensionNode():
                schema_nodes.append(node)
            case ast.DirectiveDefinitionNode():
                definition = _directive_definition(node, reading)
                if other := directives.get(definition.name):
                    message = f"Directive @{definition.name} is defined twice; keep one definition."
                    reading.invalid(message, definition.place, other.place)
                directives[definition.name] = definition
            case ast.TypeDefinitionNode() | ast.TypeExtensionNode():
                types.setdefault(node.name.value, []).append(node)
            case _:
                reading.invalid(
                    "A schema document holds no operations or fragments; remove this one.",
                    reading.place(node),
                )
    merged = {name: _type(name, nodes, reading) for name, nodes in types.items()}
    return Schema(
        types=merged,
        directives=directives,
        roots=_roots(schema_nodes, merged, reading),
        schema_directives=tuple(
            _directive(use, reading, int(isinstance(node, ast.SchemaExtensionNode)))
            for node in schema_nodes
            for use in node.directives or ()
        ),
        description=next((_description(node) for node in schema_nodes if _description(node)), ""),
        place=reading.place(schema_nodes[0]) if schema_nodes else None,
    )


def _roots(
    nodes: Sequence[ast.SchemaDefinitionNode | ast.SchemaExtensionNode],
    types: dict[str, Type],
    reading: _Reading,
) -> dict[str, str]:
    definitions = [node for node in nodes if isinstance(node, ast.SchemaDefinitionNode)]
    if len(definitions) > 1:
        reading.invalid(
            "The schema is defined more than once; keep one `schema` block and extend it.",
            *(reading.place(node) for node in definitions),
        )
    roots: dict[str, str] = {}
    for node in nodes:
        for operation in node.operation_types or ():
            kind = operation.operation.value
            if kind in roots:
                reading.invalid(f"There can be only one {kind} type.", reading.place(operation))
            roots[kind] = operation.type.name.value
            declared = types.get(operation.type.name.value)
            if declared is None:
                reading.invalid(f'Unknown type "{operation.type.name.value}".', reading.place(operation))
            elif not isinstance(declared, ObjectType):
                reading.invalid(
                    f"The {kind} type must be an object type, not {kind_of(declared)} {declared.name}.",
                    reading.place(operation),
                )
    if not definitions:
        for kind, name in DEFAULT_ROOTS.items():
            if kind not in roots and isinstance(types.get(name), ObjectType):
                roots[kind] = name
    return roots


def _type(name: str, nodes: list[Any], reading: _Reading) -> Type:
    """One type from its definition and all its extensions, definition first."""
    definitions = [node for node in nodes if isinstance(node, ast.TypeDefinitionNode)]
    extensions = [node for node in nodes if isinstance(node, ast.TypeExtensionNode)]
    if len(definitions) > 1:
        reading.invalid(
            f'There can be only one type named "{name}"; merge the definitions or make them extensions.',
            *(reading.place(node) for node in definitions),
        )
    if not extensions and len(definitions) == 1:
        return _bare_type(definitions[0], 0, reading)
    declared = [_bare_type(node, 0, reading) for node in definitions]
    declared += [_bare_type(node, number, reading) for number, node in enumerate(extensions, start=1)]
    first = declared[0]
    for other in declared[1:]:
        if type(other) is not type(first):
            reading.invalid(
                f'"{name}" is {kind_of(first)} here and {kind_of(other)} there; a type has one kind.',
                first.place,
                other.place,
            )
        else:
            first = _joined(first, other, reading)
    return first


def _bare_type(node: Any, declaration: int, reading: _Reading) -> Type:
    """The type as one declaration has it."""
    name = node.name.value
    base: dict[str, Any] = {
        "name": name,
        "description": _description(node),
        "directives": tuple(_directive(use, reading, declaration) for use in node.directives or ()),
        "is_extension": declaration > 0,
        "place": reading.place(node),
    }
    match node:
        case ast.ScalarTypeDefinitionNode() | ast.ScalarTypeExtensionNode():
            return ScalarType(**base)
        case (
            ast.ObjectTypeDefinitionNode()
            | ast.ObjectTypeExtensionNode()
            | ast.InterfaceTypeDefinitionNode()
            | ast.InterfaceTypeExtensionNode()
        ):
            is_object = isinstance(node, ast.ObjectTypeDefinitionNode | ast.ObjectTypeExtensionNode)
            fields = (_field(item, reading, declaration) for item in node.fields or ())
            return (ObjectType if is_object else InterfaceType)(
                **base,
                interfaces=_names(node.interfaces or (), f"{name} implements", reading),
                fields=_by_name(fields, f"field {name}.", reading),
            )
        case ast.UnionTypeDefinitionNode() | ast.UnionTypeExtensionNode():
            return UnionType(**base, members=_names(node.types or (), f"union {name} has member", reading))
        case ast.EnumTypeDefinitionNode() | ast.EnumTypeExtensionNode():
            values = (_enum_value(item, reading) for item in node.values or ())
            return EnumType(**base, values=_by_name(values, f"enum value {name}.", reading))
        case ast.InputObjectTypeDefinitionNode() | ast.InputObjectTypeExtensionNode():
            entries = (_input_value(item, reading) for item in node.fields or ())
            return InputType(**base, fields=_by_name(entries, f"input field {name}.", reading))
        case _:
            raise AssertionError(f"not a type: {node.kind}")


def _joined(first: Type, other: Type, reading: _Reading) -> Type:
    """A type with one more declaration of itself folded in."""
    shared: dict[str, Any] = {
        "description": first.description or other.description,
        "directives": first.directives + other.directives,
        "is_extension": first.is_extension and other.is_extension,
    }
    name = first.name
    match first:
        case ScalarType():
            return replace(first, **shared)
        case ObjectType() | InterfaceType():
            assert isinstance(other, ObjectType | InterfaceType)
            fields = _by_name([*first.fields.values(), *other.fields.values()], f"field {name}.", reading)
            for repeated in first.interfaces.keys() & other.interfaces.keys():
                reading.invalid(
                    f"{name} implements {repeated} twice; write it once.", other.interfaces[repeated]
                )
            return replace(
                first, **shared, interfaces={**first.interfaces, **other.interfaces}, fields=fields
            )
        case UnionType():
            assert isinstance(other, UnionType)
            for repeated in first.members.keys() & other.members.keys():
                message = f"union {name} has member {repeated} twice; write it once."
                reading.invalid(message, other.members[repeated])
            return replace(first, **shared, members={**first.members, **other.members})
        case EnumType():
            assert isinstance(other, EnumType)
            values = [*first.values.values(), *other.values.values()]
            return replace(first, **shared, values=_by_name(values, f"enum value {name}.", reading))
        case InputType():
            assert isinstance(other, InputType)
            entries = [*first.fields.values(), *other.fields.values()]
            return replace(first, **shared, fields=_by_name(entries, f"input field {name}.", reading))


def _by_name(parts: Iterable[Part], what: str, reading: _Reading) -> dict[str, Part]:
    """The parts by name; a second one of the same name is a problem."""
    found: dict[str, Part] = {}
    for part in parts:
        if part.name in found:
            message = f"{what}{part.name} is defined twice; keep one definition."
            reading.invalid(message[0].upper() + message[1:], part.place, found[part.name].place)
        else:
            found[part.name] = part
    return found


def _names(nodes: Sequence[ast.NamedTypeNode], what: str, reading: _Reading) -> dict[str, Place | None]:
    found: dict[str, Place | None] = {}
    for node in nodes:
        name = node.name.value
        if name in found:
            reading.invalid(f"{what} {name} twice; write it once.", reading.place(node))
        found[name] = reading.place(node)
    return found


def _field(node: ast.FieldDefinitionNode, reading: _Reading, declaration: int) -> Field:
    arguments = (_input_value(item, reading) for item in node.arguments or ())
    return Field(
        name=node.name.value,
        type=_type_ref(node.type),
        arguments=_by_name(arguments, f"argument {node.name.value}.", reading) if node.arguments else {},
        description=_description(node),
        directives=tuple(_directive(use, reading) for use in node.directives or ()),
        declaration=declaration,
        place=reading.place(node),
    )


def _input_value(node: ast.InputValueDefinitionNode, reading: _Reading) -> InputValue:
    return InputValue(
        name=node.name.value,
        type=_type_ref(node.type),
        default=None if node.default_value is None else value_of(node.default_value),
        description=_description(node),
        directives=tuple(_directive(use, reading) for use in node.directives or ()),
        place=reading.place(node),
    )


def _enum_value(node: ast.EnumValueDefinitionNode, reading: _Reading) -> EnumValue:
    return EnumValue(
        name=node.name.value,
        description=_description(node),
        directives=tuple(_directive(use, reading) for use in node.directives or ()),
        place=reading.place(node),
    )


def _directive(node: ast.DirectiveNode, reading: _Reading, declaration: int = 0) -> Directive:
    place = reading.place(node)
    arguments: dict[str, Value] = {}
    for argument in node.arguments or ():
        if argument.name.value in arguments:
            message = f"Directive @{node.name.value} has argument {argument.name.value} twice; give it once."
            reading.invalid(message, place)
        arguments[argument.name.value] = value_of(argument.value)
    return Directive(name=node.name.value, arguments=arguments, declaration=declaration, place=place)


def _directive_definition(node: ast.DirectiveDefinitionNode, reading: _Reading) -> DirectiveDefinition:
    arguments = (_input_value(item, reading) for item in node.arguments or ())
    return DirectiveDefinition(
        name=node.name.value,
        arguments=_by_name(arguments, f"argument @{node.name.value}.", reading),
        locations=tuple(location.value for location in node.locations),
        is_repeatable=node.repeatable,
        description=_description(node),
        place=reading.place(node),
    )


def _description(node: Any) -> str:
    description = getattr(node, "description", None)  # extensions have none
    return description.value if description else ""


def _type_ref(node: ast.TypeNode) -> TypeRef:
    match node:
        case ast.NamedTypeNode(name=name):
            return Named(name.value)
        case ast.ListTypeNode(type=of):
            return ListOf(_type_ref(of))
        case ast.NonNullTypeNode(type=of):
            inner = _type_ref(of)
            assert not isinstance(inner, NonNull)
            return NonNull(inner)
        case _:
            raise AssertionError(f"not a type reference: {node.kind}")


def value_of(node: ast.ValueNode) -> Value:
    """The constant value that a piece of the syntax tree stands for."""
    match node:
        case ast.NullValueNode():
            return NULL
        case ast.BooleanValueNode(value=value):
            return value
        case ast.StringValueNode(value=text):
            return text
        case ast.IntValueNode(value=digits) | ast.FloatValueNode(value=digits):
            return NumberLiteral(digits)
        case ast.EnumValueNode(value=name):
            return EnumLiteral(name)
        case ast.ListValueNode(values=items):
            return tuple(value_of(item) for item in items)
        case ast.ObjectValueNode(fields=fields):
            return {entry.name.value: value_of(entry.value) for entry in fields}
        case _:
            raise AssertionError(f"not a constant: {node.kind}")
