"""@override: taking a field over from another subgraph (https://specs.apollo.dev/federation, @override)."""

from schema.document.model import InterfaceType
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded, uses


def check_override(subgraph: Expanded, findings: Findings) -> None:
    """Note overrides on fields of interfaces, which nobody resolves."""
    for type_, field in subgraph.facts.fields:
        at = f"{type_.name}.{field.name}"
        for use in uses(field, "override"):
            if isinstance(type_, InterfaceType):
                findings.error(
                    Code.OVERRIDE_ON_INTERFACE,
                    f'@{use.name} cannot stand on "{at}", a field of an interface: put it on the fields of '
                    f"the implementing types.",
                    use.place,
                )
