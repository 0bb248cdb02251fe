"""The names and the number of the subgraphs of one composition."""

from collections import Counter
from collections.abc import Sequence

from schema.errors import Code, Place
from schema.findings import Findings
from schema.subgraph.model import Subgraph

RESERVED = "_"
MAX_SUBGRAPHS = 2_000
"""More would take minutes: they all share the root types, so each stands beside each."""


def are_too_many(subgraphs: Sequence[Subgraph], findings: Findings) -> bool:
    """Note that there are more subgraphs than can be composed."""
    if len(subgraphs) <= MAX_SUBGRAPHS:
        return False
    findings.error(
        Code.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED,
        f"There are {len(subgraphs):,} subgraphs; more than {MAX_SUBGRAPHS:,} are refused. Join some.",
    )
    return True


def check_subgraph_names(subgraphs: Sequence[Subgraph], findings: Findings) -> None:
    """Note that there is nothing to compose, names that are empty or reserved, and names given twice."""
    if not subgraphs:
        message = "There is nothing to compose: give at least one subgraph, and in one a query."
        findings.error(Code.NO_QUERIES, message)
    for name, count in sorted(Counter(subgraph.name for subgraph in subgraphs).items()):
        place = Place(subgraph=name, line=1, column=1)
        if not name.strip() or name == RESERVED:
            message = f'"{name}" cannot be the name of a subgraph: choose another.'
            findings.error(Code.INVALID_SUBGRAPH_NAME, message, place)
        elif count > 1:
            message = f'{count} subgraphs are named "{name}": give each its own name.'
            findings.error(Code.INVALID_SUBGRAPH_NAME, message, place)
