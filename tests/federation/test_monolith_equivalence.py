"""Whatever the subgraphs and the query: the router answers what one schema over the same data answers."""

import asyncio
import time
from typing import Any

from graphql import GraphQLSchema, parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.context import RequestContext
from router.executor.executor import execute
from router.operation.normalise import normalise
from router.planner.planner import plan
from router.projection.project import Result, project
from router.projection.shape import shape_of
from router.snapshot.build import Snapshot, build_snapshot
from schema.compose import Subgraph, compose
from tests.factories.documents import condition_values, operations
from tests.factories.federations import Partition, WorldSubgraph, monolith, partitions, run

MONOLITH = monolith()


def snapshot_of(partition: Partition) -> Snapshot:
    """The partition composed and read by the router."""
    subgraphs = [Subgraph(name=name, url=f"http://{name}", sdl=sdl) for name, sdl in partition.sdl.items()]
    return build_snapshot(compose(subgraphs).supergraph_sdl)


async def answer(
    snapshot: Snapshot, partition: Partition, text: str, variables: dict[str, Any], *, is_shared: bool = True
) -> Result:
    """The router's answer, without its edges. What subgraphs share with others is left as it is."""
    operation = normalise(parse(text), None, snapshot.schema)
    made = plan(operation, snapshot.query_graph, deadline=time.monotonic() + 20)
    clients = {name: WorldSubgraph(sdl, is_shared=is_shared) for name, sdl in partition.sdl.items()}
    context = RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + 20)
    fetched = await execute(made, variables, clients, context)
    result = project(fetched, shape_of(operation, snapshot.schema), variables)
    assert not (is_shared and any(client.has_been_changed for client in clients.values()))
    return result


def expected(schema: GraphQLSchema, text: str, variables: dict[str, Any]) -> Any:
    """What the monolith says; the world has no errors."""
    result = run(schema, text, variables)
    assert not result.errors
    return result.data


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(partitions(), operations(MONOLITH, size=20), condition_values(), st.booleans())
def test_a_federation_answers_like_a_monolith(
    partition: Partition, text: str, variables: dict[str, bool], is_shared: bool
) -> None:
    result = asyncio.run(
        answer(snapshot_of(partition), partition, text, dict(variables), is_shared=is_shared)
    )

    assert result.errors == ()
    assert result.data == expected(MONOLITH, text, dict(variables))
