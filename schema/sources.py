"""Reads what a person hands to composition: lists of subgraphs, single SDL files, and contracts.

A list is JSON: `[{"name": "users", "url": "http://...", "sdl": "..."}]`, or, as a `supergraph.yaml` has it,
`{"subgraphs": {"users": {"routing_url": "http://...", "schema": {"file": "users.graphql"}}}}`; files lie
beside the list. Contracts are `{"public": {"include": [], "exclude": ["internal"]}}`, in a file of their own
or under `contracts` of such a list.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schema.contracts.filter import Filter, FilterInvalid
from schema.document.parse import MAX_LENGTH
from schema.subgraph.model import Subgraph

MAX_LIST_BYTES = 256 * 1024 * 1024
MAX_SDL_BYTES = 4 * MAX_LENGTH
"""More bytes than that are more characters than composition reads."""

NAMED = re.compile(r"(?P<name>[^=]+)=(?P<path>.+?)(?:@(?P<url>[A-Za-z][A-Za-z0-9+.-]*://.*))?", re.DOTALL)
KEYS_OF_LIST = frozenset({"federation_version", "subgraphs", "contracts"})
KEYS_OF_CONTRACT = frozenset({"include", "exclude", "hide_unreachable"})


class SourcesUnreadable(Exception):
    """A file cannot be read or says something else; the message names it and what it should say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What was read; `files` says which file a subgraph's SDL stands in, for those that have one."""

    subgraphs: tuple[Subgraph, ...] = ()
    files: Mapping[str, str]
    contracts: Mapping[str, Filter]


def read_sources(lists: Iterable[Path] = (), named: Iterable[str] = ()) -> Sources:
    """All subgraphs of the lists and of `name=path[@url]`; raises SourcesUnreadable."""
    subgraphs: list[Subgraph] = []
    files: dict[str, str] = {}
    contracts: dict[str, Filter] = {}
    for path in lists:
        found = _read_list(path)
        subgraphs += found.subgraphs
        files |= found.files
        if both := sorted(contracts.keys() & found.contracts.keys()):
            raise SourcesUnreadable(f'{path}: contract "{both[0]}" stands in another list as well; keep one.')
        contracts |= found.contracts
    for text in named:
        subgraph, file = _read_named(text)
        subgraphs.append(subgraph)
        files[subgraph.name] = file
    return Sources(subgraphs=tuple(subgraphs), files=files, contracts=contracts)


def read_contracts(path: Path) -> Mapping[str, Filter]:
    """The contracts of a file of their own; raises SourcesUnreadable."""
    return _contracts(_read_json(path), str(path))


def _read_list(path: Path) -> Sources:
    content = _read_json(path)
    match content:
        case list():
            found = [_listed(path, number, entry) for number, entry in enumerate(content, start=1)]
            return Sources(subgraphs=tuple(found), files={}, contracts={})
        case {"subgraphs": dict() as entries}:
            _refuse_others(content, KEYS_OF_LIST, str(path))
            read = [_configured(path, name, entry) for name, entry in entries.items()]
            return Sources(
                subgraphs=tuple(subgraph for subgraph, _ in read),
                files={subgraph.name: file for subgraph, file in read if file},
                contracts=_contracts(content.get("contracts", {}), str(path)),
            )
        case _:
            raise SourcesUnreadable(
                f'{path}: a list of subgraphs is a JSON list of {{"name", "url", "sdl"}} or an object '
                f'{{"subgraphs": {{NAME: {{"routing_url", "schema": {{"file"}}}}}}}}.'
            )


def _listed(path: Path, number: int, entry: Any) -> Subgraph:
    match entry:
        case {"name": str() as name, "sdl": str() as sdl} if isinstance(entry.get("url", ""), str | None):
            return Subgraph(name=name, url=entry.get("url") or "", sdl=sdl)
        case dict():
            raise SourcesUnreadable(
                f'{path}: subgraph {number} must have "name", "url" and "sdl", each a string.'
            )
        case _:
            raise SourcesUnreadable(
                f'{path}: subgraph {number} must be a JSON object with "name", "url" and "sdl".'
            )


