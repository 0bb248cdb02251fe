"""`atrium schema`: subgraphs' SDL composed, written to the committed artefacts, compared with them."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from atrium.failure import Failed
from schema.compose import CompositionFailed, Subgraph
from schema.compose import compose as compose_subgraphs
from schema.errors import CompositionError


def compose(file: Path, *, as_json: bool) -> None:
    """Print the supergraph of the subgraphs in a file; hints go to stderr."""
    try:
        composed = compose_subgraphs(_subgraphs_of(file))
    except CompositionFailed as failed:
        _refuse(failed.errors, as_json=as_json)
    for hint in composed.hints:
        print(hint.as_text(), file=sys.stderr)
    sys.stdout.write(composed.supergraph_sdl)


def _refuse(errors: Iterable[CompositionError], *, as_json: bool) -> NoReturn:
    if as_json:
        print(json.dumps({"errors": [error.as_json() for error in errors]}, indent=2))
    else:
        for error in errors:
            print(error.as_text(), file=sys.stderr)
    sys.exit(1)


def _subgraphs_of(file: Path) -> list[Subgraph]:
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise Failed(f"{file} cannot be read as JSON: {problem}.") from problem
    if not isinstance(entries, list) or not entries:
        raise Failed(f'{file} must be a JSON list of {{"name", "url", "sdl"}}, with one entry at least.')
    return [_subgraph(entry, number) for number, entry in enumerate(entries, start=1)]


def _subgraph(entry: Any, number: int) -> Subgraph:
    if not isinstance(entry, dict):
        raise Failed(f"Entry {number} is not an object.")
    texts = {name: entry.get(name) for name in ("name", "url", "sdl")}
    texts["url"] = texts["url"] or ""
    wrong = [name for name, text in texts.items() if not isinstance(text, str)]
    if wrong or not texts["name"]:
        raise Failed(f"Entry {number}: {', '.join(wrong) or 'name'} must be a text.")
    return Subgraph(name=str(texts["name"]), url=str(texts["url"]), sdl=str(texts["sdl"]))
