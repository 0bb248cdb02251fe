"""Field sets: the selections that stand as strings in directives such as @key(fields: "id owner { id }")."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from graphql import GraphQLSyntaxError, parse
from graphql.language import ast

from schema.document.values import NULL, EnumLiteral, NumberLiteral, Value, print_value


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSelection:
    """One field of a field set."""

    name: str
    alias: str = ""
    arguments: Mapping[str, Value]
    has_directives: bool = False
    selections: "tuple[Selection, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentSelection:
    """An inline fragment of a field set; without a type it is on the type around it."""

    on: str = ""
    has_directives: bool = False
    selections: "tuple[Selection, ...]" = ()


Selection: TypeAlias = FieldSelection | FragmentSelection
Selections: TypeAlias = tuple[Selection, ...]


class NotAFieldSet(ValueError):
    """The text is no selection; the message says why."""


@lru_cache(maxsize=8192)
def parse_field_set(text: str) -> Selections:
    """The selections of a field set, with or without braces around it."""
    stripped = text.strip()
    if not stripped:
        raise NotAFieldSet("it names no field")
    source = stripped if stripped.startswith("{") else f"{{{stripped}}}"
    try:
        document = parse(source, no_location=True)
    except GraphQLSyntaxError as error:
        raise NotAFieldSet(error.message.removeprefix("Syntax Error: ").rstrip(".")) from error
    except RecursionError as error:
        raise NotAFieldSet("it nests too deep") from error
    match document.definitions:
        case (ast.OperationDefinitionNode(selection_set=selection_set),):
            return _selections(selection_set)
        case _:
            raise NotAFieldSet("it holds more than one selection")


def _selections(node: ast.SelectionSetNode) -> Selections:
    if not node.selections:
        raise NotAFieldSet("there is nothing between two braces")
    found: list[Selection] = []
    for item in node.selections:
        match item:
            case ast.FieldNode():
                found.append(_field(item))
            case ast.InlineFragmentNode():
                condition = item.type_condition
                found.append(
                    FragmentSelection(
                        on=condition.name.value if condition else "",
                        has_directives=bool(item.directives),
                        selections=_selections(item.selection_set),
                    )
                )
            case _:
                raise NotAFieldSet("named fragments cannot be used in it")
    return tuple(found)


def _field(node: ast.FieldNode) -> FieldSelection:
    arguments: dict[str, Value] = {}
    for argument in node.arguments or ():
        if isinstance(argument.value, ast.VariableNode):
            raise NotAFieldSet("variables cannot be used in it")
        arguments[argument.name.value] = _value(argument.value)
    return FieldSelection(
        name=node.name.value,
        alias=node.alias.value if node.alias else "",
        arguments=arguments,
        has_directives=bool(node.directives),
        selections=_selections(node.selection_set) if node.selection_set else (),
    )


def _value(node: ast.ValueNode) -> Value:
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
            return tuple(_value(item) for item in items)
        case ast.ObjectValueNode(fields=fields):
            return {entry.name.value: _value(entry.value) for entry in fields}
        case _:
            raise AssertionError(f"not a constant: {node.kind}")


def normal_form(selections: Selections) -> str:
    """The field set as text that is the same for every order and spacing of the same fields."""
    return " ".join(sorted(_show_item(item, normal_form(item.selections)) for item in selections))


def show_selections(selections: Selections) -> str:
    """The field set as text, in its own order."""
    return " ".join(_show_item(item, show_selections(item.selections)) for item in selections)


def _show_item(item: Selection, inside: str) -> str:
    below = f" {{ {inside} }}" if inside else ""
    if isinstance(item, FragmentSelection):
        return f"... on {item.on}{below}" if item.on else f"...{below}"
    arguments = ", ".join(f"{name}: {print_value(item.arguments[name])}" for name in sorted(item.arguments))
    return f"{item.name}({arguments}){below}" if arguments else f"{item.name}{below}"


def every_field(selections: Selections) -> Iterator[FieldSelection]:
    """All fields of a field set, at every depth."""
    for item in selections:
        if isinstance(item, FieldSelection):
            yield item
        yield from every_field(item.selections)
