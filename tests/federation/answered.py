"""One operation over a set of subgraphs, answered by the reference executor and by the compiled program."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import parse

from router.compiled.programs import Programs
from router.compiled.running import Running, Surroundings
from router.context import RequestContext
from router.executor.executor import execute, prepare
from router.operation.normalise import normalise
from router.operation.variables import coerce
from router.planner.planner import plan
from router.projection.project import Result, project
from router.projection.shape import shape_of
from router.snapshot.build import Snapshot, build_snapshot
from router.subgraph_client.protocol import SubgraphClient
from schema.compose import Subgraph, compose
from tests.factories.told_world import World

Clients = Callable[[], Mapping[str, SubgraphClient]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Federation:
    """Subgraphs (name → SDL), composed and read by the router, and the world that they tell of."""

    sdl: Mapping[str, str]
    snapshot: Snapshot
    world: World

    def as_text(self, operation: str, variables: Mapping[str, Any]) -> str:
        """This case as a file of `classes`."""
        subgraphs = "\n".join(f"# -- {name}\n{text.strip()}" for name, text in self.sdl.items())
        return f"{subgraphs}\n# ?? {json.dumps(dict(variables))}\n{operation}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What each way answered; `fast` is None where there is no compiled program."""

    reference: Result
    fast: Result | None
    took_over: bool = False


def federation_of(sdl: Mapping[str, str]) -> Federation:
    """The subgraphs composed by us."""
    subgraphs = [Subgraph(name=name, url=f"http://{name}", sdl=text) for name, text in sdl.items()]
    snapshot = build_snapshot(compose(subgraphs).supergraph_sdl)
    return Federation(sdl=sdl, snapshot=snapshot, world=World(sdl, snapshot.schema))


async def both_ways(snapshot: Snapshot, clients: Clients, text: str, variables: Mapping[str, Any]) -> Answers:
    """The answers without the router's edges."""
    operation = normalise(parse(text), None, snapshot.schema)
    prepared = prepare(plan(operation, snapshot.query_graph, deadline=time.monotonic() + 20))
    shape = shape_of(operation, snapshot.schema)
    context = RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + 20)
    given = coerce(operation, variables, snapshot.schema)
    reference = project(await execute(prepared, given, clients(), context), shape, given)
    programs = Programs(prepared, shape, snapshot.supergraph)
    program = programs.make(programs.outcome(given))
    if program is None:
        return Answers(reference=reference, fast=None)
    running = Running(
        program, Surroundings(prepared=prepared, variables=given, clients=clients(), context=context)
    )
    fetched = await running.fetch()
    data = None if fetched is not None else running.project()
    if data is not None:
        fast = Result(data=data)
    else:
        fast = project(fetched or await running.taken_over(), shape, given)
    return Answers(reference=reference, fast=fast, took_over=running.reason is not None)


def assert_like_the_monolith(federation: Federation, text: str, variables: Mapping[str, Any]) -> Answers:
    """Both ways answer what one schema over the same world answers, without an error."""
    world = federation.world
    wanted = json.dumps(world.told(text, variables))

    def clients() -> Mapping[str, SubgraphClient]:
        world.turns = 0
        return world.clients()

    case = federation.as_text(text, variables)
    answers = asyncio.run(both_ways(federation.snapshot, clients, text, variables))
    for name, result in (("reference", answers.reference), ("compiled", answers.fast)):
        if result is not None:
            assert result.errors == (), f"{result.errors}\n{name} path, to be kept in classes/:\n{case}"
            assert json.dumps(result.data) == wanted, f"{name} path, to be kept in classes/:\n{case}"
    return answers
