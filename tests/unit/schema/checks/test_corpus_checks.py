"""Checks between the supergraphs of the composition corpus: every directive, each against the next."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from schema.checks.compare import compare
from schema.checks.kinds import Kind
from schema.checks.side import Side, read_side
from schema.compose import CompositionFailed, compose
from tests.federation.corpus_sets import sets_of

_OPPOSITES = (
    (Kind.TYPE_ADDED, Kind.TYPE_REMOVED),
    (Kind.FIELD_ADDED, Kind.FIELD_REMOVED),
    (Kind.TAG_ADDED, Kind.TAG_REMOVED),
    (Kind.AUTHENTICATION_ADDED, Kind.AUTHENTICATION_REMOVED),
    (Kind.SUBGRAPH_ADDED, Kind.SUBGRAPH_REMOVED),
    (Kind.INACCESSIBLE_ADDED, Kind.INACCESSIBLE_REMOVED),
)


@pytest.fixture(scope="module")
def sides() -> list[Side]:
    """Every supergraph of the corpus, composed with the subgraphs in both orders."""
    return list(_sides())


def _sides() -> Iterator[Side]:
    for one in sets_of("valid"):
        try:
            yield read_side(compose(one.subgraphs).supergraph_sdl, str(one))
        except CompositionFailed:
            continue


def test_nothing_changed_between_a_supergraph_and_itself(sides: list[Side]) -> None:
    assert len(sides) > 100
    for side in sides:
        assert compare(side, read_side(side.sdl, "again")) == (), side.name


def test_whatever_comes_one_way_goes_the_other_way(sides: list[Side]) -> None:
    for old, new in pairwise(sides):
        there, back = compare(old, new), compare(new, old)

        assert bool(there) == bool(back), (old.name, new.name)
        for comes, goes in _OPPOSITES:
            came = {change.coordinate for change in there if change.kind is comes}
            went = {change.coordinate for change in back if change.kind is goes}
            assert came == went, (old.name, new.name, comes)


def test_every_change_reads_as_a_sentence(sides: list[Side]) -> None:
    for old, new in pairwise(sides):
        for change in compare(old, new):
            assert change.coordinate in change.sentence or change.kind is Kind.SPECIFICATION_CHANGED
            assert "\n" not in change.sentence
            assert change.sentence == change.sentence.strip()
