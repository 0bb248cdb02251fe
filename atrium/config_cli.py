"""`atrium config check|print|schema|reference`: the settings file, looked at."""

import json
import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from atrium.failure import Failed
from atrium.format import AsFormat, Format


class Part(StrEnum):
    """What is to be started with the settings."""

    UP = "up"
    ROUTER = "router"
    SUBGRAPH = "subgraph"
    WORKER = "worker"


File = Annotated[
    Path | None,
    typer.Argument(help="By default the one of --config or ATRIUM_CONFIG, else atrium.yaml.", dir_okay=False),
]


def add_config(app: typer.Typer) -> None:
    """Give the application `config` with its commands."""
    config = typer.Typer(help="Look at the settings: a file and the environment.", no_args_is_help=True)
    config.command("check")(check)
    config.command("print")(show)
    config.command("schema")(schema)
    config.command("reference")(reference)
    app.add_typer(config, name="config")


def check(
    file: File = None,
    part: Annotated[
        Part | None, typer.Option("--for", help="Also name what is missing to start this part.")
    ] = None,
) -> None:
    """Say whether a settings file can be used; every mistake with its line and column."""
    from atrium.config import chosen_file, read_config

    path = chosen_file(file, os.environ)
    if path is None and part is None:
        raise Failed("There is no settings file: name one, or make atrium.yaml.")
    config = None if path is None else read_config(path)
    problems = [] if config is None else [str(problem) for problem in config.problems]
    if part is not None and not problems:
        laid = {**os.environ, **({} if config is None else config.under(os.environ))}
        problems = _missing(part, laid)
    if problems:
        raise Failed("\n".join(problems))
    if config is not None and config.is_open:
        print(f"atrium: {path} has secrets in it, and others may read it: chmod 600 {path}", file=sys.stderr)
    held = f"{len(config.given)} settings" if config is not None else "no settings file"
    print(f"{path or 'The environment'} is fine: {held}.")


def show(
    file: File = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only what is not as by default.")] = False,
    format: AsFormat = Format.TEXT,
) -> None:
    """Print what holds, and where each value comes from; secrets are not shown."""
    from atrium.config import chosen_file, effective, read_config

    path = chosen_file(file, os.environ)
    config = None if path is None else read_config(path)
    if config is not None and config.problems:
        raise Failed("\n".join(map(str, config.problems)))
    rows = [each for each in effective(config, os.environ) if not changed or each.source != "default"]
    if format is Format.JSON:
        entries = [
            {
                "setting": each.known.name,
                "variable": each.known.variable,
                "value": each.shown,
                "source": each.source,
            }
            for each in rows
        ]
        print(json.dumps(entries, indent=2))
        return
    for each in rows:
        value = "(not set)" if each.shown is None else each.shown
        print(f"{each.known.name} = {value}  # {each.source}")


def schema() -> None:
    """Print the JSON Schema (2020-12) of the settings file, for editors and checkers."""
    from atrium.config_schema import json_schema

    print(json.dumps(json_schema(), indent=2))


def reference() -> None:
    """Print every setting with its meaning, as Markdown: what docs/settings.md holds."""
    from atrium.config_schema import markdown

    print(markdown(), end="")


def _missing(part: Part, environment: Mapping[str, str]) -> list[str]:
    """What the part could not start without; its own settings values are read as it would read them."""
    from atrium.config_parts import problems_to_start

    if part is not Part.UP:
        return problems_to_start(part.value, environment)
    from atrium.environment import check_environment

    try:
        check_environment(environment)
    except Failed as problems:
        return str(problems).split("; ")
    return []
