"""Merging keeps only what all subgraphs accept as input; a default may have used the rest."""

from collections.abc import Sequence

from schema.document.model import Schema, elements
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded
from schema.validate.graphql.values import misfits
from schema.validate.supergraph.places import places_at


def check_defaults(supergraph: Schema, subgraphs: Sequence[Expanded], findings: Findings) -> None:
    """Note default values that the merged types do not allow any more."""
    for coordinate, value, problem in misfits(elements(supergraph), supergraph):
        findings.error(
            Code.INVALID_GRAPHQL,
            f'The default of "{coordinate}" fits its subgraph but not the supergraph, where only what all '
            f"subgraphs accept is left of `{value.type}`: {problem}. Choose another default, or accept the "
            f"value in all of them.",
            *places_at(subgraphs, coordinate),
        )
