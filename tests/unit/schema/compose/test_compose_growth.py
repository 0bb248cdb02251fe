"""Four times the subgraphs take no more than about that much work, counted in calls of functions."""

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import pytest

from benchmarks.compose import workloads
from schema.compose import CompositionFailed, Subgraph, compose

GROWING: dict[str, tuple[Callable[[int], list[Subgraph]], int]] = {
    "types": (partial(workloads.chained, 4, fields=6), 5),
    "the_platform": (workloads.copies, 1),
    "interface": (workloads.interface, 15),
    "interface_of_own_types": (workloads.interface_of_own_types, 6),
    "interface_objects": (workloads.interface_objects, 15),
    "unions": (workloads.unions, 15),
    "requirements": (workloads.requirements, 20),
    "requirements_through_interface": (workloads.requirements_through_interface, 15),
    "labels": (workloads.labels, 15),
    "shared_mutations": (workloads.shared_mutations, 10),
    "shared_entity": (workloads.shared_entity, 10),
    "chained_keys": (workloads.chained_keys, 10),
    "fields": (workloads.many_fields, 40),
    "extensions": (workloads.extensions, 40),
}


def calls_of(subgraphs: list[Subgraph]) -> int:
    """How many Python functions composition calls."""
    calls = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event == "call"

    compose(subgraphs)  # what is read once per process is not counted
    sys.setprofile(count)
    try:
        compose(subgraphs)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("kind", GROWING)
def test_work_grows_no_faster_than_the_subgraphs(kind: str) -> None:
    make, size = GROWING[kind]
    small, large = make(size), make(size * 4)
    growth = sum(len(item.sdl) for item in large) / sum(len(item.sdl) for item in small)

    assert calls_of(large) <= calls_of(small) * growth * 2


def test_too_many_sets_of_subgraphs_to_look_from_are_refused() -> None:
    with pytest.raises(CompositionFailed) as failure:
        compose(workloads.layers(20))

    assert [error.code for error in failure.value.errors] == ["MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED"]


def test_sets_of_subgraphs_that_can_all_be_looked_at_are() -> None:
    assert compose(workloads.layers(6)).supergraph_sdl
