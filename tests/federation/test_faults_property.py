"""Whatever fails: the rest of the answer stands, and every null that should not be there is explained."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from graphql import execute_sync, parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.context import RequestContext
from router.executor.executor import execute
from router.operation.normalise import normalise
from router.plan.result import FetchError
from router.planner.planner import plan
from router.projection.project import Result, project
from router.projection.shape import shape_of
from router.snapshot.build import Snapshot, build_snapshot
from router.subgraph_client.protocol import SubgraphClient
from schema.compose import Subgraph, compose
from tests.factories.documents import condition_values, operations
from tests.factories.faults import FaultySubgraph
from tests.factories.federations import Partition, WorldSubgraph, monolith, partitions, run

MONOLITH = monolith()
Place = tuple[str | int, ...]


def snapshot_of(partition: Partition) -> Snapshot:
    """The partition composed and read by the router."""
    subgraphs = [Subgraph(name=name, url=f"http://{name}", sdl=sdl) for name, sdl in partition.sdl.items()]
    return build_snapshot(compose(subgraphs).supergraph_sdl)


async def answer(
    snapshot: Snapshot, clients: Mapping[str, SubgraphClient], text: str, variables: dict[str, bool]
) -> Result:
    """The router's answer, without its edges."""
    operation = normalise(parse(text), None, snapshot.schema)
    made = plan(operation, snapshot.query_graph, deadline=time.monotonic() + 20)
    context = RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + 20)
    fetched = await execute(made, variables, clients, context)
    return project(fetched, shape_of(operation, snapshot.schema), variables)


def clients_of(
    partition: Partition, wrap: Callable[[WorldSubgraph, str], SubgraphClient]
) -> dict[str, SubgraphClient]:
    return {name: wrap(WorldSubgraph(sdl), name) for name, sdl in partition.sdl.items()}


def assert_explained(got: Any, wanted: Any, errors: tuple[FetchError, ...], place: Place = ()) -> None:
    """`got` is `wanted` but for nulls that an error at, above or below explains."""
    if got is None and wanted is not None:
        assert any(_concerns(error.path, place) for error in errors), f"nothing explains {place}"
        return
    if isinstance(wanted, dict):
        assert list(got) == list(wanted), place
        for key, below in wanted.items():
            assert_explained(got[key], below, errors, (*place, key))
    elif isinstance(wanted, list):
        assert len(got) == len(wanted), place
        for index, below in enumerate(wanted):
            assert_explained(got[index], below, errors, (*place, index))
    elif not (errors and str(place[-1]).endswith("shipping")):  # computed from what may have failed
        assert got == wanted, place


def _concerns(path: Place | None, place: Place) -> bool:
    return path is None or path[: len(place)] == place or place[: len(path)] == path


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    partitions(),
    operations(MONOLITH, size=20),
    condition_values(),
    st.integers(0, 999),
    st.sampled_from([1, 2, 4]),
)
def test_partial_answers_are_right_as_far_as_they_go(
    partition: Partition, text: str, variables: dict[str, bool], seed: int, one_in: int
) -> None:
    clients = clients_of(partition, lambda inner, name: FaultySubgraph(inner, f"{seed}{name}", one_in))

    result = asyncio.run(answer(snapshot_of(partition), clients, text, variables))

    assert_explained(result.data, run(MONOLITH, text, variables).data, result.errors)
    for error in result.errors:
        assert isinstance(error.extensions["code"], str)
        assert error.path is None or _is_in(error.path, result.data)


def _is_in(path: Place, data: Any) -> bool:
    """Every step of the path is a field or item of the answer, as far as no null cut it off."""
    for step in path:
        if data is None:
            return True
        if isinstance(data, list):
            assert isinstance(step, int)
            assert step < len(data)
        else:
            assert step in data
        data = data[step]
    return True


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    partitions(),
    operations(MONOLITH, size=20),
    condition_values(),
    st.integers(0, 999),
    st.sampled_from([1, 3]),
)
def test_whatever_subgraphs_say_the_answer_fits_the_schema(
    partition: Partition, text: str, variables: dict[str, bool], seed: int, one_in: int
) -> None:
    text = text.replace("{ ", "{ __typename ")
    clients = clients_of(
        partition, lambda inner, name: FaultySubgraph(inner, f"{seed}{name}", one_in, is_hostile=True)
    )

    result = asyncio.run(answer(snapshot_of(partition), clients, text, variables))

    if result.data is None:
        assert result.errors
        return
    again = execute_sync(
        MONOLITH, parse(text), result.data, variable_values=dict(variables), field_resolver=_by_key
    )
    assert not again.errors
    assert json.dumps(again.data) == json.dumps(result.data)


def _by_key(source: Any, info: Any, **arguments: Any) -> Any:
    return source[info.path.key]
