"""`atrium schema lint`: whether schemas keep to the conventions one has chosen.

Exit codes: 0 no error was found, 1 one was, 2 what was given cannot be understood.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from atrium.checks import not_understood, read_text
from schema.lint.finding import Level
from schema.lint.levels import Levels, RulesUnreadable, read_levels, with_options
from schema.lint.lint import NotASchema, as_json, as_text, is_failed, lint
from schema.lint.rules import RULES
from schema.sources import SourcesUnreadable, read_sources
from schema.subgraph.model import Subgraph


@dataclass(frozen=True, slots=True, kw_only=True)
class LintOptions:
    """What to look at, and which rules apply. Without documents they are the platform's own subgraphs."""

    documents: tuple[Path, ...] = ()
    lists: tuple[Path, ...] = ()
    rules: Path | None = None
    changed: tuple[str, ...] = ()
    is_json: bool = False


def lint_command(options: LintOptions) -> int:
    """Say what was found; the exit code."""
    try:
        levels = Levels()
        if options.rules is not None:
            levels = _levels_of(options.rules, levels)
        found = lint(_documents(options), with_options(levels, options.changed))
    except (RulesUnreadable, SourcesUnreadable, NotASchema) as error:
        return not_understood(str(error), is_json=options.is_json)
    if options.is_json:
        print(json.dumps(as_json(found), indent=2))
    else:
        sys.stdout.write(as_text(found))
    return 1 if is_failed(found) else 0


def list_rules() -> None:
    """Show every rule with its level and what it demands."""
    width = max(len(name) for name in RULES)
    for name, rule in RULES.items():
        level = "off" if rule.level is Level.OFF else rule.level.value
        print(f"{name:{width}}  {level:5}  {rule.demands}")


def _levels_of(path: Path, levels: Levels) -> Levels:
    try:
        return read_levels(read_text(path), levels)
    except RulesUnreadable as error:
        raise RulesUnreadable(f"{path}: {error}") from error


def _documents(options: LintOptions) -> Sequence[Subgraph]:
    given = [Subgraph(name=str(path), sdl=read_text(path)) for path in options.documents]
    if options.lists:
        given += read_sources(options.lists).subgraphs
    if given:
        return given
    # The domains take a second to import, and files do not need them.
    from atrium.schemas import current_subgraphs

    return current_subgraphs()
