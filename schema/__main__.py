"""Composition from the command line, without the platform: `python -m schema compose --subgraphs FILE`."""

import argparse
import sys
from pathlib import Path

from schema.compose_command import ComposeOptions, compose_command


def main() -> int:
    """Read the command line and run it."""
    parser = argparse.ArgumentParser(prog="python -m schema", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    composing = commands.add_parser("compose", help="print the supergraph of subgraphs")
    add = composing.add_argument
    add("--subgraphs", type=Path, action="append", default=[], help="list of subgraphs, JSON")
    add("--subgraph", action="append", default=[], help="NAME=PATH[@URL]")
    add("--contracts", type=Path, help="contracts, JSON")
    add("--contract", help="which contract to apply")
    add("--include-tag", action="append", default=[])
    add("--exclude-tag", action="append", default=[])
    add("--keep-unreachable", action="store_true")
    add("--output", type=Path)
    add("--hints", action="store_true")
    add("--format", choices=["text", "json"], default="text")
    arguments = parser.parse_args()
    return compose_command(
        ComposeOptions(
            lists=tuple(arguments.subgraphs),
            named=tuple(arguments.subgraph),
            contracts=arguments.contracts,
            contract=arguments.contract,
            include=tuple(arguments.include_tag),
            exclude=tuple(arguments.exclude_tag),
            hide_unreachable=not arguments.keep_unreachable,
            output=arguments.output,
            shows_hints=arguments.hints,
            format=arguments.format,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
