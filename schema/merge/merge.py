"""Merging in one screen: types, their directives, and what the supergraph defines for itself."""

from schema.document.model import ObjectType, Schema
from schema.document.parse import DEFAULT_ROOTS
from schema.errors import Code
from schema.findings import Findings
from schema.merge.definitions import have_one_name, with_definitions
from schema.merge.descriptions import merge_schema_description
from schema.merge.directives import merge_schema_directives
from schema.merge.interface_rules import check_interfaces
from schema.merge.sources import Merging
from schema.merge.types import merge_types
from schema.subgraph.model import Expanded


def merge(subgraphs: tuple[Expanded, ...], findings: Findings) -> Schema:
    """The supergraph of valid subgraphs, given sorted by name; what does not fit together is noted."""
    merging = Merging(subgraphs=subgraphs, findings=findings)
    if not merging.composition.is_sound or not have_one_name(merging):
        return Schema(types={})
    if not any(source.element.fields for source in merging.queries):
        findings.error(
            Code.NO_QUERIES,
            "No subgraph has a query: give at least one of them a field on its query type.",
        )
    check_interfaces(merging)
    types = merge_types(merging)
    roots = {kind: name for kind, name in DEFAULT_ROOTS.items() if isinstance(types.get(name), ObjectType)}
    merged = Schema(
        types=types,
        roots=roots,
        schema_directives=merge_schema_directives(merging),
        description=merge_schema_description(merging),
    )
    return with_definitions(merging, merged)
