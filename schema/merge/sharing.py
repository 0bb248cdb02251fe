"""A field that several subgraphs resolve must be @shareable in all of them."""

from collections.abc import Sequence

from schema.document.model import Field
from schema.errors import Code
from schema.merge.overrides import Moves
from schema.merge.sources import Merging, Source, places, where


def check_sharing(
    merging: Merging, type_name: str, name: str, having: Sequence[Source[Field]], moves: Moves
) -> None:
    """Note a field that is resolved by several subgraphs without all of them saying so."""
    if type_name == "Subscription" and (shared := _shared(type_name, name, having)):
        merging.findings.error(
            Code.INVALID_FIELD_SHARING,
            f'"{type_name}.{name}" is a subscription, which only one subgraph can resolve: '
            f"remove @shareable.",
            *places(shared),
        )
        return
    resolving = [
        source
        for source in having
        if not source.subgraph.facts.is_fully_external(type_name, name)
        and source.subgraph.name not in moves.overridden
    ]
    resolving += [
        Source(source.subgraph, source.element.fields[name])
        for source in merging.interface_objects_of(type_name)
        if name in source.element.fields
        and not source.subgraph.facts.is_fully_external(source.element.name, name)
    ]
    alone = [source for source in resolving if not _is_shareable(merging, type_name, name, source)]
    if not alone or len(resolving) == 1:
        return
    merging.findings.error(
        Code.INVALID_FIELD_SHARING,
        f'Field "{type_name}.{name}" is resolved by {where(resolving)} but is not @shareable in '
        f"{where(alone)}: add @shareable there, or keep the field in one subgraph.",
        *places(alone),
        *places([source for source in resolving if source not in alone]),
    )


def _shared(type_name: str, name: str, having: Sequence[Source[Field]]) -> list[Source[Field]]:
    return [source for source in having if (type_name, name) in source.subgraph.facts.shareable]


def _is_shareable(merging: Merging, type_name: str, name: str, source: Source[Field]) -> bool:
    shareable = source.subgraph.facts.shareable
    if source.subgraph.name in {parent.subgraph.name for parent in merging.types[type_name]}:
        return (type_name, name) in shareable
    interfaces = merging.supertypes.get(type_name, frozenset())
    return any((interface, name) in shareable for interface in interfaces)
