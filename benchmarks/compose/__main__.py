"""Composition over made-up subgraphs: `python -m benchmarks.compose [--rounds N]`."""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from benchmarks.report import RESULTS, revision
from schema.compose import Subgraph, compose

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n'
)


def chained(subgraphs: int, types: int, fields: int) -> list[Subgraph]:
    """Subgraphs of entities that refer to each other; each extends all entities of the one before."""
    made = []
    for number in range(subgraphs):
        parts = [LINK, f"type Query {{ q{number}: T0_{number} }}"]
        for index in range(types):
            plain = " ".join(f"f{field}: String" for field in range(fields - 2))
            following = f"next: T{(index + 1) % types}_{number}"
            parts.append(f'type T{index}_{number} @key(fields: "id") {{ id: ID! {plain} {following} }}')
            if number:
                extended = f'@key(fields: "id") {{ id: ID! x{number}: Int }}'
                parts.append(f"type T{index}_{number - 1} {extended}")
        made.append(Subgraph(name=f"s{number}", url="http://s", sdl="\n".join(parts)))
    return made


def wide(implementations: int) -> list[Subgraph]:
    """Two subgraphs that share one interface with many implementations, each with fields of the interface."""
    names = [f"T{number}" for number in range(implementations)]
    fields = "id: ID! other: Node @shareable"
    first = [f'type {name} implements Node @key(fields: "id") {{ {fields} a: Int }}' for name in names]
    second = [f'type {name} implements Node @key(fields: "id") {{ {fields} b: Int }}' for name in names]
    interface = "interface Node { id: ID! other: Node }"
    return [
        Subgraph(
            name="a", url="http://a", sdl="\n".join([LINK, "type Query { a: Node }", interface, *first])
        ),
        Subgraph(
            name="b", url="http://b", sdl="\n".join([LINK, "type Query { b: Node }", interface, *second])
        ),
    ]


WORKLOADS = {
    "5 subgraphs of 100 types of 10 fields": chained(5, 100, 10),
    "10 subgraphs of 100 types of 10 fields": chained(10, 100, 10),
    "20 subgraphs of 100 types of 10 fields": chained(20, 100, 10),
    "1 interface with 250 implementations": wide(250),
    "1 interface with 500 implementations": wide(500),
    "1 interface with 1000 implementations": wide(1000),
}


def seconds(subgraphs: list[Subgraph], rounds: int) -> float:
    """CPU seconds of one composition: the median of the rounds."""
    seen = []
    for _ in range(rounds):
        began = time.process_time()
        compose(subgraphs)
        seen.append(time.process_time() - began)
    return round(statistics.median(seen), 2)


def publish(figures: Mapping[str, float]) -> None:
    """Write results/compose.json and results/compose.md, and print the table."""
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    about = f"{datetime.now(UTC):%Y-%m-%d}, revision {revision()}, {machine}"
    rows = "\n".join(f"| {workload} | {figure} |" for workload, figure in figures.items())
    text = f"# Composition\n\n`make bench-compose` — {about}\n\n| workload | CPU-s |\n| --- | --- |\n{rows}\n"
    (RESULTS / "compose.md").write_text(text)
    record = {"about": about, "command": "make bench-compose", "figures": dict(figures)}
    (RESULTS / "compose.json").write_text(json.dumps(record, indent=2) + "\n")
    print(text)


def main() -> None:
    """Compose each workload and report."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    rounds = options.parse_args().rounds
    publish({workload: seconds(subgraphs, rounds) for workload, subgraphs in WORKLOADS.items()})


if __name__ == "__main__":
    main()
