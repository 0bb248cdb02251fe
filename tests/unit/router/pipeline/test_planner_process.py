"""Plans from another process are the same plans; what goes wrong there ends there."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest
from graphql import parse

from benchmarks.compose.workloads import subgraph
from router.compiled.program import Written, compile_program, ready
from router.errors import (
    InternalError,
    MaxDepthExceeded,
    ParseFailed,
    PlannerBusy,
    PlanTimeout,
    ValidationFailed,
)
from router.operation.checked import Wish, checked
from router.operation.model import Operation
from router.operation.normalise import normalise
from router.pipeline.beside import Beside
from router.pipeline.planner_process import MAX_WAITING, PlannerProcess
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


def wish(name: str | None = None) -> Wish:
    return Wish(name=name, limits=OperationLimits(), introspection=False, in_parts=False)


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
    assert await process.plan(operation, snapshot, NONE, 10.0)


async def test_a_process_that_dies_costs_one_plan(process: PlannerProcess) -> None:
    snapshot = snapshot_of(3)
    operation = operation_of(snapshot, 2)
    await process.plan(operation, snapshot, NONE, 10.0)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)

    with pytest.raises(InternalError):
        await process.plan(operation, snapshot, NONE, 10.0)
    assert await process.plan(operation, snapshot, NONE, 10.0)


async def test_documents_are_checked_as_they_are_here(process: PlannerProcess) -> None:
    snapshot = snapshot_of(3)
    text = "query A { thing { ...F } } query B { thing { ...F } } fragment F on Thing { id next { only1 } }"

    found = await process.check(text, wish("B"), snapshot, 10.0)

    assert found == checked(parse(text), snapshot.schema, wish("B"))
    assert process.documents == 1
    with pytest.raises(ParseFailed) as unread:
        await process.check("{ thing {", wish(), snapshot, 10.0)
    assert unread.value.problems[0].locations == ((1, 10),)
    with pytest.raises(MaxDepthExceeded, match="the limit max_depth is 15"):
        await process.check("{ thing " + "{ next " * 20 + "{ id }" + "}" * 21, wish(), snapshot, 10.0)
    with pytest.raises(ValidationFailed, match="only7"):
        await process.check("{ thing { only7 } }", wish(), snapshot, 10.0)


async def test_programs_are_the_same_as_those_made_here(process: PlannerProcess) -> None:
    snapshot = snapshot_of(3)
    operation = normalise(
        parse("query($p: Boolean!) { thing { only0 only1 @include(if: $p) } }"), None, snapshot.schema
    )
    made, truth = plan(operation, snapshot.query_graph), {"p": True}
    here = compile_program(
        made, operation, schema=snapshot.schema, supergraph=snapshot.supergraph, truth=truth
    )

    written = await process.compile(made, operation, truth, snapshot, 10.0)

    assert isinstance(written, Written)
    there = ready(written, made)
    assert there.source == here.source
    assert [each and each.fetch for each in there.fetches] == [each and each.fetch for each in here.fetches]
    tables = [{"thing": {"only0": 1, "only1": 2}}] * there.slots
    assert there.project(tables) == here.project(tables)
    assert process.programs == 1
    none = normalise(parse("{ __typename }"), None, snapshot.schema)
    assert (
        await process.compile(plan(none, snapshot.query_graph), none, {}, snapshot, 10.0)
        == "no fetches of its own"
    )


async def test_a_plan_that_takes_more_than_a_moment_is_left_to_the_second_process() -> None:
    snapshot = snapshot_of(20)
    small, large = operation_of(snapshot, 1), operation_of(snapshot, 12)
    patient, impatient = Beside(OperationLimits(), moment=20.0), Beside(OperationLimits(), moment=1e-6)
    try:
        assert await patient.plan(small, snapshot, NONE, 30.0) == plan(small, snapshot.query_graph)
        assert (patient.first.plans, patient.second.pid) == (1, None)
        assert await impatient.plan(large, snapshot, NONE, 30.0) == plan(large, snapshot.query_graph)
        assert (impatient.first.plans, impatient.second.plans) == (0, 1)
    finally:
        patient.stop()
        impatient.stop()


async def test_who_cannot_be_made_ready_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = snapshot_of(2)
    tried: list[str] = []
    monkeypatch.setattr("router.pipeline.planner_process.COMMAND", ("/nonexistent/python",))
    beside = Beside(OperationLimits())
    get_ready = beside.first.get_ready

    async def trying(wanted: Snapshot) -> None:
        tried.append(wanted.id)
        await get_ready(wanted)

    monkeypatch.setattr(beside.first, "get_ready", trying)
    try:
        beside.get_ready(snapshot)
        assert beside.getting_ready is not None
        await beside.getting_ready
        beside.get_ready(snapshot)

        assert tried == [snapshot.id]
        assert not beside.is_ready(snapshot)
    finally:
        beside.stop()


async def test_few_wait_for_a_busy_process_and_not_for_ever(process: PlannerProcess) -> None:
    snapshot = snapshot_of(3)
    operation = operation_of(snapshot, 2)
    await process.get_ready(snapshot)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    first = asyncio.create_task(process.plan(operation, snapshot, NONE, 30.0))
    short = [
        asyncio.create_task(process.plan(operation, snapshot, NONE, 0.01)) for _ in range(MAX_WAITING - 1)
    ]
    long = asyncio.create_task(process.plan(operation, snapshot, NONE, 30.0))
    async with asyncio.timeout(20):
        while process.waiting < MAX_WAITING - 1:
            await asyncio.sleep(0)

        answers = await asyncio.gather(*short, return_exceptions=True)

        assert {type(each) for each in answers} == {PlannerBusy}
        many = [
            asyncio.create_task(process.plan(operation, snapshot, NONE, 30.0)) for _ in range(MAX_WAITING)
        ]
        done, _ = await asyncio.wait(many, return_when=asyncio.FIRST_COMPLETED)
        assert [type(each.exception()) for each in done] == [PlannerBusy]
        os.kill(process.pid, signal.SIGCONT)
        assert all([await each for each in (first, long, *(set(many) - done))])
    assert process.refused == MAX_WAITING


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
