"""What a query costs that the router has never seen: `python -m benchmarks.planning.fresh [--requests N]`."""

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.gateway.__main__ import WORKLOADS
from benchmarks.gateway.serving import router_over_subgraphs
from benchmarks.load import Job
from benchmarks.processes import load
from benchmarks.report import Figures, measure_each, publish

Body = Callable[[str, int], str]


def known(query: str, _: int) -> str:
    """The query as it is."""
    return query


def renamed(query: str, number: int) -> str:
    """The query under another name: read and checked anew, its plan is known."""
    return query.replace("query(", f"query N{number}(", 1)


def reshaped(query: str, number: int) -> str:
    """The query with other names for what it asks: planned anew as well."""
    return query.replace("person(", f"p{number}: person(", 1)


WAYS: Mapping[str, Body] = {
    "known": known,
    "under a new name": renamed,
    "new altogether": reshaped,
}


def run(folder: Path, requests: int, rounds: int) -> dict[str, Figures]:
    """Figures by workload and way; every round has queries of its own."""
    figures: dict[str, Figures] = {}
    with router_over_subgraphs(folder, {"ATRIUM_ROUTER_SHARE_REQUESTS": "no"}) as (port, session):
        for workload, query in WORKLOADS.items():
            for number, (way, change) in enumerate(WAYS.items()):
                rounds_from = range(number * 10**6, number * 10**6 + requests * (rounds + 1), requests)
                jobs = [
                    Job(port=port, path="/graphql", bodies=bodies, requests=requests, connections=4)
                    for bodies in (_bodies(query, change, start, requests) for start in rounds_from)
                ]
                load(jobs[0])
                figures[f"{workload}, {way}"] = measure_each(session, jobs[1:])
    return figures


def _bodies(query: str, change: Body, start: int, count: int) -> list[str]:
    return [
        json.dumps({"query": change(query, number), "variables": {"n": f"p{number % 12}"}})
        for number in range(start, start + count)
    ]


def main() -> None:
    """Measure and report."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=300)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures = run(Path(name), given.requests, given.rounds)
    publish(
        "fresh",
        "Queries that the router has never seen",
        "make bench-fresh",
        figures,
        [
            "New under a name: the document is read and checked; the plan is known.",
            "New altogether: one field has an alias of its own each time, so it is planned as well.",
            "4 connections; identical requests in flight are not merged.",
        ],
    )


if __name__ == "__main__":
    main()
