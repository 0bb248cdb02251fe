"""The router over four fixed subgraphs: `python -m benchmarks.gateway [--requests N] [--rounds N]`."""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.gateway.subgraphs import descriptions
from benchmarks.load import Job
from benchmarks.processes import ATRIUM, free_port, running, wait_for, wait_for_port
from benchmarks.report import Figures, measure, publish

NOT_MERGED = {"ATRIUM_ROUTER_SHARE_REQUESTS": "no", "ATRIUM_ROUTER_SHARE_FETCHES": "no"}
WORKLOADS = {
    "small (1 fetch)": "query($n: ID!) { person(id: $n) { id name team } }",
    "medium (3 fetches)": """query($n: ID!) {
        person(id: $n) { name applications { title } runs { id prompt tokens } }
    }""",
    "large (7 fetches, 20 applications)": """query($n: ID!) {
        person(id: $n) { name }
        applications(first: 20) {
            title label cents owner { name team applications { slug } }
            runs { prompt tokens by { name email } application { title cents } }
        }
    }""",
}


def main() -> None:
    """Compose, start, load, report."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=2000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", help="a part of a workload's name")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures = run(Path(name), arguments.requests, arguments.rounds, arguments.only or "")
    publish(
        "gateway",
        "The router over fixed subgraphs",
        "make bench-gateway",
        figures,
        ["Nothing is merged in flight: that is switched off.", "16 connections."],
    )


def run(folder: Path, requests: int, rounds: int, only: str) -> dict[str, Figures]:
    """The figures of every workload."""
    subgraphs_port, port = free_port(), free_port()
    supergraph = folder / "supergraph.graphql"
    described = folder / "subgraphs.json"
    described.write_text(json.dumps(descriptions(subgraphs_port)))
    composed = subprocess.run(
        [ATRIUM, "schema", "compose", "--subgraphs", described], capture_output=True, check=True
    )
    supergraph.write_bytes(composed.stdout)
    router = [ATRIUM, "serve", "router", "--supergraph", str(supergraph), "--port", str(port)]
    serve_subgraphs = [sys.executable, "-m", "benchmarks.gateway.subgraphs", str(subgraphs_port)]
    with running(serve_subgraphs, folder / "subgraphs.log"):
        wait_for_port(subgraphs_port)
        with running(router, folder / "router.log", NOT_MERGED) as session:
            wait_for(f"http://127.0.0.1:{port}/readyz", session, folder / "router.log")
            figures = {}
            for workload, query in WORKLOADS.items():
                if only in workload:
                    bodies = [json.dumps({"query": query, "variables": {"n": f"p{n}"}}) for n in range(12)]
                    job = Job(port=port, path="/graphql", bodies=bodies, requests=requests)
                    figures[workload] = measure(session, job, rounds)
            print(f"router memory after the load: {session.memory_mib():.0f} MiB")
            return figures


if __name__ == "__main__":
    main()
