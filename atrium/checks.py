"""`atrium schema check --against` and `diff`: two schemas from wherever they are, and what is said of them.

Exit codes: 0 nothing that must not be, 1 a change that must not be (or subgraphs that do not compose), 2 what
was given cannot be understood.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atrium.failure import Failed
from atrium.schemas import current_supergraph
from schema.checks.check import Checked, check
from schema.checks.kinds import Criticality
from schema.checks.recorded import OperationsUnreadable, RecordedOperation, read_operations
from schema.checks.report import as_json, as_text
from schema.checks.side import NotComparable, Side, read_side
from schema.compose import compose
from schema.errors import CompositionFailed
from schema.sources import SourcesUnreadable, read_sources

REGISTERED = "registered"
MAX_BYTES = 256 * 1024 * 1024
"""Of one file: larger ones are not what they should be."""

ActiveSupergraph = Callable[[], str]
"""Asks a registry for the supergraph that is active there; raises Failed if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """What is held against what. Without subgraphs and supergraph the new schema is the platform's own."""

    against: str
    lists: tuple[Path, ...] = ()
    named: tuple[str, ...] = ()
    supergraph: Path | None = None
    operations: Path | None = None
    fail_on: Criticality = Criticality.BREAKING
    is_json: bool = False


class _NotUnderstood(Exception):
    """Something that was given cannot be read; says what it should be."""


def check_command(options: CheckOptions, active: ActiveSupergraph) -> int:
    """Say what changed and whether it may; the exit code."""
    try:
        old = _old_side(options.against, active)
        new = _new_side(options)
        operations = None if options.operations is None else _operations(options.operations)
        checked = check(old, new, operations, fail_on=options.fail_on)
    except CompositionFailed as failure:
        return _does_not_compose(failure, is_json=options.is_json)
    except (_NotUnderstood, NotComparable, SourcesUnreadable) as error:
        return not_understood(str(error), is_json=options.is_json)
    _print(as_json(checked) if options.is_json else as_text(checked))
    return 1 if checked.is_failed else 0


def diff_command(old: Path, new: Path, *, is_json: bool) -> int:
    """Say what changed, without a verdict; the exit code."""
    try:
        checked = check(_side(old), _side(new))
    except (_NotUnderstood, NotComparable) as error:
        return not_understood(str(error), is_json=is_json)
    _print(_changes_only(checked) if is_json else as_text(checked, with_verdict=False))
    return 0


def not_understood(message: str, *, is_json: bool) -> int:
    """Say why what was given cannot be used; the exit code."""
    if is_json:
        _print({"errors": [{"code": "NOT_UNDERSTOOD", "message": message}]})
    else:
        print(f"atrium: {message}", file=sys.stderr)
    return 2


def read_text(path: Path) -> str:
    """The text of a file; raises SourcesUnreadable."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise SourcesUnreadable(f"{path} has {size:,} bytes; more than {MAX_BYTES:,} are not read.")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourcesUnreadable(f"{path} cannot be read: {error}") from error


def _old_side(against: str, active: ActiveSupergraph) -> Side:
    if against == REGISTERED:
        try:
            return read_side(active(), "the registered supergraph")
        except Failed as error:
            raise _NotUnderstood(str(error)) from error
    return _side(Path(against))


def _new_side(options: CheckOptions) -> Side:
    if options.supergraph is not None:
        if options.lists or options.named:
            raise _NotUnderstood("Give subgraphs or a supergraph, not both.")
        return _side(options.supergraph)
    if options.lists or options.named:
        sources = read_sources(options.lists, options.named)
        return read_side(compose(sources.subgraphs).supergraph_sdl, "the composed supergraph")
    return read_side(current_supergraph(), "the platform's own supergraph")


def _side(path: Path) -> Side:
    return read_side(read_text(path), str(path))


def _operations(path: Path) -> Sequence[RecordedOperation]:
    try:
        return read_operations(read_text(path))
    except OperationsUnreadable as error:
        raise _NotUnderstood(f"{path}: {error}") from error


def _does_not_compose(failure: CompositionFailed, *, is_json: bool) -> int:
    if is_json:
        _print({"errors": [error.as_json() for error in failure.errors]})
    else:
        print("\n".join(error.as_text() for error in failure.errors), file=sys.stderr)
    return 1


def _changes_only(checked: Checked) -> Mapping[str, Any]:
    said = as_json(checked)
    return {"counts": said["counts"], "changes": said["changes"]}


def _print(said: str | Mapping[str, Any]) -> None:
    if isinstance(said, str):
        sys.stdout.write(said)
    else:
        print(json.dumps(said, indent=2))
