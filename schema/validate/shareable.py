"""@shareable: a field that several subgraphs resolve (https://specs.apollo.dev/federation, @shareable)."""

from collections import Counter

from schema.document.model import InterfaceType
from schema.errors import Code, Place
from schema.findings import Findings
from schema.subgraph.model import Expanded, uses


def check_shareable(subgraph: Expanded, findings: Findings) -> None:
    """Note @shareable where it means nothing: on interfaces, on subscriptions, twice on one declaration."""
    for type_ in subgraph.schema.types.values():
        counts = Counter(use.declaration for use in uses(type_, "shareable"))
        for use in uses(type_, "shareable"):
            if counts[use.declaration] > 1:
                _twice(findings, type_.name, use.place)
    for type_, field in subgraph.facts.fields:
        at = f"{type_.name}.{field.name}"
        applied = uses(field, "shareable")
        if applied and isinstance(type_, InterfaceType):
            findings.error(
                Code.INVALID_SHAREABLE_USAGE,
                f'@{applied[0].name} cannot stand on "{at}", a field of an interface, which nobody resolves: '
                f"put it on the fields of the implementing types.",
                applied[0].place,
            )
        if len(applied) > 1:
            _twice(findings, at, applied[1].place)


def _twice(findings: Findings, at: str, place: Place | None) -> None:
    message = f'@shareable stands twice on "{at}": use it once per declaration.'
    findings.error(Code.INVALID_SHAREABLE_USAGE, message, place)
