"""Everything that changed between two schemas, the worst first."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from schema.checks.applied import compare_applied
from schema.checks.change import Change
from schema.checks.definitions import compare_definitions
from schema.checks.federation import compare_federation
from schema.checks.said import compare_said, compare_said_of_directives, compare_said_of_schema
from schema.checks.side import Side, collector_resting
from schema.checks.sources import Sources
from schema.checks.types import compare_roots, compare_types


def compare(old: Side, new: Side) -> tuple[Change, ...]:
    """Every change: of the API that clients see, of what is said of it, and of the subgraphs behind it.

    Subgraphs are compared only if both sides are supergraphs.
    """
    with collector_resting():
        found = list(_changes(old, new))
        if old.is_supergraph or new.is_supergraph:
            found = list(_with_subgraphs(found, old, new))
    return tuple(sorted(found, key=lambda change: change.rank))


def _changes(old: Side, new: Side) -> Iterator[Change]:
    yield from compare_roots(old.roots, new.roots)
    yield from compare_types(old.seen, new.seen)
    yield from compare_definitions(old.directives, new.directives)
    yield from compare_said_of_schema(old.everything.description, new.everything.description)
    yield from compare_said(old.seen, new.seen)
    yield from compare_said_of_directives(old.directives, new.directives)
    if old.is_supergraph == new.is_supergraph:
        yield from compare_applied(old, new)
    if old.is_supergraph and new.is_supergraph:
        yield from compare_federation(old, new)


def _with_subgraphs(changes: list[Change], old: Side, new: Side) -> Iterator[Change]:
    """The changes with the subgraphs that answer, or answered, for the place."""
    known = [Sources(side) for side in (old, new) if side.is_supergraph]

    @cache
    def at(coordinate: str) -> tuple[str, ...]:
        return tuple(sorted(frozenset().union(*(sources.at(coordinate) for sources in known))))

    for change in changes:
        yield change if change.subgraphs else replace(change, subgraphs=at(change.coordinate))
