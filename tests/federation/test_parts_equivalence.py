"""However an answer comes in parts: put together they are the answer that comes in one piece."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from graphql import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.context import RequestContext
from router.executor.executor import prepare
from router.executor.in_parts import execute_in_parts
from router.operation.normalise import normalise
from router.planner.planner import plan
from router.projection.deferred import parts_shape_of
from router.projection.delivery import Delivery
from router.snapshot.build import Snapshot, build_snapshot
from router.subgraph_client.protocol import SubgraphClient
from schema.compose import Subgraph, compose
from tests.factories.deferred_documents import PartsClient, with_defer, with_stream
from tests.factories.documents import CONDITION_VARIABLES, condition_values, operations
from tests.factories.faults import FaultySubgraph
from tests.factories.federations import Partition, WorldSubgraph, monolith, partitions, run
from tests.factories.streaming import DECLARED, StreamingSubgraph

MONOLITH = monolith()
DRAWN, DRAWN_WITH_FAULTS, DRAWN_STREAMED = 150, 100, 60
EXAMPLES = DRAWN + DRAWN_WITH_FAULTS + DRAWN_STREAMED
Place = tuple[str | int, ...]


def snapshot_of(partition: Partition) -> Snapshot:
    subgraphs = [Subgraph(name=name, url=f"http://{name}", sdl=sdl) for name, sdl in partition.sdl.items()]
    return build_snapshot(compose(subgraphs).supergraph_sdl)


async def in_parts(
    snapshot: Snapshot, clients: dict[str, SubgraphClient], text: str, variables: dict[str, Any]
) -> PartsClient:
    """What a client has after the last part."""
    operation = normalise(parse(text), None, snapshot.schema, in_parts=True)
    prepared = prepare(plan(operation, snapshot.query_graph, deadline=time.monotonic() + 20))
    context = RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + 20)
    shape = parts_shape_of(operation, snapshot.schema)
    client, delivery = PartsClient(), None
    async for progress in execute_in_parts(prepared, operation.deferrals, variables, clients, context):
        if delivery is None:
            delivery = Delivery(progress.data, shape, variables)
            client.take(delivery.first(progress.errors, progress.growth))
            continue
        part = delivery.next(progress.finished, progress.errors, progress.growth)
        while part is not None:
            client.take(part)
            part = delivery.next(progress.finished, (), progress.growth)
    return client


def declared(text: str) -> str:
    """The operation with both condition variables declared, whether it uses them or not."""
    missing = [name for name in CONDITION_VARIABLES if f"${name}: Boolean!" not in text]
    head, body = text.split("{", 1)
    names = "".join(f"${name}: Boolean! " for name in missing)
    if not names:
        return text
    head = head.replace("(", f"({names}") if "(" in head else f"{head}({names})"
    return f"{head}{{{body}"


@settings(max_examples=DRAWN, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    partitions(),
    operations(MONOLITH, size=20),
    condition_values(),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_all_parts_together_are_the_answer(
    partition: Partition, text: str, variables: dict[str, bool], random: Random, is_shared: bool
) -> None:
    streamed = with_stream(declared(text), MONOLITH, random)
    deferred = with_defer(streamed, random, CONDITION_VARIABLES)
    clients: dict[str, SubgraphClient] = {
        name: WorldSubgraph(sdl, is_shared=is_shared) for name, sdl in partition.sdl.items()
    }

    client = asyncio.run(in_parts(snapshot_of(partition), clients, deferred, dict(variables)))

    assert client.errors == []
    expected = run(MONOLITH, text, dict(variables))
    assert not expected.errors
    assert client.finish() == expected.data


@settings(max_examples=DRAWN_WITH_FAULTS, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    partitions(),
    operations(MONOLITH, size=20),
    condition_values(),
    st.randoms(use_true_random=False),
    st.integers(0, 999),
    st.booleans(),
)
def test_whatever_fails_the_parts_fit_and_say_why(
    partition: Partition,
    text: str,
    variables: dict[str, bool],
    random: Random,
    seed: int,
    is_hostile: bool,
) -> None:
    streamed = with_stream(declared(text), MONOLITH, random)
    deferred = with_defer(streamed, random, CONDITION_VARIABLES)
    faulty = {
        name: FaultySubgraph(WorldSubgraph(sdl), f"{seed}{name}", 2, is_hostile=is_hostile)
        for name, sdl in partition.sdl.items()
    }
    clients: dict[str, SubgraphClient] = {**faulty}

    client = asyncio.run(in_parts(snapshot_of(partition), clients, deferred, dict(variables)))

    expected = run(MONOLITH, text, dict(variables)).data
    assert all(error.extensions.get("code") for error in client.errors)
    if not any(each.failures for each in faulty.values()):
        assert (client.finish(), client.errors) == (expected, [])
    elif not is_hostile:
        missing = list(_missing(client.finish(), expected))
        assert bool(missing) <= bool(client.errors), missing


@settings(max_examples=DRAWN_STREAMED, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    partitions(),
    operations(MONOLITH, size=20),
    condition_values(),
    st.randoms(use_true_random=False),
)
def test_lists_that_subgraphs_stream_are_the_same_lists(
    partition: Partition, text: str, variables: dict[str, bool], random: Random
) -> None:
    streamed = with_stream(declared(text), MONOLITH, random)
    deferred = with_defer(streamed, random, CONDITION_VARIABLES) if random.random() < 0.5 else streamed
    sources = {name: StreamingSubgraph(sdl, random) for name, sdl in partition.sdl.items()}
    declaring = replace(partition, sdl={name: sdl + DECLARED for name, sdl in partition.sdl.items()})

    client = asyncio.run(in_parts(snapshot_of(declaring), {**sources}, deferred, dict(variables)))

    assert client.errors == []
    assert client.finish() == run(MONOLITH, text, dict(variables)).data
    assert not any(each.open for each in sources.values())


def _missing(
    answered: Any, expected: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[str | int, ...]]:
    """Where there is less than there should be; it is never something else."""
    match answered, expected:
        case None, _:
            if expected is not None:
                yield path
        case dict(), dict():
            assert answered.keys() <= expected.keys()
            for key, value in expected.items():
                if key in answered:
                    yield from _missing(answered[key], value, (*path, key))
                else:
                    yield (*path, key)
        case list(), list():
            assert len(answered) <= len(expected)
            yield from ((*path, index) for index in range(len(answered), len(expected)))
            for index, (mine, theirs) in enumerate(zip(answered, expected, strict=False)):
                yield from _missing(mine, theirs, (*path, index))
        case _:
            assert answered == expected, path
