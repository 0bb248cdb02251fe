"""What others feel while expensive operations are worked on: `python -m benchmarks.planning.health`.

A probe asks a small query at a fixed rate and measures from when each request was due, so that a router
which stands still is seen. Meanwhile somebody sends operations that take all that planning may take, large
plans that are run and compiled, or documents that take long to check, each a new one.

What the machine does is told apart from what the router does: for each request it is known how long those
who worked for it (router, subgraph, the probe itself) were ready to run and had no processor.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from benchmarks.gateway.subgraphs import descriptions
from benchmarks.load import Connection, Job, http_request
from benchmarks.planning.growth import chain
from benchmarks.planning.waits import Waits
from benchmarks.processes import ATRIUM, free_port, running, wait_for, wait_for_port
from benchmarks.report import RESULTS, about
from router.pipeline.planner_child import NICENESS

SUBGRAPHS = 45
DEPTH = 13
"""Together more ways than may be looked at."""

DEPTH_MADE = 10
REPEATS = 3
"""Asked for once more, a plan is compiled; after that its program runs."""

RATE = 100
PROBE = json.dumps({"query": '{ person(id: "p1") { id name team } }'})

WAYS: Mapping[str, Mapping[str, str]] = {
    "in a thread": {"ATRIUM_ROUTER_PLANNER_PROCESS": "no"},
    "in a process": {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Felt:
    """Latencies of the probe in milliseconds, the median over the rounds; `attacks` is how many there were.

    `own_p99`: of what is left without the waits for a processor. The ratios are medians over the rounds, of
    what each was of the idle one in the same round.
    """

    p50: float
    p99: float
    longest: float
    ratio: float
    own_p99: float
    own_ratio: float
    attacks: int


@dataclass(frozen=True, slots=True)
class Answered:
    """One request of the probe: milliseconds since it was due, and those of nobody's want of a processor."""

    latency: float
    own: float


def worst_case(number: int) -> str:
    """An operation with more ways than may be looked at; another one for every number."""
    return _levels(DEPTH, number)


def large_plan(number: int) -> str:
    """A plan of a request to every subgraph, none of which is there, as often as it takes to be compiled."""
    return _levels(DEPTH_MADE, number // REPEATS)


def _levels(depth: int, number: int) -> str:
    inner = " ".join(f"only{at}" for at in range(SUBGRAPHS))
    text = f"{{ new{number}: thing " + f"{{ {inner} next " * depth + "{ id }" + "}" * depth + " }"
    return json.dumps({"query": text})


def huge(number: int) -> str:
    """A document that is as long as may be, and refused with as many mistakes as are told."""
    return json.dumps({"query": "{ thing { " + " ".join(f"no{number}x{at}" for at in range(4_900)) + " } }"})


def overlapping(number: int) -> str:
    """Fields that have to be compared with each other, and an answer that has one of them."""
    return json.dumps({"query": f"query Q{number} {{ thing {{ " + "id " * 4_900 + "} }"})


def refused(number: int) -> str:
    """A short document that its fragments make large: hundreds of them a second are read, and refused."""
    fragments = " ".join(
        f"fragment F{at} on Thing {{ a: next {{ id ...F{at + 1} }} b: next {{ id ...F{at + 1} }} }}"
        for at in range(8)
    )
    text = f"{{ new{number}: thing {{ ...F0 }} }} {fragments} fragment F8 on Thing {{ id }}"
    return json.dumps({"query": text})


STRANGER = "a stranger computes on one core"
ATTACKS: Mapping[str, Callable[[int], str]] = {
    "plans take all they may": worst_case,
    "large plans are made, run and compiled": large_plan,
    "huge documents with mistakes are read": huge,
    "documents with overlapping fields are read": overlapping,
    "short documents are read and refused": refused,
}


async def probe(port: int, seconds: float, waits: Waits) -> list[Answered]:
    """Requests at a fixed rate, over as many connections as it takes to keep it."""
    request = http_request(Job(port=port, path="/graphql", bodies=[]), PROBE.encode())
    loop = asyncio.get_running_loop()
    idle: list[Connection] = []
    answered: list[Answered] = []

    async def ask(due: float) -> None:
        connection = idle.pop() if idle else (await loop.create_connection(Connection, "127.0.0.1", port))[1]
        waited, sent = waits.seconds(), time.perf_counter()
        good = await connection.ask(request)
        assert good, "the probe was refused"
        now = time.perf_counter()
        own = max(0.0, now - sent - (waits.seconds() - waited))
        answered.append(Answered((now - due) * 1000, own * 1000))
        idle.append(connection)

    begin = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds * RATE)):
            due = begin + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(ask(due))
    return answered


async def attack(port: int, made: Callable[[int], str]) -> None:
    """New operations, one after the other, until it is cancelled; says how many."""
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    job = Job(port=port, path="/graphql", bodies=[])
    for number in itertools.count():
        print(number, flush=True)
        await connection.ask(http_request(job, made(number + os.getpid() * 1000).encode()))


