"""What must hold for the merged supergraph that no subgraph can know alone."""

from schema.validate.supergraph.check import check_supergraph
from schema.validate.supergraph.places import places_of

__all__ = ["check_supergraph", "places_of"]
