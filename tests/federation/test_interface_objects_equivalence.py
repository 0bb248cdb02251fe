"""Whatever is known of an interface only as an object: the router answers what one schema answers."""

import asyncio
import time
from collections.abc import Mapping

from graphql import parse
from hypothesis import HealthCheck, given, settings

from router.context import RequestContext
from router.executor.executor import execute
from router.operation.normalise import normalise
from router.planner.planner import plan
from router.projection.project import Result, project
from router.projection.shape import shape_of
from router.snapshot.build import build_snapshot
from schema.compose import Subgraph, compose
from tests.factories.documents import operations
from tests.factories.media_worlds import MediaSubgraph, media_worlds, monolith, told_by_the_monolith

WORLD = monolith()


async def answer(sdl: Mapping[str, str], text: str) -> Result:
    """The router's answer, without its edges."""
    subgraphs = [Subgraph(name=name, url=f"http://{name}", sdl=each) for name, each in sdl.items()]
    snapshot = build_snapshot(compose(subgraphs).supergraph_sdl)
    operation = normalise(parse(text), None, snapshot.schema)
    made = plan(operation, snapshot.query_graph, deadline=time.monotonic() + 20)
    context = RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + 20)
    clients = {name: MediaSubgraph(each) for name, each in sdl.items()}
    fetched = await execute(made, {}, clients, context)
    return project(fetched, shape_of(operation, snapshot.schema), {})


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(media_worlds(), operations(WORLD, size=40, conditions=False))
def test_interface_objects_answer_like_a_monolith(sdl: Mapping[str, str], text: str) -> None:
    result = asyncio.run(answer(sdl, text))

    assert result.errors == ()
    assert result.data == told_by_the_monolith(WORLD, text)
