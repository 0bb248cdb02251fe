"""tbd"""

from schema.findings import Findings
from schema.subgraph.model import Expanded


def check_contexts(subgraph: Expanded, findings: Findings) -> None:
    """tbd"""
