"""Merges which interfaces a type implements."""

from collections.abc import Sequence

from schema.document.model import InterfaceType, ObjectType
from schema.errors import Place
from schema.merge.sources import Source


def merge_interfaces(sources: Sequence[Source[ObjectType | InterfaceType]]) -> dict[str, Place | None]:
    """The interfaces that some subgraph says the type implements, sorted."""
    names = {name for source in sources for name in source.element.interfaces}
    return dict.fromkeys(sorted(names))
