"""Planning grows nearly linearly with what is asked; counted in calls, which no busy machine changes."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from benchmarks.planning.growth import (
    Question,
    aliases,
    levels,
    members,
    over_subgraphs,
    prepared,
    requirements,
    wide,
)
from router.executor.executor import prepare
from router.planner.planner import plan


def calls(question: Question) -> int:
    """How many functions are called to plan it."""
    snapshot, operation = prepared(question)
    counted = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    plan(operation, snapshot.query_graph)  # what is remembered for all plans
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        prepare(plan(operation, snapshot.query_graph))
    finally:
        sys.setprofile(before)
    return counted


@pytest.mark.parametrize(
    ("make", "size", "worse"),
    [
        (wide, 100, 1.1),
        (over_subgraphs, 10, 1.1),
        (members, 20, 1.3),
        (levels, 4, 1.3),
        (aliases, 50, 1.3),
        (requirements, 8, 1.6),  # the price of each counts all that it stands on
    ],
)
def test_four_times_as_much_takes_four_times_as_long(
    make: Callable[[int], Question], size: int, worse: float
) -> None:
    assert calls(make(4 * size)) < worse * 4 * calls(make(size))
