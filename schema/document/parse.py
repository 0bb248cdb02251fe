"""SDL text → Schema: extensions folded into what they extend, doubles reported."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from graphql import GraphQLSyntaxError, Token, parse
from graphql.language import ast

from schema.document.declarations import Declarations, SchemaBlock, by_name, read_declarations
from schema.document.model import (
    DirectiveDefinition,
    EnumType,
    InputType,
    InterfaceType,
    ObjectType,
    ScalarType,
    Schema,
    Type,
    UnionType,
    kind_of,
)
from schema.document.tokens import Tokens, Unexpected
from schema.errors import Code, CompositionError, Place

MAX_LENGTH = 8 * 1024 * 1024
"""Characters of one subgraph's document: reading more would take minutes and gigabytes."""

DEFAULT_ROOTS = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}

_IN_LINES = re.compile(r"[^\r\n]")


def parse_schema(
    sdl: str, subgraph: str, *, max_length: int | None = MAX_LENGTH
) -> tuple[Schema | None, list[CompositionError]]:
    """The document as a Schema, and every problem found while reading it."""
    start = Place(subgraph=subgraph, line=1, column=1)
    if max_length is not None and len(sdl) > max_length:
        message = (
            f"The SDL has {len(sdl):,} characters; more than {max_length:,} are refused. Split the subgraph."
        )
        return None, [_invalid(message, start)]
    try:
        try:
            found = read_declarations(Tokens(sdl, subgraph))
        except Unexpected:
            found = _read_with_reasons(sdl, subgraph)
        return _schema(found), found.errors
    except GraphQLSyntaxError as error:
        return None, [_syntax_error(error, sdl, subgraph)]
    except RecursionError:
        message = "The document nests deeper than can be read; flatten its values and types."
        return None, [_invalid(message, start)]


def _read_with_reasons(sdl: str, subgraph: str) -> Declarations:
    """The document read by graphql-core, which is slow but says what is wrong; then again without operations.

    Raises GraphQLSyntaxError, unless all that is wrong is that a schema document holds no operations.
    """
    foreign: list[Place] = []
    parts: list[str] = []
    end = 0
    for node in parse(sdl).definitions:
        match node:
            case ast.TypeSystemDefinitionNode() | ast.SchemaExtensionNode() | ast.TypeExtensionNode():
                continue
            case _:
                assert node.loc is not None
                token = _name_token(node)
                foreign.append(Place(subgraph=subgraph, line=token.line, column=token.column))
                blank = _IN_LINES.sub(" ", sdl[node.loc.start : node.loc.end])
                parts += [sdl[end : node.loc.start], blank]
                end = node.loc.end
    try:
        found = read_declarations(Tokens("".join([*parts, sdl[end:]]), subgraph))
    except Unexpected:
        found = Declarations()
        if not foreign:
            found.invalid("This is not GraphQL.", Place(subgraph=subgraph, line=1, column=1))
    for place in foreign:
        found.invalid("A schema document holds no operations or fragments; remove this one.", place)
    return found


def _invalid(message: str, *places: Place) -> CompositionError:
    return CompositionError(code=Code.INVALID_GRAPHQL, message=message, places=places)


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
    if isinstance(name, ast.NameNode) and name.loc is not None:
        return name.loc.start_token
    return node.loc.start_token


def _schema(found: Declarations) -> Schema:
    types = {name: _joined_type(name, declared, found) for name, declared in found.types.items()}
    directives: dict[str, DirectiveDefinition] = {}
    for definition in found.directives:
        if other := directives.get(definition.name):
            message = f"Directive @{definition.name} is defined twice; keep one definition."
            found.invalid(message, definition.place, other.place)
        directives[definition.name] = definition
    blocks = found.schema_blocks
    return Schema(
        types=types,
        directives=directives,
        roots=_roots(blocks, types, found),
        schema_directives=tuple(use for block in blocks for use in block.directives),
        description=next((block.description for block in blocks if block.description), ""),
        place=blocks[0].place if blocks else None,
    )


