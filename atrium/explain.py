"""`atrium explain`: an operation and a supergraph in, the router's plan out."""

import json
import sys
from pathlib import Path

from atrium.failure import Failed
from router.errors import ClientError
from router.operation.normalise import normalise
from router.operation.parse import parse
from router.operation.validate import validate
from router.plan.display import show
from router.plan.serialise import to_json
from router.planner.planner import plan
from router.snapshot.build import build_snapshot
from schema.store import ARTEFACTS
from schema.supergraph.model import NotASupergraph


def explain(
    query: str,
    supergraph: Path | None,
    operation_name: str | None,
    *,
    labels: frozenset[str] = frozenset(),
    as_json: bool,
    in_parts: bool = False,
) -> None:
    """Print the plan of an operation, with these labels active; `in_parts`: for a client that takes such."""
    path = supergraph or ARTEFACTS / "supergraph.graphql"
    try:
        snapshot = build_snapshot(path.read_text(encoding="utf-8"))
        document = parse(_text_of(query))
        validate(document, snapshot.schema)
        operation = normalise(document, operation_name, snapshot.schema, in_parts=in_parts)
        made = plan(operation, snapshot.query_graph, labels=labels)
    except NotASupergraph as refused:
        raise Failed(f"{path} is not a supergraph: {refused}") from refused
    except ClientError as refused:
        raise Failed(
            "; ".join(f"{refused.code}: {problem.message}" for problem in refused.problems)
        ) from refused
    print(json.dumps(to_json(made), indent=2) if as_json else show(made))


def _text_of(query: str) -> str:
    """What the person meant: `-` is stdin; what has no brace is the name of a file."""
    if query == "-":
        return sys.stdin.read()
    if "{" in query:  # every operation has one, hardly any file does
        return query
    try:
        return Path(query).read_text(encoding="utf-8")
    except (OSError, ValueError) as cause:
        reason = getattr(cause, "strerror", None) or "it cannot be read as text"
        raise Failed(f"{query[:80]!r} is no operation, and no file that can be read: {reason}.") from cause
