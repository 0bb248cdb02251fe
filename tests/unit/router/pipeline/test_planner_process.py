"""Plans from another process are the same plans; what goes wrong there ends there."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest
from graphql import parse

from benchmarks.compose.workloads import subgraph
from router.errors import InternalError, PlanTimeout
from router.operation.model import Operation
from router.operation.normalise import normalise
from router.pipeline.planner_process import PlannerProcess
from router.planner.errors import TooManyParts, TooManyPaths, Unplannable
from router.planner.planner import plan
from router.settings import OperationLimits
from router.snapshot.build import Snapshot, build_snapshot
from schema.compose import compose

NONE: frozenset[str] = frozenset()


def snapshot_of(subgraphs: int) -> Snapshot:
    parts = [
        subgraph(
            f"s{number}",
            "type Query { thing: Thing @shareable }",
            f'type Thing @key(fields: "id") {{ id: ID! next: Thing @shareable only{number}: Int }}',
        )
        for number in range(subgraphs)
    ]
    return build_snapshot(compose(parts).supergraph_sdl)


def operation_of(snapshot: Snapshot, depth: int) -> Operation:
    inner = " ".join(f"only{at}" for at in range(len(snapshot.addresses)))
    text = "{ thing " + f"{{ {inner} next " * depth + "{ id }" + "}" * depth + " }"
    return normalise(parse(text), None, snapshot.schema)


@pytest.fixture(name="process")
def fixture_process() -> Iterator[PlannerProcess]:
    process = PlannerProcess(OperationLimits())
    yield process
    process.stop()


async def test_plans_are_the_same_over_whichever_supergraph(process: PlannerProcess) -> None:
    for subgraphs in (3, 5, 3):
        snapshot = snapshot_of(subgraphs)
        operation = operation_of(snapshot, 3)

        assert await process.plan(operation, snapshot, NONE, 10.0) == plan(operation, snapshot.query_graph)
    assert process.plans == 3


async def test_refusals_arrive_whole() -> None:
    snapshot = snapshot_of(4)
    operation = operation_of(snapshot, 5)
    few = PlannerProcess(OperationLimits(max_paths=20))
    little = PlannerProcess(OperationLimits(max_plan_parts=20))
    usual = PlannerProcess(OperationLimits())
    try:
        with pytest.raises(TooManyPaths, match="the limit max_paths is 20") as refused:
            await few.plan(operation, snapshot, NONE, 10.0)
        assert refused.value.problems[0].extensions == {"limit": 20}
        with pytest.raises(TooManyParts):
            await little.plan(operation, snapshot, NONE, 10.0)
        with pytest.raises(PlanTimeout):
            await usual.plan(operation, snapshot, NONE, 0.0)
    finally:
        for process in (few, little, usual):
            process.stop()


async def test_what_cannot_be_planned_names_its_field(process: PlannerProcess) -> None:
    snapshot = snapshot_of(2)
    other = snapshot_of(3)

    with pytest.raises(Unplannable) as refused:
        await process.plan(operation_of(other, 1), snapshot, NONE, 10.0)
    assert refused.value.coordinate == "Thing.only2"


async def test_a_process_that_hangs_is_ended_and_the_next_plan_starts_another(
    process: PlannerProcess,
) -> None:
    snapshot = snapshot_of(3)
    operation = operation_of(snapshot, 2)
    await process.plan(operation, snapshot, NONE, 10.0)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)

    with pytest.raises(PlanTimeout):
        await process.plan(operation, snapshot, NONE, 0.1)

    assert process.killed == 1
    assert (await process.plan(operation, snapshot, NONE, 10.0)).fetches


async def test_a_process_that_dies_costs_one_plan(process: PlannerProcess) -> None:
    snapshot = snapshot_of(3)
    operation = operation_of(snapshot, 2)
    await process.plan(operation, snapshot, NONE, 10.0)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)

    with pytest.raises(InternalError):
        await process.plan(operation, snapshot, NONE, 10.0)
    assert (await process.plan(operation, snapshot, NONE, 10.0)).fetches


async def test_nothing_is_left_after_the_end() -> None:
    process = PlannerProcess(OperationLimits())
    snapshot = snapshot_of(3)
    await process.plan(operation_of(snapshot, 2), snapshot, NONE, 10.0)
    pid = process.pid
    assert pid is not None
    process.stop()

    async with asyncio.timeout(10):
        while process.pid is not None:
            await asyncio.sleep(0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(RuntimeError):
        await process.plan(operation_of(snapshot, 2), snapshot, NONE, 10.0)
