"""What must be given cannot be deprecated: nobody could stop giving it."""

from schema.document.model import InputValue
from schema.document.values import NonNull
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded


def check_deprecations(subgraph: Expanded, findings: Findings) -> None:
    """Note required arguments and input fields that are deprecated."""
    for coordinate, element in subgraph.every_element():
        if (
            not isinstance(element, InputValue)
            or not isinstance(element.type, NonNull)
            or element.default is not None
        ):
            continue
        for use in element.directives:
            if use.name == "deprecated":
                message = f'"{coordinate}" is required, so it cannot be @deprecated: make it optional first.'
                findings.error(Code.INVALID_GRAPHQL, message, use.place)
