"""Runs the rules for the merged supergraph, in two rounds: what clients see matters once the rest fits."""

from collections.abc import Sequence

from schema.document.model import Schema
from schema.findings import Findings
from schema.subgraph.model import Expanded
from schema.validate.graphql.implementations import check_schema
from schema.validate.supergraph.access import check_access
from schema.validate.supergraph.composed import check_composed
from schema.validate.supergraph.defaults import check_defaults
from schema.validate.supergraph.implementations import check_implementations
from schema.validate.supergraph.inaccessible import check_inaccessible
from schema.validate.supergraph.requires import check_requires


def check_supergraph(supergraph: Schema, subgraphs: Sequence[Expanded], findings: Findings) -> None:
    """Note what is wrong with the supergraph though every subgraph is right."""
    check_implementations(supergraph, subgraphs, findings)
    check_requires(supergraph, subgraphs, findings)
    check_access(supergraph, subgraphs, findings)
    if not findings.errors:
        check_schema(supergraph, findings)
        check_defaults(supergraph, subgraphs, findings)
        check_composed(supergraph, subgraphs, findings)
    if not findings.errors:
        check_inaccessible(supergraph, subgraphs, findings)
