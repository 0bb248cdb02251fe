"""The compose command: files in, a supergraph or one API variant of it out, or every reason why not."""

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from schema.compose import Composed, compose
from schema.contracts.contract import apply
from schema.contracts.filter import Filter
from schema.errors import CompositionFailed
from schema.hints import Hint, Level
from schema.nodes import with_nodes
from schema.sources import Sources, SourcesUnreadable, filter_of, read_contracts, read_sources

Format = Literal["text", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeOptions:
    """What to compose and how to say it.

    `lists` are files with several subgraphs, `named` single ones as `name=path[@url]`. A contract is one of
    a file by its name, or said in tags. With `nodes` the router answers `Query.node`. All hints are shown on
    demand, warnings always.
    """

    lists: tuple[Path, ...] = ()
    named: tuple[str, ...] = ()
    contracts: Path | None = None
    contract: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hide_unreachable: bool = True
    nodes: bool = False
    output: Path | None = None
    shows_hints: bool = False
    format: Format = "text"


def compose_command(options: ComposeOptions) -> int:
    """Write the supergraph where it is wanted, or the errors; the exit code."""
    files: Mapping[str, str] = {}
    try:
        sources = read_sources(options.lists, options.named)
        files = sources.files
        wanted = _filter(options, sources)
        subgraphs = sources.subgraphs
        composed = compose(with_nodes(subgraphs) if options.nodes else subgraphs)
        hints = composed.hints
        if wanted is not None:
            composed = apply(composed.supergraph_sdl, wanted)
            hints += composed.hints
        _write(composed, options.output)
    except SourcesUnreadable as error:
        return _unreadable(options, str(error))
    except CompositionFailed as failure:
        return _failed(options, failure, files)
    _show(hints if options.shows_hints else _warnings(hints), files)
    return 0


def _filter(options: ComposeOptions, sources: Sources) -> Filter | None:
    """The contract that is wanted, if any."""
    if options.contract is None:
        if options.include or options.exclude:
            return filter_of(
                "The contract",
                include=options.include,
                exclude=options.exclude,
                hide=options.hide_unreachable,
            )
        if options.contracts is not None:
            raise SourcesUnreadable("Say which of the contracts with --contract NAME.")
        return None
    if options.include or options.exclude:
        raise SourcesUnreadable("A contract comes from a file or is said in tags, not both.")
    known = read_contracts(options.contracts) if options.contracts is not None else sources.contracts
    if options.contract not in known:
        names = ", ".join(f'"{name}"' for name in sorted(known)) or "none"
        raise SourcesUnreadable(f'There is no contract "{options.contract}"; known: {names}.')
    return known[options.contract]


def _write(composed: Composed, output: Path | None) -> None:
    """To stdout, or into the file: whole or not at all, so that a router never reads half of it."""
    if output is None:
        sys.stdout.write(composed.supergraph_sdl)
        return
    try:
        descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(composed.supergraph_sdl)
            mode = output.stat().st_mode & 0o777 if output.exists() else 0o644
            Path(name).chmod(mode)
            Path(name).replace(output)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SourcesUnreadable(f"{output} cannot be written: {error.strerror or error}.") from error


def _failed(options: ComposeOptions, failure: CompositionFailed, files: Mapping[str, str]) -> int:
    if options.format == "json":
        sys.stdout.write(
            json.dumps({"errors": [error.as_json() for error in failure.errors]}, indent=2) + "\n"
        )
    else:
        for problem in failure.errors:
            _say(problem.as_text(files))
    return 1


def _unreadable(options: ComposeOptions, message: str) -> int:
    if options.format == "json":
        sys.stdout.write(
            json.dumps({"errors": [{"code": "SUBGRAPHS_UNREADABLE", "message": message}]}, indent=2) + "\n"
        )
    else:
        _say(f"SUBGRAPHS_UNREADABLE: {message}")
    return 1


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _show(hints: Iterable[Hint], files: Mapping[str, str]) -> None:
    for hint in hints:
        _say(hint.as_text(files))


def _warnings(hints: Iterable[Hint]) -> Iterable[Hint]:
    return (hint for hint in hints if hint.level is Level.WARNING)
