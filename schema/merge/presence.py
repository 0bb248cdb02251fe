"""Hints about types that not all subgraphs see alike: with keys or without, with all fields or fewer."""

from collections.abc import Sequence

from schema.document.model import InterfaceType, ObjectType
from schema.document.parse import DEFAULT_ROOTS
from schema.hints import HintCode
from schema.merge.sources import Merging, Source, places, where

ROOTS = frozenset(DEFAULT_ROOTS.values())


def hint_presence(merging: Merging, name: str, sources: Sequence[Source[ObjectType | InterfaceType]]) -> None:
    """Note an entity that is none somewhere, and fields of value types that some subgraphs lack."""
    if len(sources) < 2:
        return
    keyed = [source for source in sources if name in source.subgraph.facts.keys]
    is_object = all(isinstance(source.element, ObjectType) for source in sources)
    if keyed and is_object and len(keyed) < len(sources):
        plain = [source for source in sources if source not in keyed]
        merging.findings.hint(
            HintCode.INCONSISTENT_ENTITY,
            f'"{name}" has a @key in {where(keyed)} but none in {where(plain)}.',
            *places(plain),
        )
    if not keyed and name not in ROOTS:
        _hint_fields(merging, name, sources, is_object=is_object)


def _hint_fields(
    merging: Merging, name: str, sources: Sequence[Source[ObjectType | InterfaceType]], *, is_object: bool
) -> None:
    code = (
        HintCode.INCONSISTENT_OBJECT_VALUE_TYPE_FIELD
        if is_object
        else HintCode.INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD
    )
    for field in dict.fromkeys(field for source in sources for field in source.element.fields):
        having = [source for source in sources if field in source.element.fields]
        lacking = [
            source
            for source in sources
            if field not in source.element.fields and not _is_all_external(name, source)
        ]
        if lacking:
            merging.findings.hint(
                code,
                f'"{name}" has no key, so its fields should be the same everywhere, but '
                f'"{name}.{field}" is in '
                f"{where(having)} and not in {where(lacking)}.",
                *places(lacking),
            )


def _is_all_external(name: str, source: Source[ObjectType | InterfaceType]) -> bool:
    """Whether the subgraph only names fields of the type that others resolve."""
    return all(source.subgraph.facts.is_external(name, field) for field in source.element.fields)
