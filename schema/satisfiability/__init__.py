"""Can every field of the supergraph be reached? And if not: which query fails, and why, path by path."""

from schema.satisfiability.check import check_satisfiability

__all__ = ["check_satisfiability"]
