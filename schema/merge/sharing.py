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
    if len(having) == 1 and not merging.interface_objects and type_name != "Subscription":
        return
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
    shareable = {
        id(source.element) for source in resolving if (type_name, name) in source.subgraph.facts.shareable
    }
    for source in merging.interface_objects_of(type_name):
        parent = source.element.name
        if name in source.element.fields and not source.subgraph.facts.is_fully_external(parent, name):
            field = source.element.fields[name]
            resolving.append(Source(source.subgraph, field))
            if (parent, name) in source.subgraph.facts.shareable:
                shareable.add(id(field))
    alone = [source for source in resolving if id(source.element) not in shareable]
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
