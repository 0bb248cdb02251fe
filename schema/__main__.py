"""Composition from the command line: `python -m schema compose --subgraphs FILE.json`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Literal

from schema.compose import compose
from schema.errors import CompositionFailed
from schema.store import SubgraphsUnreadable, read_subgraphs

Format = Literal["text", "json"]


def compose_command(path: Path, output: Format = "text") -> int:
    """Print the supergraph of the listed subgraphs, or every reason why there is none; the exit code."""
    try:
        subgraphs = read_subgraphs(path.read_text(encoding="utf-8"))
        composed = compose(subgraphs)
    except (OSError, UnicodeDecodeError) as error:
        return _failed(output, "SUBGRAPHS_UNREADABLE", f"{path} cannot be read: {error}")
    except SubgraphsUnreadable as error:
        return _failed(output, "SUBGRAPHS_UNREADABLE", f"{path}: {error}")
    except CompositionFailed as failure:
        if output == "json":
            print(json.dumps({"errors": [error.as_json() for error in failure.errors]}, indent=2))
        else:
            for problem in failure.errors:
                print(problem.as_text(), file=sys.stderr)
        return 1
    for hint in composed.hints:
        print(hint.as_text(), file=sys.stderr)
    sys.stdout.write(composed.supergraph_sdl)
    return 0


def _failed(output: Format, code: str, message: str) -> int:
    if output == "json":
        print(json.dumps({"errors": [{"code": code, "message": message}]}, indent=2))
    else:
        print(f"{code}: {message}", file=sys.stderr)
    return 1


def main() -> int:
    """Read the command line and run it."""
    parser = argparse.ArgumentParser(prog="python -m schema", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    composing = commands.add_parser("compose", help="print the supergraph of subgraphs")
    composing.add_argument("--subgraphs", type=Path, required=True, help='JSON: [{"name", "url", "sdl"}]')
    composing.add_argument("--format", choices=["text", "json"], default="text")
    arguments = parser.parse_args()
    return compose_command(arguments.subgraphs, arguments.format)


if __name__ == "__main__":
    sys.exit(main())
