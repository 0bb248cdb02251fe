"""How a supergraph says which subgraphs hand lists over item by item."""

from collections.abc import Mapping

from schema.document.model import Directive, DirectiveDefinition
from schema.spec.directives import built_in_directives

NAME = "incremental"
URL = f"https://specs.atrium.invalid/{NAME}/v0.1"
"""Of our own: other routers pass over what they do not know and are not told to need."""

STREAM = f"{NAME}__stream"
"""Stands at the subgraph in `join__Graph`."""

DEFINITIONS = f"directive @{STREAM} on ENUM_VALUE"
MARK = Directive(name=STREAM)


def takes_stream(directives: Mapping[str, DirectiveDefinition]) -> bool:
    """Whether a subgraph declares the `@stream` that operations may put on fields."""
    found = directives.get("stream")
    if found is None or found is built_in_directives()["stream"]:
        return False
    return "FIELD" in found.locations and {"if", "initialCount"} <= found.arguments.keys()
