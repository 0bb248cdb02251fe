"""Other gateways, from npm: each starts on a supergraph and answers queries through the subgraphs' HTTP."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

HERE = Path(__file__).parent
NODE = HERE.parents[1] / ".venv" / "bin" / "node"
GATEWAYS = {"@apollo/gateway": HERE / "gateway.mjs", "@graphql-hive/gateway": HERE / "hive" / "gateway.mjs"}
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def ask_gateway(
    name: str, supergraph: str, queries: Sequence[str], headers: Mapping[str, str] = NO_HEADERS
) -> list[dict[str, Any]]:
    """The gateway's answers to the queries; each has `data` and the messages of its `errors`."""
    asked = {"supergraph": supergraph, "queries": list(queries), "headers": dict(headers)}
    script = GATEWAYS[name]
    ran = subprocess.run(
        [NODE, script],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=script.parent,
        timeout=120,
        env={"NODE_ENV": "production", "APOLLO_TELEMETRY_DISABLED": "1"},
    )
    assert ran.returncode == 0, ran.stderr
    answers: list[dict[str, Any]] = json.loads(ran.stdout)
    return answers
