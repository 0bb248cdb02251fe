"""Composition in one screen: expand → validate → merge → check. SDL text in, supergraph SDL out."""

from collections.abc import Sequence
from dataclasses import dataclass

from schema.document.print import print_schema
from schema.errors import CompositionError, CompositionFailed, in_order
from schema.expand import expand, upgrade
from schema.findings import Findings
from schema.hints import Hint
from schema.merge import merge
from schema.spec.join import graph_names
from schema.subgraph.model import Expanded, Subgraph

__all__ = ["Composed", "CompositionError", "CompositionFailed", "Subgraph", "compose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A supergraph and what deserves a second look in it."""

    supergraph_sdl: str
    hints: tuple[Hint, ...] = ()


def compose(subgraphs: Sequence[Subgraph]) -> Composed:
    """The supergraph of the subgraphs; raises CompositionFailed with every problem found.

    The order of the subgraphs makes no difference, and the same subgraphs give the same bytes.
    """
    findings = Findings()
    expanded = _expanded(subgraphs, findings)
    _stop_on_errors(findings)
    supergraph = merge(expanded, findings)
    _stop_on_errors(findings)
    return Composed(supergraph_sdl=print_schema(supergraph), hints=tuple(findings.hints))


def _expanded(subgraphs: Sequence[Subgraph], findings: Findings) -> tuple[Expanded, ...]:
    graphs = graph_names(subgraph.name for subgraph in subgraphs)
    ordered = sorted(subgraphs, key=lambda subgraph: subgraph.name)
    expanded = (expand(subgraph, graphs[subgraph.name], findings) for subgraph in ordered)
    return upgrade(tuple(subgraph for subgraph in expanded if subgraph is not None), findings)


def _stop_on_errors(findings: Findings) -> None:
    """Later stages take for granted what earlier ones have checked."""
    if findings.errors:
        raise CompositionFailed(in_order(findings.errors))
