"""A query that takes long to plan: planned once however many ask, and beside everything else."""

import asyncio
import gc
import threading
from dataclasses import replace
from importlib import import_module
from typing import Any

import aiohttp
import pytest
from graphql import DocumentNode

from benchmarks.compose.workloads import subgraph
from router.app import RouterApp, Surroundings, build_app
from router.pipeline.parse import LONG_CHARACTERS
from router.settings import OperationLimits, RouterSettings, Timeouts
from router.snapshot.load import TextSource
from router.subgraph_client.protocol import SubgraphRequest
from schema.compose import compose
from tests.fakes.http_server import serving
from tests.fakes.subgraph_client import FakeSubgraphClient

SUBGRAPHS = 20
DEPTH = 12
INNER = " ".join(f"only{at}" for at in range(SUBGRAPHS))
PATIENT = RouterSettings(timeouts=Timeouts(plan=30.0))
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


async def test_many_askers_get_one_plan_from_the_processes() -> None:
    router = app(PATIENT)
    beside = router.router.beside
    assert beside is not None
    async with serving(router) as server, aiohttp.ClientSession() as session:

        async def ask(query: str) -> object:
            async with session.post(f"{server.url}/graphql", json={"query": query}) as answer:
                return await answer.json()

        assert [each.pid for each in beside.processes] == [None, None], "what nobody needs is not started"
        assert await ask("{ thing { id } }") == {"data": {"thing": None}}
        assert beside.first.pid is None, "a small plan is made at once"
        answers = await asyncio.gather(*(ask(QUERY) for _ in range(20)))

    assert answers == [{"data": {"thing": None}}] * 20
    assert sum(each.plans for each in beside.processes) == 1
    assert router.router.caches.plans.made == 2


async def test_long_documents_are_read_in_the_process_once_it_knows_the_supergraph() -> None:
    router = app(PATIENT)
    beside = router.router.beside
    assert beside is not None
    async with serving(router) as server, aiohttp.ClientSession() as session:

        async def ask(query: str) -> Any:
            async with session.post(f"{server.url}/graphql", json={"query": query}) as answer:
                return await answer.json()

        long = "{ thing { id %s } }" + " " * LONG_CHARACTERS
        assert await ask(long % "") == {"data": {"thing": None}}, "nobody waits for its start"
        async with asyncio.timeout(60):
            while not beside.is_ready(router.router.snapshots.current):
                await asyncio.sleep(0.01)
        read = beside.first.documents
        answers = await asyncio.gather(*(ask(long % "only1") for _ in range(5)))
        wide = (
            "{ thing { ...A } } fragment A on Thing {" + "...B " * 30 + "} fragment B on Thing {" + "id " * 30
        )
        answers.append(await ask(wide + "}"))
        refused = [await ask(each) for each in (long % "only99", long % "(")]

    assert answers == [{"data": {"thing": None}}] * 6
    assert beside.first.documents - read == 2, (
        "one for those who asked the same, one that is large written out"
    )
    assert [each["errors"][0]["extensions"]["code"] for each in refused] == [
        "GRAPHQL_VALIDATION_FAILED",
        "GRAPHQL_PARSE_FAILED",
    ]
    assert refused[0]["errors"][0]["locations"] == [{"line": 1, "column": 14}]


async def test_what_a_new_plan_needs_is_not_made_on_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    where: dict[str, set[int]] = {}

    def watched(module: str, name: str) -> None:
        function = getattr(import_module(module), name)

        def recorded(*given: object, **named: object) -> object:
            where.setdefault(name, set()).add(threading.get_ident())
            return function(*given, **named)

        monkeypatch.setattr(f"{module}.{name}", recorded)

    watched("router.pipeline.plan", "plan_operation")
    watched("router.pipeline.plan", "prepare")
    watched("router.executor.asked", "selections_in")
    watched("router.projection.shape", "collect")
    async with serving(app(PATIENT)) as server, aiohttp.ClientSession() as session:
        query = "query($p: Boolean!) { thing { only1 only2 @include(if: $p) } }"
        wanted = {"query": query, "variables": {"p": True}}
        async with session.post(f"{server.url}/graphql", json=wanted) as answer:
            assert await answer.json() == {"data": {"thing": None}}

    assert where.keys() == {"plan_operation", "prepare", "selections_in", "collect"}
    assert threading.get_ident() not in set[int]().union(*where.values())


async def test_syntax_trees_are_not_kept() -> None:
    async with serving(app(PATIENT)) as server, aiohttp.ClientSession() as session:
        text = "query A { thing { id } } query B { thing { only1 } }"
        for name in ("A", "B", "A"):
            wanted = {"query": text, "operationName": name}
            async with session.post(f"{server.url}/graphql", json=wanted) as answer:
                assert await answer.json() == {"data": {"thing": None}}
        async with session.post(f"{server.url}/graphql", json={"query": text.replace("id", "no")}) as answer:
            assert (await answer.json())["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"

    gc.collect()
    nodes = [each for each in gc.get_objects() if isinstance(each, DocumentNode)]
    assert not [node for node in nodes if node.loc is not None and node.loc.source.body.startswith(text[:18])]


async def test_a_large_plan_is_compiled_in_the_process_when_it_is_used_again() -> None:
    router = app(PATIENT)
    beside = router.router.beside
    assert beside is not None
    async with serving(router) as server, aiohttp.ClientSession() as session:

        async def ask(query: str) -> object:
            async with session.post(f"{server.url}/graphql", json={"query": query}) as answer:
                return await answer.json()

        answers = [await ask("{ thing { id } }") for _ in range(3)]
        assert beside.first.pid is None, "small ones are not"
        answers += [await ask(QUERY) for _ in range(2)]
        async with asyncio.timeout(60):
            while not beside.first.programs:
                await asyncio.sleep(0.01)
            before = router.router.counts.compiled
            while router.router.counts.compiled == before:
                answers.append(await ask(QUERY))

    assert beside.first.programs == 1
    assert all(answer == {"data": {"thing": None}} for answer in answers)


async def test_limits_are_told_as_ever_and_the_process_can_be_left_out() -> None:
    limits = OperationLimits(max_paths=2_000)
    for settings in (replace(PATIENT, limits=limits), replace(PATIENT, limits=limits, planner_process=False)):
        router = app(settings)
        async with (
            serving(router) as server,
            aiohttp.ClientSession() as session,
            session.post(f"{server.url}/graphql", json={"query": QUERY}) as answer,
        ):
            body = await answer.json()

        assert body["errors"][0]["extensions"] == {"code": "PLAN_TOO_COMPLEX", "limit": 2_000}
