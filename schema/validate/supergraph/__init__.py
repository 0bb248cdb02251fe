"""What must hold for the merged supergraph that no subgraph can know alone."""

from schema.validate.supergraph.check import check_supergraph

__all__ = ["check_supergraph"]
