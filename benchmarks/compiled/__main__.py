"""Compiled plans against the interpreter, without HTTP: `python -m benchmarks.compiled [--rounds N]`.

Both run the same plan in turn in one process, over the subgraphs of `benchmarks.gateway` answering from
memory; JSON is decoded anew for every answer. So other load on the machine hits both alike.
"""

import argparse
import asyncio
import gc
import json
import statistics
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import graphql_sync, parse

from benchmarks.gateway.__main__ import WORKLOADS
from benchmarks.gateway.subgraphs import ROOT, descriptions, executable
from benchmarks.report import RESULTS, revision
from router.compiled.programs import Programs
from router.compiled.running import Running, Surroundings
from router.context import RequestContext
from router.executor.executor import PreparedPlan, execute, prepare
from router.operation.normalise import normalise
from router.planner.planner import plan
from router.projection.project import project
from router.projection.shape import Shape, shape_of
from router.snapshot.build import Snapshot, build_snapshot
from router.subgraph_client.answer import decode
from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse
from schema.compose import Subgraph, compose

FAILING = (0, 10, 100)
COLLECTOR = (20_000, 20, 20)  # as the server has it


class MemorySubgraph:
    """Answers what it has answered before; of the entities of each answer, `failing` percent fail."""

    def __init__(self, name: str, failing: int) -> None:
        self._name = name
        self._schema = executable(name)
        self._failing = failing
        self._answers: dict[bytes, bytes] = {}

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        key = orjson.dumps([request.document, request.variables])
        answer = self._answers.get(key)
        if answer is None:
            result = graphql_sync(
                self._schema, request.document, ROOT, variable_values=dict(request.variables)
            )
            answer = self._answers[key] = orjson.dumps(self._spoiled(result.formatted))
        return decode(self._name, answer)

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        yield await self.execute(request)

    async def close(self) -> None:
        """Nothing is held."""

    def _spoiled(self, answer: Any) -> dict[str, Any]:
        errors = []
        for alias, entities in answer["data"].items():
            if not self._failing or not alias.startswith("_e"):
                continue
            for index in range(0, len(entities), 100 // self._failing):
                entities[index] = None
                errors.append({"message": "away", "path": [alias, index], "extensions": {"code": "AWAY"}})
        return {"data": answer["data"], **({"errors": errors} if errors else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One plan with its subgraphs."""

    prepared: PreparedPlan
    shape: Shape
    variables: dict[str, Any]
    clients: dict[str, MemorySubgraph]
    snapshot: Snapshot

    def context(self) -> RequestContext:
        return RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + 60)

    async def interpreted(self) -> bytes:
        fetched = await execute(self.prepared, self.variables, self.clients, self.context())
        return orjson.dumps(project(fetched, self.shape, self.variables))

    def compiled(self) -> Callable[[], Coroutine[Any, Any, bytes]]:
        programs = Programs(self.prepared, self.shape, self.snapshot.supergraph)
        made = programs.make(())
        assert made is not None

        async def answer() -> bytes:
            program = programs.get(())
            if program is None:  # surprised too often: it rests
                return await self.interpreted()
            given = Surroundings(
                prepared=self.prepared,
                variables=self.variables,
                clients=self.clients,
                context=self.context(),
            )
            running = Running(program, given)
            fetched = await running.fetch()
            data = running.project() if fetched is None else None
            if data is not None:
                return orjson.dumps(data)
            return orjson.dumps(project(fetched or await running.taken_over(), self.shape, self.variables))

        return answer


def case_of(query: str, failing: int) -> Case:
    """The plan of a workload."""
    described = descriptions(0)
    snapshot = build_snapshot(compose([Subgraph(**each) for each in described]).supergraph_sdl)
    operation = normalise(parse(query), None, snapshot.schema)
    return Case(
        prepared=prepare(plan(operation, snapshot.query_graph)),
        shape=shape_of(operation, snapshot.schema),
        variables={"n": "p1"},
        clients={each["name"]: MemorySubgraph(each["name"], failing) for each in described},
        snapshot=snapshot,
    )


async def measure(case: Case, rounds: int) -> tuple[float, float, float]:
    """CPU-ms of both ways, and of compiling once."""
    begin = time.process_time()
    ways = (case.interpreted, case.compiled())
    compiling = (time.process_time() - begin) * 1000
    seen: tuple[list[float], list[float]] = ([], [])
    for way in ways:
        await way()
    for number in range(rounds):
        for which in (0, 1) if number % 2 else (1, 0):
            begin = time.process_time()
            for _ in range(50):
                await ways[which]()
            seen[which].append((time.process_time() - begin) * 20)
    return statistics.median(seen[0]), statistics.median(seen[1]), compiling


async def main() -> None:
    """Measure, show, write the results."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=40)
    rounds = options.parse_args().rounds
    gc.freeze()
    gc.set_threshold(*COLLECTOR)
    lines = [
        "# Compiled plans against the interpreter",
        "",
        f"`make bench-compiled` — revision {revision()}; CPU-ms per request, median of {rounds} rounds of 50",
        "",
        "| workload | entities that fail | interpreted | compiled | ratio | compiling once |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    record = {}
    for name, query in WORKLOADS.items():
        for failing in FAILING if "1 fetch" not in name else (0,):
            interpreted, compiled, once = await measure(case_of(query, failing), rounds)
            record[f"{name}, {failing} %"] = {"interpreted": interpreted, "compiled": compiled}
            lines.append(
                f"| {name} | {failing} % | {interpreted:.3f} | {compiled:.3f} "
                f"| {compiled / interpreted:.2f} | {once:.1f} ms |"
            )
    text = "\n".join(lines) + "\n\n- No HTTP: decoding, executing, projecting and encoding alone.\n"
    (RESULTS / "compiled.md").write_text(text)
    (RESULTS / "compiled.json").write_text(json.dumps(record, indent=2) + "\n")
    print(text)


if __name__ == "__main__":
    asyncio.run(main())
