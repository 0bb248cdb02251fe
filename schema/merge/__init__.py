"""Valid subgraphs → one supergraph document, with join__* saying what comes from where."""

from schema.merge.merge import merge

__all__ = ["merge"]
