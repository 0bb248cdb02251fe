"""Whatever the subgraphs, the query and what goes wrong: the fast path answers what the reference does."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.compiled.programs import Programs
from router.compiled.running import Running, Surroundings
from router.context import RequestContext
from router.executor.executor import execute, prepare
from router.operation.normalise import normalise
from router.planner.planner import plan
from router.projection.project import Result, project
from router.projection.shape import shape_of
from router.snapshot.build import Snapshot, build_snapshot
from router.subgraph_client.protocol import SubgraphClient
from schema.compose import Subgraph, compose
from tests.factories.documents import condition_values, operations
from tests.factories.faults import FaultySubgraph, field_names
from tests.factories.federations import Partition, WorldSubgraph, monolith, partitions
from tests.factories.media_worlds import MediaSubgraph, media_worlds
from tests.factories.media_worlds import monolith as media_monolith

MONOLITH = monolith()
MEDIA = media_monolith()
DRAWN, DRAWN_OF_MEDIA = 150, 100
EXAMPLES = 2 * DRAWN + DRAWN_OF_MEDIA
FIELDS = sorted(field_names(MONOLITH))
refusals: Counter[str] = Counter()


@dataclass
class Both:
    """One answer by each way, and what became of the fast one."""

    reference: Result
    fast: Result
    took_over: bool
    was_compiled: bool


def snapshot_of(sdl: Mapping[str, str]) -> Snapshot:
    subgraphs = [Subgraph(name=name, url=f"http://{name}", sdl=each) for name, each in sdl.items()]
    return build_snapshot(compose(subgraphs).supergraph_sdl)


async def both_ways(
    snapshot: Snapshot,
    clients: Callable[[], Mapping[str, SubgraphClient]],
    text: str,
    variables: dict[str, Any],
) -> Both:
    """The same operation by the reference executor and by its compiled program."""
    operation = normalise(parse(text), None, snapshot.schema)
    prepared = prepare(plan(operation, snapshot.query_graph, deadline=time.monotonic() + 20))
    shape = shape_of(operation, snapshot.schema)
    context = RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + 20)
    reference = project(await execute(prepared, variables, clients(), context), shape, variables)
    programs = Programs(prepared, shape, snapshot.supergraph)
    outcome = programs.outcome(variables)
    program = programs.make(outcome)
    refusals[programs.refusal(outcome) or "compiled"] += 1
    if program is None:
        return Both(reference, reference, took_over=False, was_compiled=False)
    running = Running(
        program, Surroundings(prepared=prepared, variables=variables, clients=clients(), context=context)
    )
    fetched = await running.fetch()
    data = None if fetched is not None else running.project()
    if data is not None:
        fast = Result(data=data)
    else:
        fast = project(fetched or await running.taken_over(), shape, variables)
    assert running.repeated == 0
    return Both(reference, fast, took_over=running.reason is not None, was_compiled=True)


def assert_same(both: Both) -> None:
    assert json.dumps(both.fast.data) == json.dumps(both.reference.data)
    assert sorted(map(repr, both.fast.errors)) == sorted(map(repr, both.reference.errors))


@settings(max_examples=DRAWN, deadline=None, suppress_health_check=list(HealthCheck))
@given(partitions(), operations(MONOLITH, size=20), condition_values(), st.booleans())
def test_without_faults_the_fast_path_answers_by_itself(
    partition: Partition, text: str, variables: dict[str, bool], is_shared: bool
) -> None:
    def clients() -> dict[str, SubgraphClient]:
        return {name: WorldSubgraph(sdl, is_shared=is_shared) for name, sdl in partition.sdl.items()}

    both = asyncio.run(both_ways(snapshot_of(partition.sdl), clients, text, dict(variables)))

    assert_same(both)
    assert not both.took_over


@settings(max_examples=DRAWN, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    partitions(),
    operations(MONOLITH, size=20),
    condition_values(),
    st.integers(0, 999),
    st.sampled_from([1, 2, 4]),
    st.booleans(),
)
def test_whatever_fails_both_ways_answer_the_same(
    partition: Partition, text: str, variables: dict[str, bool], seed: int, one_in: int, is_hostile: bool
) -> None:
    def clients() -> dict[str, SubgraphClient]:
        return {
            name: FaultySubgraph(
                WorldSubgraph(sdl), f"{seed}{name}", one_in, is_hostile=is_hostile, unasked=FIELDS
            )
            for name, sdl in partition.sdl.items()
        }

    assert_same(asyncio.run(both_ways(snapshot_of(partition.sdl), clients, text, dict(variables))))


@settings(max_examples=DRAWN_OF_MEDIA, deadline=None, suppress_health_check=list(HealthCheck))
@given(media_worlds(), operations(MEDIA, size=40, conditions=False))
def test_interface_objects_are_compiled_as_well(sdl: Mapping[str, str], text: str) -> None:
    def clients() -> dict[str, SubgraphClient]:
        return {name: MediaSubgraph(each) for name, each in sdl.items()}

    both = asyncio.run(both_ways(snapshot_of(sdl), clients, text, {}))

    assert_same(both)
    assert not both.took_over
