"""Names that GraphQL keeps for itself, and types with nothing in them."""

from schema.document.model import EnumType, InputType, InterfaceType, ObjectType, UnionType, elements, kind_of
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded

NOT_ENUM_VALUES = frozenset({"true", "false", "null"})
ROOTS = frozenset({"Query", "Mutation", "Subscription"})


def check_names(subgraph: Expanded, findings: Findings) -> None:
    """Note names that begin with two underscores, and types without fields, values or members."""
    for coordinate, element in elements(subgraph.schema):
        if element.name.startswith("__"):
            findings.error(
                Code.INVALID_GRAPHQL,
                f'"{coordinate}" must not begin with "__", which GraphQL keeps for introspection: rename it.',
                element.place,
            )
        match element:
            case ObjectType(fields=parts) | InterfaceType(fields=parts) | InputType(fields=parts):
                is_empty = not parts and element.name not in ROOTS
            case EnumType(values=values):
                is_empty = not values
                for name in NOT_ENUM_VALUES & values.keys():
                    message = f'"{name}" cannot be a value of enum "{element.name}": rename it.'
                    findings.error(Code.INVALID_GRAPHQL, message, values[name].place)
            case UnionType(members=members):
                is_empty = not members
            case _:
                is_empty = False
        if is_empty:
            assert isinstance(element, ObjectType | InterfaceType | InputType | EnumType | UnionType)
            findings.error(
                Code.INVALID_GRAPHQL,
                f'{kind_of(element).capitalize()} "{coordinate}" is empty: give it at least one '
                f"{_part(element)}, or remove it.",
                element.place,
            )


def _part(type_: ObjectType | InterfaceType | InputType | EnumType | UnionType) -> str:
    match type_:
        case EnumType():
            return "value"
        case UnionType():
            return "member"
        case _:
            return "field"
