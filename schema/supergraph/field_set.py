"""Selections written inside directives (`@key`, `@requires`, `@provides`) as values."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from graphql import FieldNode, GraphQLSyntaxError, InlineFragmentNode, SelectionSetNode, parse, print_ast
from graphql.language import OperationDefinitionNode


@dataclass(frozen=True, slots=True)
class FieldPart:
    """One field of a field set. `arguments` are (name, canonical GraphQL text), sorted by name."""

    name: str
    arguments: tuple[tuple[str, str], ...] = ()
    selections: "FieldSet" = ()


@dataclass(frozen=True, slots=True)
class FragmentPart:
    """Fields of one narrower type inside a field set."""

    type_condition: str
    selections: "FieldSet"


FieldSetPart = FieldPart | FragmentPart
FieldSet = tuple[FieldSetPart, ...]


class FieldSetMalformed(Exception):
    """The text is no selection of fields."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{text!r} is not a set of fields: {reason}")
        self.text = text


@lru_cache(maxsize=8192)
def parse_field_set(text: str) -> FieldSet:
    """`"id owner { id }"` as a value; raises FieldSetMalformed."""
    stripped = text.strip()
    source = stripped if stripped.startswith("{") else f"{{{stripped}}}"
    try:
        definitions = parse(source, no_location=True).definitions
    except GraphQLSyntaxError as error:
        raise FieldSetMalformed(text, error.message) from error
    if len(definitions) != 1 or not isinstance(definitions[0], OperationDefinitionNode):
        raise FieldSetMalformed(text, "one selection set is expected")
    return _from_ast(definitions[0].selection_set, text)


def _from_ast(node: SelectionSetNode, text: str) -> FieldSet:
    parts: list[FieldSetPart] = []
    for selection in node.selections:
        if isinstance(selection, FieldNode):
            if selection.alias is not None:
                raise FieldSetMalformed(text, f"an alias is not allowed ({selection.alias.value!r})")
            arguments = tuple(sorted((a.name.value, print_ast(a.value)) for a in selection.arguments or ()))
            inner = _from_ast(selection.selection_set, text) if selection.selection_set else ()
            parts.append(FieldPart(selection.name.value, arguments, inner))
        elif isinstance(selection, InlineFragmentNode):
            inner = _from_ast(selection.selection_set, text)
            if selection.type_condition is None:
                parts.extend(inner)
            else:
                parts.append(FragmentPart(selection.type_condition.name.value, inner))
        else:
            raise FieldSetMalformed(text, "named fragments are not allowed")
    return tuple(parts)


def show_field_set(field_set: FieldSet) -> str:
    """The field set as GraphQL text on one line, without the outer braces."""
    return " ".join(_show_part(part) for part in field_set)


def _show_part(part: FieldSetPart) -> str:
    if isinstance(part, FragmentPart):
        return f"... on {part.type_condition} {{ {show_field_set(part.selections)} }}"
    arguments = ", ".join(f"{name}: {value}" for name, value in part.arguments)
    inner = f" {{ {show_field_set(part.selections)} }}" if part.selections else ""
    return part.name + (f"({arguments})" if arguments else "") + inner


def field_names(field_set: FieldSet) -> Iterator[str]:
    """Names of the fields on the first level, through fragments."""
    for part in field_set:
        if isinstance(part, FragmentPart):
            yield from field_names(part.selections)
        else:
            yield part.name


def field_set_size(field_set: FieldSet) -> int:
    """How many fields are asked, on all levels."""
    return sum(
        field_set_size(part.selections) + (0 if isinstance(part, FragmentPart) else 1) for part in field_set
    )
