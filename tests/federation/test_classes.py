"""Every class of federation cases: what the subgraphs answer together is what one schema would answer."""

import asyncio
from collections import Counter

import pytest

from router.planner.errors import Unplannable
from tests.federation.answered import assert_like_the_monolith, both_ways, federation_of
from tests.federation.cases import README, with_table
from tests.federation.class_files import FederationClass, all_classes
from tests.federation.corpus_sets import sets_of

CLASSES = all_classes()


@pytest.mark.parametrize("each", CLASSES, ids=[each.name for each in CLASSES])
def test_a_class_answers_like_a_monolith(each: FederationClass) -> None:
    federation = federation_of(each.sdl)

    for case in each.cases:
        if case.is_refused:
            with pytest.raises(Unplannable):
                asyncio.run(
                    both_ways(federation.snapshot, federation.world.clients, case.text, case.variables)
                )
        else:
            assert_like_the_monolith(federation, case.text, case.variables)


def test_there_is_a_class_for_every_suite_of_the_audit() -> None:
    asked = Counter(each.corpus_set for each in CLASSES)
    suites = {str(each) for each in sets_of("valid") if each.name.startswith("audit_")}

    assert suites <= asked.keys()
    assert len(suites) == 46


def test_the_table_of_classes_is_fresh() -> None:
    text = README.read_text(encoding="utf-8")

    assert with_table(text) == text, "run: python -m tests.federation.cases --write"


def test_every_class_says_what_it_is_about_and_asks_something() -> None:
    for each in CLASSES:
        assert each.about
        assert each.cases
        assert len(each.sdl) > 1
