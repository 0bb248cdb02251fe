"""`atrium schema check --against` and `diff`: two schemas from wherever they are, and what is said of them.

Exit codes: 0 nothing that must not be, 1 a change that must not be (or subgraphs that do not compose), 2 what
was given cannot be understood.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atrium.failure import Failed
from schema.checks.check import Checked, check
from schema.checks.kinds import Criticality
from schema.checks.recorded import OperationsUnreadable, RecordedOperation, read_operations
from schema.checks.report import as_json, as_text
from schema.checks.side import NotComparable, Side, read_side
from schema.compose import compose
from schema.contracts.contract import apply
from schema.errors import CompositionFailed
from schema.nodes import with_nodes
from schema.sources import SourcesUnreadable, read_sources
from schema.subgraph.model import Subgraph

if TYPE_CHECKING:
    from atrium.active import Active

REGISTERED = "registered"
MAX_BYTES = 256 * 1024 * 1024
"""Of one file: larger ones are not what they should be."""

AskRegistry = Callable[[], "Active"]
"""Asks a registry what is active there; raises Failed if nothing is."""

AskOperations = Callable[[], Sequence[RecordedOperation]]
"""Asks a registry which operations it knows of; raises Failed if it cannot be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """What is held against what. Without subgraphs and supergraph the new schema is the platform's own.

    `with_others`: the subgraphs given replace those of the same name in the registry, and the others stay.
    `operations`: a file, or `registered` for those that the registry knows of.
    """

    against: str
    lists: tuple[Path, ...] = ()
    named: tuple[str, ...] = ()
    with_others: bool = False
    supergraph: Path | None = None
    operations: str | None = None
    fail_on: Criticality = Criticality.BREAKING
    is_json: bool = False


class _NotUnderstood(Exception):
    """Something that was given cannot be read; says what it should be."""


def check_command(options: CheckOptions, ask: AskRegistry, ask_operations: AskOperations) -> int:
    """Say what changed and whether it may; the exit code."""
    try:
        registered = _registered(options, ask)
        old = _side(Path(options.against)) if registered is None else _registered_side(registered)
        new = _new_side(options, registered)
        operations = _operations(options.operations, ask_operations)
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


def _registered(options: CheckOptions, ask: AskRegistry) -> "Active | None":
    if options.against != REGISTERED:
        return None
    try:
        return ask()
    except Failed as error:
        raise _NotUnderstood(str(error)) from error


def _registered_side(registered: "Active") -> Side:
    return read_side(registered.sdl, "the registered supergraph")


def _new_side(options: CheckOptions, registered: "Active | None") -> Side:
    """The new schema; composed if it is given as subgraphs, as the same variant that is registered."""
    if options.supergraph is not None:
        if options.lists or options.named:
            raise _NotUnderstood("Give subgraphs or a supergraph, not both.")
        return _side(options.supergraph)
    if options.lists or options.named:
        subgraphs = _subgraphs(options, registered)
        if registered is not None:  # whose composer does the same
            subgraphs = with_nodes(subgraphs)
        name, sdl = "the composed supergraph", compose(subgraphs).supergraph_sdl
    else:
        # The domains take a second to import, and few checks need them.
        from atrium.schemas import current_supergraph

        name, sdl = "the platform's own supergraph", current_supergraph()
    if registered is not None and registered.contract is not None:
        sdl = apply(sdl, registered.contract).supergraph_sdl
    return read_side(sdl, name)


def _subgraphs(options: CheckOptions, registered: "Active | None") -> Sequence[Subgraph]:
    given = read_sources(options.lists, options.named).subgraphs
    if registered is None or not options.with_others:
        return given
    others = {subgraph.name: subgraph for subgraph in registered.subgraphs}
    # A name given twice is for composition to refuse.
    return [*(others[name] for name in others.keys() - {one.name for one in given}), *given]


def _side(path: Path) -> Side:
    return read_side(read_text(path), str(path))


def _operations(wanted: str | None, ask: AskOperations) -> Sequence[RecordedOperation] | None:
    if wanted is None:
        return None
    try:
        return ask() if wanted == REGISTERED else read_operations(read_text(Path(wanted)))
    except Failed as error:
        raise _NotUnderstood(str(error)) from error
    except OperationsUnreadable as error:
        raise _NotUnderstood(f"{wanted}: {error}") from error


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
