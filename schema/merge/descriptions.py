"""Merges descriptions: the one most subgraphs have, and a hint when they differ."""

from collections import Counter
from collections.abc import Sequence

from schema.document.model import Element
from schema.hints import HintCode
from schema.merge.sources import Merging, Source, places


def merge_descriptions(merging: Merging, coordinate: str, sources: Sequence[Source[Element]]) -> str:
    """The description most subgraphs give; of equally frequent ones the first by subgraph name."""
    given = [source for source in sources if source.element.description]
    if not given:
        return ""
    counts = Counter(source.element.description for source in given)
    best = max(counts, key=lambda text: counts[text])
    if len(counts) > 1:
        merging.findings.hint(
            HintCode.INCONSISTENT_DESCRIPTION,
            f'"{coordinate}" is described differently; the supergraph uses the description '
            f'of subgraph "{next(s.subgraph.name for s in given if s.element.description == best)}".',
            *places(given),
        )
    return best
