"""Another gateway, from npm: starts on a supergraph and answers queries through the subgraphs' HTTP."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

HERE = Path(__file__).parent
NODE = HERE.parents[1] / ".venv" / "bin" / "node"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def ask_gateway(
    supergraph: str, queries: Sequence[str], headers: Mapping[str, str] = NO_HEADERS
) -> list[dict[str, Any]]:
    """The gateway's answers to the queries; each has `data` and the messages of its `errors`."""
    asked = {"supergraph": supergraph, "queries": list(queries), "headers": dict(headers)}
    ran = subprocess.run(
        [NODE, HERE / "gateway.mjs"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=HERE,
        timeout=120,
        env={"NODE_ENV": "production", "APOLLO_TELEMETRY_DISABLED": "1"},
    )
    assert ran.returncode == 0, ran.stderr
    answers: list[dict[str, Any]] = json.loads(ran.stdout)
    return answers
