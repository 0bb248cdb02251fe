"""Every type that is mentioned exists and may stand where it is mentioned."""

from difflib import get_close_matches

from schema.document.model import (
    EnumType,
    Field,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    ScalarType,
    UnionType,
    kind_of,
)
from schema.document.values import base_name
from schema.errors import Code, Place
from schema.findings import Findings
from schema.spec.directives import BUILT_IN_SCALARS
from schema.subgraph.model import Expanded

MOST_GUESSES = 20
"""Names for which a subgraph is told what was perhaps meant: each is held against all that there are."""


def check_references(subgraph: Expanded, findings: Findings) -> None:
    """Note unknown types, output types used as input and the reverse, and members that are no objects."""
    types = subgraph.schema.types

    known, unknowns = {*types, *BUILT_IN_SCALARS}, set[str]()

    def unknown(name: str, at: str, place: Place | None) -> None:
        unknowns.add(name)
        close = get_close_matches(name, known - {name}, n=1) if len(unknowns) <= MOST_GUESSES else []
        guess = f' Did you mean "{close[0]}"?' if close else " Define it, or correct the name."
        findings.error(Code.INVALID_GRAPHQL, f'Unknown type "{name}" at "{at}".{guess}', place)

    def is_repeated(coordinate: str) -> bool:
        """It stands in the definition of a directive that a specification has."""
        directive = coordinate.removeprefix("@").partition("(")[0]
        return coordinate.startswith("@") and (directive == "link" or directive in subgraph.specified)

    def foreign(name: str, at: str, place: Place | None) -> None:
        message = f'"{at}" has type "{name}", which belongs to a specification: use a type of your own.'
        findings.error(Code.INVALID_GRAPHQL, message, place)

    def wrong(name: str, at: str, place: Place | None, wanted: str) -> None:
        message = (
            f'"{at}" has {kind_of(types[name])} type "{name}", but only {wanted} can stand there: name one.'
        )
        findings.error(Code.INVALID_GRAPHQL, message, place)

    for coordinate, element in subgraph.every_element():
        match element:
            case Field() | InputValue():
                name = base_name(element.type)
                type_ = types.get(name)
                is_defined = type_ is not None and type_.place is not None  # Query is there without a place
                if not is_defined and name not in BUILT_IN_SCALARS and not subgraph.is_linked_type(name):
                    unknown(name, coordinate, element.place)
                elif not is_defined and name not in BUILT_IN_SCALARS and not is_repeated(coordinate):
                    foreign(name, coordinate, element.place)
                elif isinstance(element, Field) and isinstance(type_, InputType):
                    wrong(name, coordinate, element.place, "output types")
                elif isinstance(element, InputValue) and not isinstance(
                    type_, InputType | EnumType | ScalarType | None
                ):
                    wrong(name, coordinate, element.place, "input types")
            case ObjectType(interfaces=interfaces) | InterfaceType(interfaces=interfaces):
                for name, place in interfaces.items():
                    if name not in types:
                        unknown(name, coordinate, place)
                    elif not isinstance(types[name], InterfaceType):
                        what = f'"{coordinate}" implements {kind_of(types[name])} type "{name}"'
                        message = f"{what}, but only interfaces can be implemented: remove it."
                        findings.error(Code.INVALID_GRAPHQL, message, place)
            case UnionType(members=members):
                for name, place in members.items():
                    if name not in types:
                        unknown(name, coordinate, place)
                    elif not isinstance(types[name], ObjectType):
                        what = f'Union "{coordinate}" has {kind_of(types[name])} type "{name}" as a member'
                        message = f"{what}, but only object types can be one: remove it."
                        findings.error(Code.INVALID_GRAPHQL, message, place)
            case _:
                pass
