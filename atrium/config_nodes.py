"""The text of a settings file as values that know where they stand; no key and no value is judged here."""

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from atrium.failure import Failed

LARGEST_FILE = 1_000_000
_LARGEST_SECRET = 65_536
_DEEPEST = 20
_REFERENCE = re.compile(r"\$(?:\$\{|\{(?P<source>[a-z]+):(?P<name>[^{}]+)\})")
_PLAIN = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp")
)
_NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place in the file, counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where."""

    spot: Spot
    sentence: str

    def __str__(self) -> str:
        return f"{self.spot}: {self.sentence}"


class Unreadable(Failed):
    """The file is no settings file at all."""


class Unresolved(Exception):
    """A reference leads nowhere; the message shows no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A key of a mapping and what it holds."""

    name: str
    spot: Spot
    node: yaml.Node


Look = Callable[[str], str]
"""Gives the text with its references resolved; raises Unresolved."""


def read_nodes(path: Path) -> yaml.Node | None:
    """The file's root, None if it is empty; raises Unreadable."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise Unreadable(f"{path} is larger than {LARGEST_FILE} bytes.")
        text = content.decode("utf-8")
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise Unreadable(f"{spot_of(path, event)}: aliases (*{event.anchor}) have no place here.")
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    except OSError as problem:
        raise Unreadable(f"{path} cannot be read: {problem.strerror or problem}.") from problem
    except UnicodeDecodeError as problem:
        raise Unreadable(f"{path} is not UTF-8 (byte {problem.start}).") from problem
    except yaml.MarkedYAMLError as problem:
        raise Unreadable(f"{_where(path, problem.problem_mark)}: {problem.problem}.") from problem
    except (yaml.YAMLError, RecursionError) as problem:
        raise Unreadable(f"{path} is not YAML: {str(problem).splitlines()[0]}.") from problem


def spot_of(path: Path, node: Any) -> Spot:
    """Where a node begins."""
    mark = node.start_mark
    return Spot(file=str(path), line=mark.line + 1, column=mark.column + 1)


def _where(path: Path, mark: Any) -> str:
    return str(path) if mark is None else f"{path}:{mark.line + 1}:{mark.column + 1}"


def items_of(path: Path, node: yaml.MappingNode, problems: list[Problem]) -> list[Item]:
    """The keys of a mapping in their order; a key that is no text, or is there twice, is a problem."""
    items: dict[str, Item] = {}
    for key, value in node.value:
        spot = spot_of(path, key)
        if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
            problems.append(Problem(spot, "a key has to be a name."))
        elif key.value in items:
            problems.append(Problem(spot, f"{key.value!r} stands here twice."))
        else:
            items[key.value] = Item(name=key.value, spot=spot, node=value)
    return list(items.values())


def is_empty(node: yaml.Node) -> bool:
    """There is a key, and nothing behind it."""
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL and not node.style


def value_of(node: yaml.Node, look: Look, depth: int = 0) -> Any:
    """The node as text, list or mapping; scalars as they are written. Raises ValueError or Unresolved."""
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    match node:
        case yaml.ScalarNode():
            if node.tag not in _PLAIN:
                tag = node.tag.replace("tag:yaml.org,2002:", "!!")
                raise ValueError(f"the tag {tag} has no place here")
            return look(node.value)
        case yaml.SequenceNode():
            return [value_of(each, look, depth + 1) for each in node.value]
        case yaml.MappingNode():
            return _mapping(node, look, depth)
    raise ValueError("it is no value")


def _mapping(node: yaml.MappingNode, look: Look, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.value in found:
            raise ValueError(f"line {key.start_mark.line + 1} has a key that is no name, or is there twice")
        found[key.value] = value_of(value, look, depth + 1)
    return found


def written(node: yaml.Node) -> str:
    """The node as it stands in the file, references unresolved; on one line."""
    value = value_of(node, lambda text: text)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def is_one_reference(text: str) -> bool:
    """All of it is looked up elsewhere, so the text itself gives nothing away."""
    found = _REFERENCE.fullmatch(text)
    return found is not None and found["source"] is not None


def resolver(path: Path, environment: Mapping[str, str] | None = None) -> Look:
    """Fills in `${env:NAME}` and `${file:PATH}`, the latter from the settings file's folder.

    `$${` stands for `${`.
    """
    known = os.environ if environment is None else environment

    def fill(found: re.Match[str]) -> str:
        match found["source"]:
            case None:
                return "${"
            case "env":
                return _from_environment(found["name"], known)
            case "file":
                return _from_file(path.parent / found["name"], found["name"])
        raise Unresolved(f"${{{found['source']}:...}} is unknown; there are ${{env:NAME}} and ${{file:PATH}}")

    return lambda text: _REFERENCE.sub(fill, text) if "${" in text else text


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    if name not in environment:
        raise Unresolved(f"the variable {name} is not set")
    return environment[name]


def _from_file(path: Path, shown: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_SECRET + 1)
        if len(content) > _LARGEST_SECRET:
            raise Unresolved(f"{shown} is larger than {_LARGEST_SECRET} bytes")
        return content.decode("utf-8").rstrip("\r\n")
    except OSError as problem:
        raise Unresolved(f"{shown} cannot be read: {problem.strerror or problem}") from problem
    except UnicodeDecodeError as problem:
        raise Unresolved(f"{shown} is not UTF-8") from problem
