"""The golden compositions and generated ones by another composer: the same client schema, joins, error codes.

A case may hold `differs.txt`, which says why it differs on purpose; it must then really differ.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schema.compose import Subgraph
from tests.factories.federations import partitions
from tests.factories.mutated_sdl import mutated
from tests.federation.corpus_sets import CorpusSet, sets_of
from tests.federation.other_composer import by_the_other, differences

CASES = Path(__file__).parents[1] / "golden" / "composition"
CORPUS = (*sets_of("valid"), *sets_of("invalid"))
RESULTS = frozenset({"supergraph.graphql"})

pytestmark = pytest.mark.node


def cases() -> list[Path]:
    return sorted(CASES.iterdir())


def subgraphs_of(case: Path) -> list[Subgraph]:
    return [
        Subgraph(name=path.stem, url=f"http://{path.stem}", sdl=path.read_text(encoding="utf-8"))
        for path in sorted(case.glob("*.graphql"))
        if path.name not in RESULTS
    ]


@pytest.fixture(scope="module")
def oracle() -> Mapping[str, dict[str, Any]]:
    """What the other composer makes of every golden case and every set of the corpus."""
    asked: dict[str, Sequence[Subgraph]] = {case.name: subgraphs_of(case) for case in cases()}
    asked |= {str(each): each.subgraphs for each in CORPUS}
    return dict(zip(asked, by_the_other(list(asked.values())), strict=True))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_another_composer_agrees(case: Path, oracle: Mapping[str, dict[str, Any]]) -> None:
    found = differences(subgraphs_of(case), oracle[case.name])

    if (case / "differs.txt").exists():
        assert found, "agrees by now: remove differs.txt"
    else:
        assert found == []


@pytest.mark.parametrize("each", CORPUS, ids=str)
def test_another_composer_agrees_on_the_corpus(each: CorpusSet, oracle: Mapping[str, dict[str, Any]]) -> None:
    found = differences(each.subgraphs, oracle[str(each)])

    if each.differs:
        assert found, "agrees by now: remove `differs`"
    else:
        assert found == []


@st.composite
def generated_sets(draw: st.DrawFn) -> list[Subgraph]:
    """A federation that composes, with up to three things changed in it."""
    sdl = dict(draw(partitions()).sdl)
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(sdl)))
        sdl[name] = draw(mutated(sdl[name]))
    return [Subgraph(name=name, url=f"http://{name}", sdl=text) for name, text in sdl.items()]


def test_another_composer_agrees_on_generated_sets() -> None:
    sets: list[list[Subgraph]] = []

    @settings(max_examples=120, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(generated_sets())
    def generate(subgraphs: list[Subgraph]) -> None:
        sets.append(subgraphs)

    generate()
    expected = by_the_other(sets)
    judged = [
        (subgraphs, differences(subgraphs, answer))
        for subgraphs, answer in zip(sets, expected, strict=True)
        if "crash" not in answer
    ]

    assert [(found, subgraphs) for subgraphs, found in judged if found] == []
    assert sum("supergraph" in answer for answer in expected) > 50
    assert sum("codes" in answer for answer in expected) > 25
