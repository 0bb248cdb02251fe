"""@override: taking a field over from another subgraph (https://specs.apollo.dev/federation, @override)."""

import re

from schema.document.model import InterfaceType
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded, uses

LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_\-:./]*|percent\((?:[0-9]{1,2}(?:\.[0-9]{1,8})?|100)\)")


def check_override(subgraph: Expanded, findings: Findings) -> None:
    """Note overrides on interfaces and labels that no router understands."""
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
            label = use.arguments.get("label")
            if isinstance(label, str) and not LABEL.fullmatch(label):
                findings.error(
                    Code.OVERRIDE_LABEL_INVALID,
                    f'@{use.name} on "{at}" has label "{label}": write a name of letters, '
                    f'digits and "_-:./" that '
                    f'begins with a letter, or "percent(N)" with N from 0 to 100.',
                    use.place,
                )
