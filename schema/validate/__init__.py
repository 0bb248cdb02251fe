"""Rules that one subgraph, or the supergraph, must keep: one file per rule, all problems collected."""

from schema.validate.subgraph_names import are_too_many, check_subgraph_names
from schema.validate.supergraph import check_supergraph, places_of
from schema.validate.validate import check_federation, check_graphql

__all__ = [
    "are_too_many",
    "check_federation",
    "check_graphql",
    "check_subgraph_names",
    "check_supergraph",
    "places_of",
]
