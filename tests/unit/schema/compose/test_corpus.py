"""The corpus by our composer alone: all that is wrong is said, with place and sentence; the rest composes."""

import re
from collections.abc import Sequence

import pytest

from schema.compose import CompositionError, CompositionFailed, Subgraph, compose
from schema.errors import Code
from tests.federation.corpus_sets import CorpusSet, sets_of

VALID = sets_of("valid")
INVALID = sets_of("invalid")

NO_PLACE = frozenset({Code.NO_QUERIES, Code.INVALID_SUBGRAPH_NAME})
"""These are about what is not there, or about what is around the SDL."""

UNREACHED = frozenset({Code.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED})
"""Takes a set too large to read; tested by what makes one."""

SENTENCE = re.compile(r'(["@`A-Z]|https://).*[.?!]', re.DOTALL)


def errors_of(subgraphs: Sequence[Subgraph]) -> tuple[CompositionError, ...]:
    try:
        compose(subgraphs)
    except CompositionFailed as failure:
        return failure.errors
    return ()


@pytest.mark.parametrize("each", INVALID, ids=str)
def test_what_is_wrong_is_said_with_place_and_sentence(each: CorpusSet) -> None:
    errors = errors_of(each.subgraphs)

    assert {error.code.value for error in errors} == each.codes
    for error in errors:
        assert SENTENCE.fullmatch(error.message), error.message
        assert error.places or error.code in NO_PLACE, error.as_text()


@pytest.mark.parametrize("each", VALID, ids=str)
def test_what_is_right_composes(each: CorpusSet) -> None:
    hints = {hint.code.value for hint in compose(each.subgraphs).hints}

    assert each.hints is None or hints == each.hints


def test_every_code_is_shown_by_some_set() -> None:
    shown = {code for each in INVALID for code in each.codes}

    assert shown | UNREACHED == set(Code)
    assert not shown & UNREACHED


def test_the_names_of_sets_are_unique() -> None:
    names = [str(each) for each in (*VALID, *INVALID)]

    assert len(names) == len(set(names))


def test_the_corpus_is_large() -> None:
    agreeing = [each for each in INVALID if not each.differs]

    assert len(agreeing) >= 250
    assert all(each.codes and each.texts for each in INVALID)
