"""The router by itself: `python -m router serve|explain|check`."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from router.app import serve_standalone
from router.artefacts.reader import SourceUnavailable
from router.errors import ClientError
from router.http.serve import CannotListen
from router.operation.normalise import normalise
from router.operation.parse import parse
from router.operation.validate import validate
from router.plan.display import show
from router.plan.serialise import to_json
from router.planner.planner import plan
from router.settings import RouterSettings, SettingRefused, with_environment
from router.snapshot.build import Snapshot
from router.snapshot.load import FileSource, load_now
from schema.supergraph.model import NotASupergraph


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 1 means that the input was refused, 2 that the command was written wrongly."""
    options = _parser().parse_args(arguments)
    try:
        match options.command:
            case "serve":
                _serve(options)
            case "explain":
                _explain(options)
            case _:
                _check(options)
    except (SettingRefused, SourceUnavailable, NotASupergraph, CannotListen) as refused:
        print(refused, file=sys.stderr)
        return 1
    except ClientError as refused:
        for problem in refused.problems:
            print(f"{refused.code}: {problem.message}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m router", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer GraphQL over HTTP subgraphs")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--development", action="store_true", help="introspection and explorer on")
    explain = commands.add_parser("explain", help="print the plan of an operation")
    explain.add_argument("query", help="the operation's text, or - for standard input")
    explain.add_argument("--format", choices=("text", "json"), default="text")
    check = commands.add_parser("check", help="say whether the supergraph can be used")
    for command in (serve, explain, check):
        command.add_argument("--supergraph", type=Path, required=True)
    return parser


def _serve(options: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    settings = with_environment(RouterSettings(is_development=options.development), os.environ)
    serve_standalone(settings, options.supergraph, host=options.host, port=options.port)


def _explain(options: argparse.Namespace) -> None:
    snapshot = _loaded(options.supergraph)
    document = parse(sys.stdin.read() if options.query == "-" else options.query)
    validate(document, snapshot.schema)
    made = plan(normalise(document, None, snapshot.schema), snapshot.query_graph)
    print(json.dumps(to_json(made), indent=2) if options.format == "json" else show(made))


def _check(options: argparse.Namespace) -> None:
    snapshot = _loaded(options.supergraph)
    print(f"{options.supergraph} is a supergraph of {', '.join(sorted(snapshot.addresses))}.")


def _loaded(path: Path) -> Snapshot:
    snapshot = load_now(FileSource(path))
    assert snapshot is not None  # a source gives its text the first time
    return snapshot


if __name__ == "__main__":
    sys.exit(main())
