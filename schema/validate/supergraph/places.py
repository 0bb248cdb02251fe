"""Where the parts of the supergraph stand in the subgraphs."""

from collections.abc import Iterator, Sequence

from schema.document.model import Element, EnumType, Field, InputType, InterfaceType, ObjectType
from schema.errors import Place
from schema.subgraph.model import Expanded


def places_of(
    subgraphs: Sequence[Expanded], type_name: str, part: str = "", argument: str = ""
) -> list[Place]:
    """The places of a type, or of one of its fields or values, or of an argument, in all subgraphs."""
    return list(_places(subgraphs, type_name, part, argument))


def _places(subgraphs: Sequence[Expanded], type_name: str, part: str, argument: str) -> Iterator[Place]:
    found: Element | None
    for subgraph in subgraphs:
        type_ = subgraph.schema.types.get(type_name)
        found = type_
        if part:
            match type_:
                case ObjectType(fields=parts) | InterfaceType(fields=parts) | InputType(fields=parts):
                    found = parts.get(part)
                case EnumType(values=values):
                    found = values.get(part)
                case _:
                    found = None
        if argument:
            found = found.arguments.get(argument) if isinstance(found, Field) else None
        if found is not None and found.place is not None:
            yield found.place