def _roots(blocks: Sequence[SchemaBlock], types: Mapping[str, Type], found: Declarations) -> dict[str, str]:
    definitions = [block for block in blocks if not block.is_extension]
    if len(definitions) > 1:
        found.invalid(
            "The schema is defined more than once; keep one `schema` block and extend it.",
            *(block.place for block in definitions),
        )
    roots: dict[str, str] = {}
    for kind, name, place in (operation for block in blocks for operation in block.operations):
        if kind in roots:
            found.invalid(f"There can be only one {kind} type: remove one.", place)
        roots[kind] = name
        declared = types.get(name)
        if declared is None:
            found.invalid(f'Unknown type "{name}" as {kind} type. Define it, or correct the name.', place)
        elif not isinstance(declared, ObjectType):
            found.invalid(
                f"The {kind} type must be an object type, not {kind_of(declared)} {declared.name}.", place
            )
    if not definitions:
        for kind, name in DEFAULT_ROOTS.items():
            if kind not in roots and isinstance(types.get(name), ObjectType):
                roots[kind] = name
    return roots


def _joined_type(name: str, declared: Sequence[Type], found: Declarations) -> Type:
    """One type from its definition and all its extensions, definition first."""
    if len(declared) == 1:
        return declared[0]
    definitions = [type_ for type_ in declared if not type_.is_extension]
    extensions = [type_ for type_ in declared if type_.is_extension]
    if len(definitions) > 1:
        found.invalid(
            f'There can be only one type named "{name}"; merge the definitions or make them extensions.',
            *(type_.place for type_ in definitions),
        )
    first, *others = *definitions, *extensions
    alike = [first]
    for other in others:
        if type(other) is type(first):
            alike.append(other)
            continue
        found.invalid(
            f'"{name}" is {kind_of(first)} here and {kind_of(other)} there: rename one.',
            first.place,
            other.place,
        )
    return _joined(alike, found)


def _joined(declared: Sequence[Type], found: Declarations) -> Type:
    """A type with all its declarations, which are of one kind, folded into the first."""
    first = declared[0]
    name = first.name
    shared: dict[str, Any] = {
        "description": next((type_.description for type_ in declared if type_.description), ""),
        "directives": tuple(use for type_ in declared for use in type_.directives),
        "is_extension": all(type_.is_extension for type_ in declared),
    }
    match first:
        case ScalarType():
            return replace(first, **shared)
        case ObjectType() | InterfaceType():
            interfaces = _references(
                (type_.interfaces for type_ in declared if isinstance(type_, ObjectType | InterfaceType)),
                f"{name} implements",
                found,
            )
            fields = (
                field
                for type_ in declared
                if isinstance(type_, ObjectType | InterfaceType)
                for field in type_.fields.values()
            )
            merged = by_name(fields, f"field {name}.", found)
            return replace(first, **shared, interfaces=interfaces, fields=merged)
        case UnionType():
            members = (type_.members for type_ in declared if isinstance(type_, UnionType))
            return replace(first, **shared, members=_references(members, f"union {name} has member", found))
        case EnumType():
            values = (
                value for type_ in declared if isinstance(type_, EnumType) for value in type_.values.values()
            )
            return replace(first, **shared, values=by_name(values, f"enum value {name}.", found))
        case InputType():
            entries = (
                entry for type_ in declared if isinstance(type_, InputType) for entry in type_.fields.values()
            )
            return replace(first, **shared, fields=by_name(entries, f"input field {name}.", found))


def _references(
    declared: Iterable[Mapping[str, Place | None]], what: str, found: Declarations
) -> dict[str, Place | None]:
    known: dict[str, Place | None] = {}
    for references in declared:
        for name, place in references.items():
            if name in known:
                found.invalid(f"{what[0].upper()}{what[1:]} {name} twice; write it once.", place)
            known[name] = place
    return known
