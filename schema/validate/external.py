"""@external: a field of another subgraph that this one needs to name (https://specs.apollo.dev/federation)."""

from schema.document.model import InterfaceType
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded, uses


def check_external_alone(subgraph: Expanded, findings: Findings) -> None:
    """Note external fields that also say what they provide."""
    for type_, field in subgraph.facts.fields:
        if uses(field, "external") and (applied := uses(field, "provides")):
            findings.error(
                Code.EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE,
                f'"{type_.name}.{field.name}" is @external, so @{applied[0].name} means nothing on it: '
                f"remove one of the two.",
                applied[0].place,
            )


def check_external(subgraph: Expanded, findings: Findings) -> None:
    """Note external fields that nothing in the subgraph needs, and those on interfaces."""
    facts = subgraph.facts
    for type_, field in facts.fields:
        at = f"{type_.name}.{field.name}"
        if isinstance(type_, InterfaceType):
            for use in uses(field, "external"):
                findings.error(
                    Code.EXTERNAL_ON_INTERFACE,
                    f'@{use.name} cannot stand on "{at}", a field of an interface: put it on the fields of '
                    f"the implementing types.",
                    use.place,
                )
        if facts.is_external(type_.name, field.name) and (type_.name, field.name) not in facts.used:
            findings.error(
                Code.EXTERNAL_UNUSED,
                f'"{at}" is @external but no @key, @requires, @provides or interface of subgraph '
                f'"{subgraph.name}" needs it: remove the field, or the directive if the '
                f"subgraph resolves it.",
                field.place,
            )
