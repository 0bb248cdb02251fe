"""Every directive that is used exists, may stand there, and gets the arguments that it wants."""

from collections.abc import Iterator
from difflib import get_close_matches

from schema.document.model import (
    Directive,
    DirectiveDefinition,
    Element,
    EnumType,
    EnumValue,
    Field,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    ScalarType,
    UnionType,
    elements,
)
from schema.document.values import NonNull
from schema.errors import Code
from schema.findings import Findings
from schema.spec.directives import NEWEST, federation_directives, newer_with
from schema.subgraph.model import Expanded
from schema.validate.graphql.references import MOST_GUESSES
from schema.validate.graphql.values import misfit

FIELD_SETS = frozenset({"key", "requires", "provides"})


def check_known_directives(subgraph: Expanded, findings: Findings) -> None:
    """Note directives that nobody defines."""
    unknowns: set[str] = set()
    for _, _, applied in _applications(subgraph):
        for use in applied:
            if use.name not in subgraph.schema.directives:
                unknowns.add(use.name)
                _unknown(subgraph, use, findings, guesses=len(unknowns) <= MOST_GUESSES)


def check_directives(subgraph: Expanded, findings: Findings) -> None:
    """Note misplaced and repeated directives, and arguments that do not fit."""
    for coordinate, location, applied in _applications(subgraph):
        seen: set[str] = set()
        for use in applied:
            definition = subgraph.schema.directives.get(use.name)
            if definition is None:
                continue
            if location not in definition.locations:
                findings.error(
                    Code.INVALID_GRAPHQL,
                    f'Directive @{use.name} cannot stand on "{coordinate}": it is for '
                    f"{', '.join(definition.locations)}. Remove it there.",
                    use.place,
                )
            if use.name in seen and not definition.is_repeatable:
                message = f'Directive @{use.name} stands twice on "{coordinate}"; use it once.'
                findings.error(Code.INVALID_GRAPHQL, message, use.place)
            seen.add(use.name)
            _check_arguments(subgraph, use, definition, findings)
    for definition in subgraph.schema.directives.values():
        if subgraph.defines(definition) and definition.name.startswith("__"):
            message = f'Directive "@{definition.name}" must not begin with "__": rename it.'
            findings.error(Code.INVALID_GRAPHQL, message, definition.place)


def _applications(subgraph: Expanded) -> Iterator[tuple[str, str, tuple[Directive, ...]]]:
    if subgraph.schema.schema_directives:
        yield (
            "schema",
            "SCHEMA",
            tuple(use for use in subgraph.schema.schema_directives if use.known_as != "link"),
        )
    for coordinate, element in elements(subgraph.schema):
        if element.directives:
            yield coordinate, location_of(coordinate, element), element.directives


def location_of(coordinate: str, element: Element) -> str:
    """What a directive on the element must be for."""
    match element:
        case ScalarType():
            return "SCALAR"
        case ObjectType():
            return "OBJECT"
        case InterfaceType():
            return "INTERFACE"
        case UnionType():
            return "UNION"
        case EnumType():
            return "ENUM"
        case InputType():
            return "INPUT_OBJECT"
        case Field():
            return "FIELD_DEFINITION"
        case EnumValue():
            return "ENUM_VALUE"
        case InputValue():
            return "ARGUMENT_DEFINITION" if coordinate.endswith(":)") else "INPUT_FIELD_DEFINITION"


def _unknown(subgraph: Expanded, use: Directive, findings: Findings, *, guesses: bool) -> None:
    federation = federation_directives(NEWEST)
    if use.name in federation and subgraph.is_federation_1:
        hint = (
            f' To use the federation directive, link it: extend schema @link(url: "https://specs.apollo.dev/'
            f'federation/v2.9", import: ["@{use.name}"]).'
        )
    elif use.name in federation and subgraph.federation:
        hint = (
            f' To use the federation directive, import "@{use.name}" in the @link to federation, or write '
            f"{subgraph.directive_name(use.name)}."
        )
    else:
        close = get_close_matches(use.name, subgraph.schema.directives, n=1) if guesses else []
        hint = f' Did you mean "@{close[0]}"?' if close else " Define it, or link and import it."
    findings.error(Code.INVALID_GRAPHQL, f'Unknown directive "@{use.name}".{hint}', use.place)


def _check_arguments(
    subgraph: Expanded, use: Directive, definition: DirectiveDefinition, findings: Findings
) -> None:
    for name, value in use.arguments.items():
        argument = definition.arguments.get(name)
        if argument is None:
            since = newer_with(use.known_as, name, subgraph.version) if use.known_as else None
            cure = f"link federation {since}, which has it, or remove it" if since else "remove it"
            message = f'Directive @{use.name} has no argument "{name}": {cure}.'
            findings.error(Code.INVALID_GRAPHQL, message, use.place)
        elif use.known_as in FIELD_SETS and name == "fields" and not isinstance(value, str):
            continue  # has error codes of its own for what is no field set
        elif problem := misfit(value, argument.type, subgraph.schema):
            message = f'Argument "{name}" of @{use.name} does not fit `{argument.type}`: {problem}.'
            findings.error(Code.INVALID_GRAPHQL, message, use.place)
    for name, argument in definition.arguments.items():
        if name not in use.arguments and isinstance(argument.type, NonNull) and argument.default is None:
            message = f'Directive @{use.name} needs argument "{name}" of type `{argument.type}`: give it.'
            findings.error(Code.INVALID_GRAPHQL, message, use.place)
