"""Composition in one screen: expand → validate → merge → check. SDL text in, supergraph SDL out."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from schema.document.model import Schema
from schema.document.print import print_schema
from schema.errors import CompositionError, CompositionFailed, in_order
from schema.expand import expand, upgrade
from schema.findings import Findings
from schema.hints import Hint
from schema.merge import merge
from schema.query_graph.build import build_query_graph
from schema.satisfiability import check_satisfiability
from schema.spec.join import graph_names
from schema.subgraph.model import Expanded, Subgraph
from schema.supergraph.parse import supergraph_of
from schema.validate import (
    are_too_many,
    check_federation,
    check_graphql,
    check_subgraph_names,
    check_supergraph,
    places_of,
)

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
    with _collector_resting():
        sdl = print_schema(combine(subgraphs, findings))
    return Composed(supergraph_sdl=sdl, hints=tuple(findings.hints))


def combine(subgraphs: Sequence[Subgraph], findings: Findings) -> Schema:
    """The supergraph as a value; raises CompositionFailed."""
    expanded = _expanded(subgraphs, findings)
    valid = _validated(expanded, findings)
    supergraph = _merged(valid, findings)
    _check(supergraph, valid, findings)
    return supergraph


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Composition makes a million small values that all live to its end, and no cycles.

    Looking through them for garbage is two fifths of the time: 5.0 s against 3.1 s for 20 subgraphs of 100
    types of 10 fields.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _expanded(subgraphs: Sequence[Subgraph], findings: Findings) -> tuple[Expanded, ...]:
    """The subgraphs that could be read, sorted by name."""
    if are_too_many(subgraphs, findings):
        return ()
    check_subgraph_names(subgraphs, findings)
    graphs = graph_names(subgraph.name for subgraph in subgraphs)
    ordered = sorted(subgraphs, key=lambda subgraph: subgraph.name)
    expanded = (expand(subgraph, graphs[subgraph.name], findings) for subgraph in ordered)
    return tuple(subgraph for subgraph in expanded if subgraph is not None)


def _validated(expanded: tuple[Expanded, ...], findings: Findings) -> tuple[Expanded, ...]:
    """The subgraphs, each right by itself and all of Federation 2."""
    for subgraph in expanded:
        check_graphql(subgraph, findings)
        if not subgraph.is_federation_1 and not findings.concern(subgraph.name):
            check_federation(subgraph, findings)
    _stop_on_errors(findings)
    upgraded = upgrade(expanded, findings)
    _stop_on_errors(findings)
    for subgraph in upgraded:
        if subgraph.is_federation_1:
            check_federation(subgraph, findings)
    _stop_on_errors(findings)
    return upgraded


def _merged(valid: tuple[Expanded, ...], findings: Findings) -> Schema:
    """The supergraph of subgraphs that fit together."""
    supergraph = merge(valid, findings)
    _stop_on_errors(findings)
    check_supergraph(supergraph, valid, findings)
    _stop_on_errors(findings)
    return supergraph


def _check(supergraph: Schema, valid: tuple[Expanded, ...], findings: Findings) -> None:
    """Every query that the supergraph allows can be answered; understood as a router would read its text."""
    graph = build_query_graph(supergraph_of(supergraph))
    check_satisfiability(graph, findings, partial(places_of, valid))
    _stop_on_errors(findings)


def _stop_on_errors(findings: Findings) -> None:
    """Later stages take for granted what earlier ones have checked."""
    if findings.errors:
        raise CompositionFailed(in_order(findings.errors))
