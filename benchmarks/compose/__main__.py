"""Composition over made-up subgraphs: `python -m benchmarks.compose [--rounds N]`."""

import argparse
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial

from benchmarks.compose import workloads
from benchmarks.report import RESULTS, revision
from schema.compose import CompositionFailed, Subgraph, compose
from schema.query_graph.build import build_query_graph
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph

CHAINED: Callable[[int], list[Subgraph]] = partial(workloads.chained, types=100, fields=10)

COMPOSED: Mapping[str, tuple[Callable[[int], list[Subgraph]], tuple[int, ...]]] = {
    "N subgraphs of 100 types of 10 fields": (CHAINED, (5, 10, 20)),
    "the platform's subgraphs with N times their types": (workloads.copies, (2, 20, 200)),
    "N times the platform's subgraphs": (workloads.more_copies, (2, 20, 200)),
    "1 interface with N implementations, 2 subgraphs": (workloads.interface, (250, 500, 1000)),
    "1 interface in N subgraphs, 10 implementations in each": (
        workloads.interface_of_own_types,
        (50, 100, 200),
    ),
    "N towers of 10 interfaces": (workloads.nested_interfaces, (40, 80, 160)),
    "1 interface with N implementations, an object in 4 subgraphs": (
        workloads.interface_objects,
        (250, 500, 1000),
    ),
    "1 union with N members": (workloads.unions, (250, 500, 1000)),
    "1 entity with N keys": (workloads.keys, (50, 100, 200)),
    "1 entity in N subgraphs": (workloads.shared_entity, (50, 100, 200)),
    "1 entity in N subgraphs, each with the next one's key": (workloads.chained_keys, (25, 50, 100)),
    "1 value type in N subgraphs": (workloads.shared_value, (50, 100, 200)),
    "a chain of N @requires": (workloads.requirements, (50, 100, 200)),
    "N @requires through an interface": (workloads.requirements_through_interface, (100, 200, 400)),
    "N override labels": (workloads.labels, (100, 200, 400)),
    "N shared mutations": (workloads.shared_mutations, (50, 100, 200)),
    "N types in 1 subgraph": (workloads.many_types, (500, 1000, 2000)),
    "N fields in 1 type": (workloads.many_fields, (750, 1500, 3000)),
    "N values in 1 enum": (workloads.many_values, (1250, 2500, 5000)),
    "N fields in 1 input type": (workloads.many_inputs, (750, 1500, 3000)),
    "N extensions of 1 type": (workloads.extensions, (500, 1000, 2000)),
    "2^N sets of subgraphs to look from (refused when too many)": (workloads.layers, (8, 10, 20)),
}
READ = "router: "
"""Begins the names of what the router does with a supergraph, instead of composing one."""
STARTS: Mapping[str, tuple[Callable[[int], list[Subgraph]], tuple[int, ...]]] = {
    f"{READ}N subgraphs of 100 types of 10 fields": (CHAINED, (5, 10, 20)),
    f"{READ}the platform's subgraphs with N times their types": (workloads.copies, (2, 20)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One workload at one size: CPU seconds (the median), peak memory of the process, length of the SDL."""

    size: int
    cpu_seconds: float
    peak_mb: int
    characters: int


def measured(name: str, size: int, rounds: int) -> Figures:
    """The figures of one workload, in this process."""
    make, _ = {**COMPOSED, **STARTS}[name]
    subgraphs = make(size)
    work = partial(_composed, subgraphs)
    if name.startswith(READ):
        work = partial(_started, compose(subgraphs).supergraph_sdl)
    seen = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        seen.append(time.process_time() - began)
    return Figures(
        size=size,
        cpu_seconds=round(statistics.median(seen), 3),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        characters=sum(len(subgraph.sdl) for subgraph in subgraphs),
    )


def _composed(subgraphs: list[Subgraph]) -> None:
    try:
        compose(subgraphs)
    except CompositionFailed as failure:
        if not failure.errors[0].code.startswith("MAX_"):
            raise


def _started(sdl: str) -> None:
    """What a router makes of a supergraph before it can answer."""
    supergraph = parse_supergraph(sdl)
    api_schema(supergraph)
    build_query_graph(supergraph)


def in_own_process(name: str, size: int, rounds: int) -> Figures:
    """The figures of one workload, so that its peak of memory is its own."""
    command = [sys.executable, "-m", "benchmarks.compose", "--rounds", str(rounds), "--one", name, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Figures(**json.loads(done.stdout))


def growth(figures: Sequence[Figures]) -> float:
    """How much more time the last size takes than n log n says from the first one, n being characters."""
    first, last = figures[0], figures[-1]
    expected = _n_log_n(last.characters) / _n_log_n(first.characters)
    return round(last.cpu_seconds / first.cpu_seconds / expected, 2)


def exponent(figures: Sequence[Figures]) -> float:
    """The power of the number of characters with which the time grows: the slope of the logarithms."""
    points = [(math.log(item.characters), math.log(item.cpu_seconds)) for item in figures]
    return round(statistics.linear_regression(*zip(*points, strict=True)).slope, 2)


def _n_log_n(number: int) -> float:
    return number * math.log(number)


def publish(figures: Mapping[str, Sequence[Figures]]) -> None:
    """Write results/compose.json and results/compose.md, and print the table."""
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    about = f"{datetime.now(UTC):%Y-%m-%d}, revision {revision()}, {machine}"
    rows = "\n".join(
        f"| {name} | {_listed(item.size for item in found)} | {_listed(item.cpu_seconds for item in found)} "
        f"| {_listed(item.peak_mb for item in found)} | {exponent(found)} | {growth(found)} |"
        for name, found in figures.items()
    )
    text = f"""# Composition

`make bench-compose` — {about}

| workload | N | CPU-s | peak MB | exponent | against n log n |
| --- | --- | --- | --- | --- | --- |
{rows}

- CPU-s: median of the rounds, from SDL text to SDL text. Peak MB: the whole process, Python included.
- Exponent: the power of the input's length with which the time grows, fitted through the sizes.
- Against n log n: the last size's time over what n log n makes of the first one's; 1 or less is no worse.
  Where the first size takes next to nothing it is mostly what any composition costs, and flatters.
- Router: reading the supergraph, its client schema and its query graph, as at every start and reload.
"""
    (RESULTS / "compose.md").write_text(text)
    record = {
        "about": about,
        "command": "make bench-compose",
        "figures": {name: [asdict(item) for item in found] for name, found in figures.items()},
    }
    (RESULTS / "compose.json").write_text(json.dumps(record, indent=2) + "\n")
    print(text)


def _listed(values: Iterable[float]) -> str:
    return " / ".join(str(value) for value in values)


def main() -> None:
    """Compose each workload and report."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--one", nargs=2, metavar=("WORKLOAD", "SIZE"), help="one figure, as JSON")
    given = options.parse_args()
    if given.one:
        name, size = given.one
        print(json.dumps(asdict(measured(name, int(size), given.rounds))))
        return
    publish(
        {
            name: [in_own_process(name, size, given.rounds) for size in sizes]
            for name, (_, sizes) in {**COMPOSED, **STARTS}.items()
        }
    )


if __name__ == "__main__":
    main()
