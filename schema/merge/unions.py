"""Merges unions: all members of all subgraphs."""

from collections.abc import Sequence

from schema.document.model import UnionType
from schema.errors import Place
from schema.hints import HintCode
from schema.merge.sources import Merging, Source, where


def merge_members(merging: Merging, sources: Sequence[Source[UnionType]]) -> dict[str, Place | None]:
    """The members of the union in the order in which they are first seen."""
    members: dict[str, Place | None] = {}
    for source in sources:
        for name in source.element.members:
            members.setdefault(name, None)
    for name in members:
        having = [source for source in sources if name in source.element.members]
        if len(having) < len(sources):
            lacking = [source for source in sources if name not in source.element.members]
            union = sources[0].element.name
            merging.findings.hint(
                HintCode.INCONSISTENT_UNION_MEMBER,
                f'Union "{union}" has member "{name}" in {where(having)} but not in {where(lacking)}.',
                *(source.place for source in lacking),
            )
    return members