@contextmanager
def attacking(port: int, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """Somebody who sends them, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.planning.health", "--attack", str(port), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            for _ in range(2):  # the second begins when the first has been refused
                process.stdout.readline()
            yield process
        finally:
            process.kill()


@contextmanager
def computing() -> Iterator[None]:
    """A stranger's process that takes what the planner's would, and touches nothing of the router."""
    command = [sys.executable, "-c", f"import os; os.nice({NICENESS})\nwhile True: pass"]
    with subprocess.Popen(command) as process:
        try:
            yield
        finally:
            process.kill()


def felt(rounds: Sequence[Sequence[Answered]], idle: Sequence[Sequence[Answered]], attacks: int) -> Felt:
    """The medians of the rounds."""

    def ratio(p99: Callable[[Sequence[Answered]], float]) -> float:
        return round(
            statistics.median(p99(each) / p99(before) for each, before in zip(rounds, idle, strict=True)), 2
        )

    latencies = [sorted(each.latency for each in one) for one in rounds]
    return Felt(
        p50=round(statistics.median(each[len(each) // 2] for each in latencies), 2),
        p99=round(statistics.median(map(_p99, rounds)), 2),
        longest=round(statistics.median(each[-1] for each in latencies), 1),
        ratio=ratio(_p99),
        own_p99=round(statistics.median(map(_own_p99, rounds)), 2),
        own_ratio=ratio(_own_p99),
        attacks=attacks,
    )


def _p99(answered: Sequence[Answered]) -> float:
    return sorted(each.latency for each in answered)[int(len(answered) * 0.99)]


def _own_p99(answered: Sequence[Answered]) -> float:
    return sorted(each.own for each in answered)[int(len(answered) * 0.99)]


def measure(port: int, waits: Waits, seconds: float, rounds: int) -> dict[str, Felt]:
    """Idle and under attack, in turn."""
    uvloop.run(probe(port, 2.0, waits))
    seen: dict[str, list[list[Answered]]] = {name: [] for name in ("idle", STRANGER, *ATTACKS)}
    attacks = dict.fromkeys(seen, 0)
    for _ in range(rounds):
        seen["idle"].append(uvloop.run(probe(port, seconds, waits)))
        with computing():
            seen[STRANGER].append(uvloop.run(probe(port, seconds, waits)))
        for name in ATTACKS:
            with attacking(port, name) as attacker:
                seen[name].append(uvloop.run(probe(port, seconds, waits)))
                attacker.kill()
                assert attacker.stdout is not None
                attacks[name] += len(attacker.stdout.read().splitlines())
    return {name: felt(each, seen["idle"], attacks[name]) for name, each in seen.items()}


def run(folder: Path, seconds: float, rounds: int) -> dict[str, dict[str, Felt]]:
    """Both ways of planning."""
    port_of_subgraphs = free_port()
    supergraph = folder / "supergraph.graphql"
    described = folder / "subgraphs.json"
    dead = [{"name": each.name, "url": "http://127.0.0.1:9/", "sdl": each.sdl} for each in chain(SUBGRAPHS)]
    described.write_text(json.dumps([*descriptions(port_of_subgraphs), *dead]))
    composed = subprocess.run(
        [ATRIUM, "schema", "compose", "--subgraphs", described], capture_output=True, check=True
    )
    supergraph.write_bytes(composed.stdout)
    found = {}
    serve = [sys.executable, "-m", "benchmarks.gateway.subgraphs", str(port_of_subgraphs)]
    with running(serve, folder / "subgraphs.log") as subgraphs:
        wait_for_port(port_of_subgraphs)
        for way, environment in WAYS.items():
            port = free_port()
            router = [ATRIUM, "serve", "router", "--supergraph", str(supergraph), "--port", str(port)]
            with running(router, folder / "router.log", environment) as session:
                wait_for(f"http://127.0.0.1:{port}/readyz", session, folder / "router.log")
                with closing(Waits([session.process.pid, subgraphs.process.pid, os.getpid()])) as waits:
                    found[way] = measure(port, waits, seconds, rounds)
    return found


def publish(found: Mapping[str, Mapping[str, Felt]], seconds: float, rounds: int) -> None:
    """Write results/planning-health.json and .md, and print the table."""
    rows = "\n".join(
        f"| {way} | {when} | {seen.p50} | {seen.p99} | {seen.longest} | {seen.ratio} "
        f"| {seen.own_p99} | {seen.own_ratio} | {seen.attacks} |"
        for way, each in found.items()
        for when, seen in each.items()
    )
    text = f"""# What others feel while expensive operations are worked on

`make bench-planning` — {about()}

| planned and read | | p50 ms | p99 ms | longest ms | to the idle p99 | own p99 ms | to the idle one | sent |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

- The probe: a small query, one fetch, {RATE} a second, each latency measured from when the request was due.
- Own: from when the request was sent, without the time for which the router's event loop, the subgraph or
  the probe itself was ready to run and waited for a processor. What is left is what the router does, and what
  its threads keep the event loop from doing.
- Plans that take all they may: operations over {SUBGRAPHS} subgraphs, {DEPTH} levels deep, refused after
  50,000 ways; a new one as soon as the last was answered.
- Large plans: {DEPTH_MADE} levels over {SUBGRAPHS} subgraphs, which are away; each {REPEATS} times, so that
  the second one has the plan compiled.
- Documents: 4,900 fields that there are not, or the same field 4,900 times; short ones that have too many
  aliases once their fragments are written out.
- The stranger takes as much of the machine as a planning process does: what is slower then, is slower for
  want of processors and not because of planning.
- {rounds} rounds of {seconds:g} s, in turn; medians of the rounds, the ratio's too.
"""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "planning-health.md").write_text(text)
    record = {way: {when: asdict(seen) for when, seen in each.items()} for way, each in found.items()}
    (RESULTS / "planning-health.json").write_text(json.dumps(record, indent=2) + "\n")
    print(text)


def main() -> None:
    """Measure and report; or be the one who attacks."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=8.0)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--attack", nargs=2, metavar=("PORT", "NAME"))
    given = options.parse_args()
    if given.attack:
        with suppress(ConnectionError):
            port, name = given.attack
            uvloop.run(attack(int(port), ATTACKS[name]))
        return
    with tempfile.TemporaryDirectory() as name:
        publish(run(Path(name), given.seconds, given.rounds), given.seconds, given.rounds)


if __name__ == "__main__":
    main()
