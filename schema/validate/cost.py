"""tbd"""
from schema.findings import Findings
from schema.subgraph.model import Expanded


def check_costs(subgraph: Expanded, findings: Findings) -> None:
    """tbd"""
