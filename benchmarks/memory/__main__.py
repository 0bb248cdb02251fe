"""Memory of the router over many requests: `python -m benchmarks.memory [--requests N]`."""

import argparse
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.gateway.__main__ import WORKLOADS
from benchmarks.gateway.serving import router_over_subgraphs
from benchmarks.load import Job
from benchmarks.planning.fresh import reshaped
from benchmarks.processes import load
from benchmarks.report import RESULTS, about

STEPS = 10
MIXES: Mapping[str, int] = {"known queries": 0, "one in twenty was never seen": 20}
"""How often a query is new: one in so many, 0: never."""


def bodies(step: int, count: int, one_in: int) -> list[str]:
    """All workloads in turn; those that are new differ in every step."""
    queries = list(WORKLOADS.values())
    found = []
    for number in range(count if one_in else 12 * len(queries)):
        query = queries[number % len(queries)]
        if one_in and number % one_in == 0:
            query = reshaped(query, step * count + number)
        found.append(json.dumps({"query": query, "variables": {"n": f"p{number % 12}"}}))
    return found


def run(requests: int, one_in: int) -> list[float]:
    """MiB of all the router's processes: after its start, then after every step."""
    each = requests // STEPS
    with tempfile.TemporaryDirectory() as name, router_over_subgraphs(Path(name)) as (port, session):
        seen = [session.memory_mib()]
        for step in range(STEPS):
            job = Job(port=port, path="/graphql", bodies=bodies(step, each, one_in), requests=each)
            measured = load(job)
            assert not measured.failed, "an answer had errors"
            seen.append(session.memory_mib())
        return seen


def main() -> None:
    """Measure and report."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=100_000)
    requests: int = options.parse_args().requests
    found = {mix: [round(each, 1) for each in run(requests, one_in)] for mix, one_in in MIXES.items()}
    steps = [f"{step * requests // STEPS:,}" for step in range(STEPS + 1)]
    rows = [f"| {mix} | {' | '.join(str(each) for each in seen)} |" for mix, seen in found.items()]
    text = f"""# Memory of the router over many requests

`make bench-memory` — {about()}

| MiB after requests | {" | ".join(steps)} |
| --- |{" --- |" * (STEPS + 1)}
{chr(10).join(rows)}

- Resident memory of all its processes, the planner's with them; what they share counts for each.
- The workloads of the gateway's benchmark in turn, 16 connections.
- New queries fill the caches, which are bounded: 1,000 entries each.
"""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "memory.md").write_text(text)
    (RESULTS / "memory.json").write_text(json.dumps({"about": about(), "mib": found}, indent=2) + "\n")
    print(text)


if __name__ == "__main__":
    main()
