"""SDL as written → Federation 2 subgraphs with resolved directives and roots of the usual names."""

from schema.expand.expand import expand
from schema.expand.upgrade import upgrade

__all__ = ["expand", "upgrade"]
