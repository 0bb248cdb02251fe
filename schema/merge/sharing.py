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
    resolving = [
        source
        for source in having
        if not source.subgraph.facts.is_fully_external(type_name, name)
        and source.subgraph.name not in moves.overridden
        and not any(_moves_from(mover, source) for mover in having if mover.subgraph.name in moves.labels)
    ]
    alone = [source for source in resolving if (type_name, name) not in source.subgraph.facts.shareable]
    if not alone or len(resolving) == 1:
        return
    merging.findings.error(
        Code.INVALID_FIELD_SHARING,
        f'Field "{type_name}.{name}" is resolved by {where(resolving)} but is not @shareable in '
        f"{where(alone)}: add @shareable there, or keep the field in one subgraph.",
        *places(alone),
        *places([source for source in resolving if source not in alone]),
    )


def _moves_from(mover: Source[Field], source: Source[Field]) -> bool:
    return any(
        use.known_as == "override" and use.arguments.get("from") == source.subgraph.name
        for use in mover.element.directives
    )