def _configured(path: Path, name: str, entry: Any) -> tuple[Subgraph, str]:
    """A subgraph of a list with file names, and its file."""
    match entry:
        case {"schema": {"file": str() as file}} if isinstance(entry.get("routing_url", ""), str | None):
            target = path.parent / file
            return Subgraph(name=name, url=entry.get("routing_url") or "", sdl=read_sdl(target)), str(target)
        case {"schema": {"sdl": str() as sdl}} if isinstance(entry.get("routing_url", ""), str | None):
            return Subgraph(name=name, url=entry.get("routing_url") or "", sdl=sdl), ""
        case _:
            raise SourcesUnreadable(
                f'{path}: subgraph "{name}" must have "schema" with a "file" or an "sdl", and "routing_url" '
                f"as a string; other sources are not asked, write their SDL to a file."
            )


def _read_named(text: str) -> tuple[Subgraph, str]:
    match = NAMED.fullmatch(text)
    if match is None:
        raise SourcesUnreadable(
            f"{text!r} names no subgraph: write NAME=PATH or NAME=PATH@URL, such as "
            f"users=users.graphql@http://users:4000/graphql."
        )
    path = Path(match["path"])
    return Subgraph(name=match["name"], url=match["url"] or "", sdl=read_sdl(path)), str(path)


def read_sdl(path: Path) -> str:
    """The text of one SDL file; raises SourcesUnreadable."""
    return _read_text(path, MAX_SDL_BYTES, "Split the subgraph.")


def _read_json(path: Path) -> Any:
    text = _read_text(path, MAX_LIST_BYTES, "Give the subgraphs as files.")
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: _object(path, pairs))
    except json.JSONDecodeError as error:
        line = text.splitlines()[error.lineno - 1 : error.lineno] or [""]
        start = max(0, error.colno - 80)
        raise SourcesUnreadable(
            f"{path}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}.\n"
            f"  {line[0][start : start + 160]}\n  {' ' * (error.colno - 1 - start)}^"
        ) from error
    except RecursionError as error:
        raise SourcesUnreadable(f"{path}: nests deeper than can be read.") from error


def _object(path: Path, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a name that stands twice would otherwise silently lose one subgraph or contract."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise SourcesUnreadable(f'{path}: "{name}" stands twice in one object; keep one.')
        found[name] = value
    return found


def _read_text(path: Path, limit: int, advice: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourcesUnreadable(f"{path} cannot be read: {reason}.") from error
    if len(content) > limit:
        raise SourcesUnreadable(f"{path} holds more than {limit:,} bytes. {advice}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourcesUnreadable(
            f"{path}:{line}: this is not UTF-8: byte 0x{content[error.start]:02x} at position {error.start}."
        ) from error


def _contracts(content: object, where: str) -> Mapping[str, Filter]:
    if not isinstance(content, dict):
        raise SourcesUnreadable(
            f'{where}: contracts are an object {{NAME: {{"include": [], "exclude": []}}}}.'
        )
    return {name: _contract(entry, f'{where}: contract "{name}"') for name, entry in content.items()}


def _contract(entry: object, where: str) -> Filter:
    if not isinstance(entry, dict):
        raise SourcesUnreadable(f'{where} must be an object with "include" and "exclude", lists of tags.')
    _refuse_others(entry, KEYS_OF_CONTRACT, where)
    hide = entry.get("hide_unreachable", True)
    if not isinstance(hide, bool):
        raise SourcesUnreadable(f'{where}: "hide_unreachable" must be true or false.')
    return filter_of(
        where, include=_tags(entry, "include", where), exclude=_tags(entry, "exclude", where), hide=hide
    )


def filter_of(where: str, *, include: Iterable[str], exclude: Iterable[str], hide: bool) -> Filter:
    """A filter; raises SourcesUnreadable when it makes no sense."""
    try:
        return Filter(include=frozenset(include), exclude=frozenset(exclude), hide_unreachable=hide)
    except FilterInvalid as error:
        raise SourcesUnreadable(f"{where}: {error}") from error


def _tags(entry: Mapping[str, Any], key: str, where: str) -> list[str]:
    tags = entry.get(key, [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise SourcesUnreadable(f'{where}: "{key}" must be a list of tags.')
    return tags


def _refuse_others(content: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    """A misspelt key must not be overlooked: without its `exclude`, a contract shows everything."""
    for key in content:
        if key not in known:
            raise SourcesUnreadable(f'{where}: "{key}" means nothing here; known are {_listing(known)}.')


def _listing(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in sorted(names))
