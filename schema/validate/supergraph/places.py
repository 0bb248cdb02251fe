"""Where the parts of the supergraph stand in the subgraphs."""

from collections.abc import Iterator, Sequence

from schema.document.model import Element, EnumType, Field, InputType, InterfaceType, ObjectType
from schema.errors import Place
from schema.subgraph.model import Expanded


def places_of(
    subgraphs: Sequence[Expanded], type_name: str, part: str = "", argument: str = ""
) -> list[Place]:
    """The places of a type, or of one of its fields or values, or of an argument, in all subgraphs.

    A field that the type has through @interfaceObject only stands at its interface.
    """
    found = list(_places(subgraphs, type_name, part, argument))
    if found or not part:
        return found
    interfaces = {
        interface
        for subgraph in subgraphs
        if isinstance(type_ := subgraph.schema.types.get(type_name), ObjectType)
        for interface in type_.interfaces
    }
    return [place for name in sorted(interfaces) for place in _places(subgraphs, name, part, argument)]


def places_at(subgraphs: Sequence[Expanded], coordinate: str) -> list[Place]:
    """The places of what a coordinate such as `Type.field(argument:)` names, in all subgraphs."""
    field, _, argument = coordinate.partition("(")
    type_name, _, part = field.partition(".")
    return places_of(subgraphs, type_name, part, argument.removesuffix(":)"))


def _places(subgraphs: Sequence[Expanded], type_name: str, part: str, argument: str) -> Iterator[Place]:
    found: Element | None
    for subgraph in subgraphs:
        type_ = subgraph.schema.types.get(type_name)
        found = type_
        if type_name.startswith("@"):
            definition = subgraph.schema.directives.get(type_name.removeprefix("@"))
            found = definition.arguments.get(argument) if definition else None
        elif part:
            match type_:
                case ObjectType(fields=parts) | InterfaceType(fields=parts) | InputType(fields=parts):
                    found = parts.get(part)
                case EnumType(values=values):
                    found = values.get(part)
                case _:
                    found = None
        if argument and part:
            found = found.arguments.get(argument) if isinstance(found, Field) else None
        if found is not None and found.place is not None:
            yield found.place
