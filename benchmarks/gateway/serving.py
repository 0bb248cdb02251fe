"""The router over the fixed subgraphs, for the duration of a measurement."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.gateway.subgraphs import descriptions
from benchmarks.processes import ATRIUM, Session, free_port, running, wait_for, wait_for_port


@contextmanager
def router_over_subgraphs(
    folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[int, Session]]:
    """Its port, and its processes."""
    subgraphs_port, port = free_port(), free_port()
    supergraph, described = folder / "supergraph.graphql", folder / "subgraphs.json"
    described.write_text(json.dumps(descriptions(subgraphs_port)))
    composed = subprocess.run(
        [ATRIUM, "schema", "compose", "--subgraphs", described], capture_output=True, check=True
    )
    supergraph.write_bytes(composed.stdout)
    router = [ATRIUM, "serve", "router", "--supergraph", str(supergraph), "--port", str(port)]
    serve_subgraphs = [sys.executable, "-m", "benchmarks.gateway.subgraphs", str(subgraphs_port)]
    with running(serve_subgraphs, folder / "subgraphs.log"):
        wait_for_port(subgraphs_port)
        with running(router, folder / "router.log", environment) as session:
            wait_for(f"http://127.0.0.1:{port}/readyz", session, folder / "router.log")
            yield port, session
