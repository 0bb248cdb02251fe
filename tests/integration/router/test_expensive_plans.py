"""A query that takes long to plan: planned once however many ask, and beside everything else."""

import asyncio

import aiohttp

from benchmarks.compose.workloads import subgraph
from router.app import RouterApp, Surroundings, build_app
from router.settings import OperationLimits, RouterSettings
from router.snapshot.load import TextSource
from router.subgraph_client.protocol import SubgraphRequest
from schema.compose import compose
from tests.fakes.http_server import serving
from tests.fakes.subgraph_client import FakeSubgraphClient

SUBGRAPHS = 20
DEPTH = 12
INNER = " ".join(f"only{at}" for at in range(SUBGRAPHS))
QUERY = "{ thing " + f"{{ {INNER} next " * DEPTH + "{ id }" + "}" * DEPTH + " }"


def nothing(request: SubgraphRequest) -> dict[str, None]:
    return {"thing": None}


def app(settings: RouterSettings) -> RouterApp:
    parts = [
        subgraph(
            f"s{number}",
            "type Query { thing: Thing @shareable }",
            f'type Thing @key(fields: "id") {{ id: ID! next: Thing @shareable only{number}: Int }}',
        )
        for number in range(SUBGRAPHS)
    ]
    clients = {f"s{number}": FakeSubgraphClient(nothing) for number in range(SUBGRAPHS)}
    return build_app(settings, TextSource(compose(parts).supergraph_sdl), Surroundings(subgraphs=clients))


async def test_many_askers_get_one_plan_from_the_process() -> None:
    router = app(RouterSettings())
    process = router.router.planner_process
    assert process is not None
    async with serving(router) as server, aiohttp.ClientSession() as session:

        async def ask(query: str) -> object:
            async with session.post(f"{server.url}/graphql", json={"query": query}) as answer:
                return await answer.json()

        assert process.pid is None, "what nobody needs is not started"
        assert await ask("{ thing { id } }") == {"data": {"thing": None}}
        assert process.pid is None, "a small plan is made at once"
        answers = await asyncio.gather(*(ask(QUERY) for _ in range(20)))

    assert answers == [{"data": {"thing": None}}] * 20
    assert process.plans == 1
    assert router.router.caches.plans.made == 2


async def test_limits_are_told_as_ever_and_the_process_can_be_left_out() -> None:
    limits = OperationLimits(max_paths=2_000)
    for settings in (RouterSettings(limits=limits), RouterSettings(limits=limits, planner_process=False)):
        router = app(settings)
        async with (
            serving(router) as server,
            aiohttp.ClientSession() as session,
            session.post(f"{server.url}/graphql", json={"query": QUERY}) as answer,
        ):
            body = await answer.json()

        assert body["errors"][0]["extensions"] == {"code": "PLAN_TOO_COMPLEX", "limit": 2_000}
