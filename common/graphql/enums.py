"""Enums of a domain's models as enums of its graph, without telling the models of the graph."""

from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition


def offer_enum(kind: type[Enum], description: str, *, name: str | None = None, **values: str) -> None:
    """Make the enum known to the graph; `values` describe each of its members, none may be missing.

    `offer_enum(Colour, "A colour.", RED="Like blood.", GREEN="Like grass.")`
    """
    strawberry.enum(kind, name=name, description=description)
    definition = kind.__dict__["__strawberry_definition__"]
    assert isinstance(definition, StrawberryEnumDefinition)
    missing = {value.name for value in definition.values} ^ values.keys()
    if missing:
        raise ValueError(f"{kind.__name__}: describe exactly its members, not {', '.join(sorted(missing))}")
    for value in definition.values:
        value.description = values[value.name]
