"""Merges descriptions: the one most subgraphs have, and a hint when they differ."""

from collections import Counter
from collections.abc import Sequence

from schema.errors import Place
from schema.hints import HintCode
from schema.merge.sources import Defined, Merging, Source


def merge_descriptions(merging: Merging, coordinate: str, sources: Sequence[Source[Defined]]) -> str:
    """The description most subgraphs give; of equally frequent ones the first by subgraph name."""
    given = [
        (source.subgraph.name, source.element.description, source.place)
        for source in sources
        if source.element.description
    ]
    return _most_frequent(merging, coordinate, given)


def merge_schema_description(merging: Merging) -> str:
    """The description of the supergraph as a whole."""
    given = [
        (subgraph.name, subgraph.schema.description, subgraph.schema.place)
        for subgraph in merging.subgraphs
        if subgraph.schema.description
    ]
    return _most_frequent(merging, "schema", given)


def _most_frequent(merging: Merging, what: str, given: Sequence[tuple[str, str, Place | None]]) -> str:
    if not given:
        return ""
    counts = Counter(text for _, text, _ in given)
    best = max(counts, key=lambda text: counts[text])
    if len(counts) > 1:
        merging.findings.hint(
            HintCode.INCONSISTENT_DESCRIPTION,
            f'"{what}" is described differently; the supergraph uses the description of subgraph '
            f'"{next(name for name, text, _ in given if text == best)}".',
            *(place for _, _, place in given),
        )
    return best
