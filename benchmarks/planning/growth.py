"""Made-up graphs and operations, each growing in one way; what planning and executing them costs.

Measured in this process, in CPU seconds of the work alone.
"""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import parse

from benchmarks.compose.workloads import subgraph
from router.compiled.programs import Programs
from router.compiled.running import Running, Surroundings
from router.context import RequestContext
from router.executor.executor import execute, prepare
from router.operation.model import Operation
from router.operation.normalise import normalise
from router.planner.planner import plan
from router.projection.project import project
from router.projection.shape import shape_of
from router.snapshot.build import Snapshot, build_snapshot
from router.subgraph_client.protocol import SubgraphClient, SubgraphRequest, SubgraphResponse
from schema.compose import Subgraph, compose

Question = tuple[list[Subgraph], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One way to grow: what the sizes count, and the graph and operation of each size."""

    title: str
    counted: str
    sizes: Sequence[int]
    make: Callable[[int], Question]


def chain(subgraphs: int) -> list[Subgraph]:
    """One entity that leads to itself in every subgraph, with one field of each subgraph's own."""
    return [
        subgraph(
            f"s{number}",
            "type Query { thing: Thing @shareable }",
            f'type Thing @key(fields: "id") {{ id: ID! next: Thing @shareable only{number}: Int }}',
        )
        for number in range(subgraphs)
    ]


def wide(fields: int, subgraphs: int = 10) -> Question:
    """A list of entities with fields shared out over the subgraphs."""
    names: list[list[str]] = [[] for _ in range(subgraphs)]
    for at in range(fields):
        names[at % subgraphs].append(f"f{at}")
    parts = [
        subgraph(
            f"s{number}",
            "" if number else "type Query { things: [Thing] }",
            f'type Thing @key(fields: "id") {{ id: ID! {" ".join(f"{name}: Int" for name in own)} }}',
        )
        for number, own in enumerate(names)
    ]
    return parts, "{ things { " + " ".join(f"f{at}" for at in range(fields)) + " } }"


def over_subgraphs(subgraphs: int) -> Question:
    """A hundred fields over more and more subgraphs."""
    return wide(100, subgraphs)


def members(types: int, subgraphs: int = 3) -> Question:
    """An interface whose every implementation has a field of each subgraph."""
    parts = []
    for number in range(subgraphs):
        implements = "" if number else " implements Node"
        entities = (
            f'type T{at}{implements} @key(fields: "id") {{ id: ID! x{number}: Int }}' for at in range(types)
        )
        head = "" if number else "type Query { nodes: [Node] } interface Node { id: ID! }"
        parts.append(subgraph(f"s{number}", head, *entities))
    asked = " ".join(f"x{number}" for number in range(subgraphs))
    return parts, "{ nodes { id " + " ".join(f"... on T{at} {{ {asked} }}" for at in range(types)) + " } }"


def levels(depth: int) -> Question:
    """The same object in ten subgraphs, asked for deeper and deeper."""
    inner = " ".join(f"only{at}" for at in range(10))
    return chain(10), "{ thing " + f"{{ {inner} next " * depth + "{ id }" + "}" * depth + " }"


def requirements(length: int) -> Question:
    """Fields that require each other in a chain from one subgraph to the other."""
    sides: list[list[str]] = [["id: ID!", "f0: Int"], ["id: ID!"]]
    for at in range(1, length):
        own = sides[at % 2]
        own.append(f"f{at - 1}: Int @external")
        own.append(f'f{at}: Int @requires(fields: "f{at - 1}")')
    parts = [
        subgraph(name, f'type Query {{ {name}: T }} type T @key(fields: "id") {{ {" ".join(own)} }}')
        for name, own in zip("ab", sides, strict=True)
    ]
    return parts, f"{{ a {{ f{length - 1} }} }}"


def aliases(number: int) -> Question:
    """One field under many names, each leading to another subgraph."""
    parts = [
        subgraph("a", 'type Query { t: T } type T @key(fields: "id") { id: ID! }'),
        subgraph(
            "b", 'type T @key(fields: "id") { id: ID! u(x: Int): U } type U @key(fields: "id") { id: ID! }'
        ),
        subgraph("c", 'type U @key(fields: "id") { id: ID! c: Int }'),
    ]
    return parts, "{ t { " + " ".join(f"a{at}: u(x: {at}) {{ c }}" for at in range(number)) + " } }"


PLANNED: Sequence[Kind] = (
    Kind(
        title="fields of a query, 10 subgraphs", counted="fields", sizes=(10, 30, 100, 300, 1000), make=wide
    ),
    Kind(title="subgraphs, 100 fields", counted="subgraphs", sizes=(2, 5, 10, 25, 50), make=over_subgraphs),
    Kind(
        title="implementations of an interface, 3 subgraphs",
        counted="implementations",
        sizes=(2, 5, 10, 30, 100),
        make=members,
    ),
    Kind(title="levels of one object in 10 subgraphs", counted="levels", sizes=(2, 4, 8, 15), make=levels),
    Kind(title="a chain of @requires", counted="fields", sizes=(5, 10, 20, 40), make=requirements),
    Kind(title="aliases that each lead on", counted="aliases", sizes=(10, 30, 100, 300), make=aliases),
)

LISTS = (10, 100, 1_000, 10_000, 100_000)


def prepared(question: Question) -> tuple[Snapshot, Operation]:
    """The graph and the operation, ready to be planned."""
    subgraphs, text = question
    snapshot = build_snapshot(compose(subgraphs).supergraph_sdl)
    return snapshot, normalise(parse(text), None, snapshot.schema)


def planning(question: Question, rounds: int) -> float:
    """Milliseconds of one planning, with what makes the plan ready to run; the best of the rounds."""
    snapshot, operation = prepared(question)

    def work() -> None:
        prepare(plan(operation, snapshot.query_graph))
        shape_of(operation, snapshot.schema)

    return 1000 * min(_timed(work) for _ in range(rounds))


def _timed(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


class Answers:
    """A subgraph that has its answers ready: entities by their ids, or a list of things."""

    def __init__(self, things: int, field: str) -> None:
        self._things = things
        self._field = field
        self.requests = 0

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """As many entities as there are representations."""
        self.requests += 1
        sent = request.variables.get("representations")
        if sent is None:
            things = [{"__typename": "Thing", "id": str(at)} for at in range(self._things)]
            return SubgraphResponse(data={"things": things})
        return SubgraphResponse(data={"_entities": [{self._field: int(each["id"])} for each in sent]})

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """Nothing happens here."""
        return
        yield

    async def close(self) -> None:
        """There is nothing to give back."""


def executing(things: int, rounds: int, *, is_compiled: bool) -> float:
    """Milliseconds of fetching a list and a field of each entity from three subgraphs, and of shaping it all.

    What the stand-ins for the subgraphs do is in it, once for each entity.
    """
    parts, _ = wide(4, 4)
    snapshot, operation = prepared((parts, "{ things { f1 f2 f3 } }"))
    made, shape = prepare(plan(operation, snapshot.query_graph)), shape_of(operation, snapshot.schema)
    program = Programs(made, shape, snapshot.supergraph).make(())
    assert program is not None
    clients: Mapping[str, SubgraphClient] = {f"s{at}": Answers(things, f"f{at}") for at in range(4)}
    variables: Mapping[str, Any] = {}

    async def once() -> None:
        context = RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + 600)
        if is_compiled:
            given = Surroundings(prepared=made, variables=variables, clients=clients, context=context)
            running = Running(program, given)
            fetched = await running.fetch()
            data = running.project() if fetched is None else None
            if data is None:
                data = project(fetched or await running.taken_over(), shape, variables).data
        else:
            data = project(await execute(made, variables, clients, context), shape, variables).data
        assert data is not None
        assert len(data["things"]) == things
        assert data["things"][-1] == {"f1": things - 1, "f2": things - 1, "f3": things - 1}

    return 1000 * min(_timed(lambda: asyncio.run(once())) for _ in range(rounds))
