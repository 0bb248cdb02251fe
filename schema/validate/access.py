"""@authenticated, @requiresScopes and @policy stand on what is resolved; interfaces get them from there."""

from schema.document.model import Element, InterfaceType
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded, has

ACCESS = ("authenticated", "requiresScopes", "policy")


def check_access(subgraph: Expanded, findings: Findings) -> None:
    """Note access rules on interfaces, on their fields and on interface objects."""
    for type_ in subgraph.schema.types.values():
        if isinstance(type_, InterfaceType) or has(type_, "interfaceObject"):
            _refuse(findings, type_.name, type_)
        if isinstance(type_, InterfaceType):
            for field in type_.fields.values():
                _refuse(findings, f"{type_.name}.{field.name}", field)


def _refuse(findings: Findings, at: str, element: Element) -> None:
    for use in element.directives:
        if use.known_as in ACCESS:
            findings.error(
                Code.AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE,
                f'@{use.name} cannot stand on "{at}": put it on the implementing types and '
                f"their fields, from "
                f"where it reaches the interface.",
                use.place,
            )
