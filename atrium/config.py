"""The settings file: read, checked against what can be set, and laid under the environment.

read → look up keys → resolve references → check values → what the environment does not say already
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from atrium.config_nodes import (
    Look,
    Problem,
    Spot,
    Unresolved,
    is_empty,
    is_one_reference,
    items_of,
    read_nodes,
    resolver,
    spot_of,
    value_of,
    written,
)
from atrium.config_places import Known, known_settings, wrong_values
from atrium.failure import Failed
from common.setting_kinds import nearest

DEFAULT_FILE = Path("atrium.yaml")
VARIABLE = "ATRIUM_CONFIG"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the file says of one setting.

    `value` is that with references resolved, `text` the same as a variable has it, `shown` what is written.
    """

    known: Known
    spot: Spot
    value: Any
    text: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A settings file as it was read, with everything that is wrong with it."""

    path: Path
    given: Mapping[str, Given]
    problems: Sequence[Problem]

    @property
    def is_open(self) -> bool:
        """It has secrets of its own, and more people than its owner may read it."""
        has_secrets = any(
            each.known.is_secret and not is_one_reference(each.shown) for each in self.given.values()
        )
        return has_secrets and bool(self.path.stat().st_mode & 0o077)

    def under(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The variables of the file that the environment does not have itself."""
        return {name: each.text for name, each in self.given.items() if name not in environment}


def chosen_file(path: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Which file holds: the one named, the one in ATRIUM_CONFIG, `atrium.yaml` if it is there, or none."""
    if path is not None:
        return path
    if said := environment.get(VARIABLE):
        return Path(said)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def use_config(path: Path | None, environment: MutableMapping[str, str] | None = None) -> None:
    """Lay the settings file under this process' environment; raises Failed with all that is wrong with it."""
    target = os.environ if environment is None else environment
    chosen = chosen_file(path, target)
    if chosen is None:
        return
    config = read_config(chosen, target)
    if config.problems:
        raise Failed("\n".join(map(str, config.problems)))
    target.update(config.under(target))
    target[VARIABLE] = str(chosen.absolute())


def read_config(path: Path, environment: Mapping[str, str] | None = None) -> Config:
    """The file's settings, and all that is wrong with them at once; raises Failed if it is not YAML."""
    reader = _Reader(path, resolver(path, environment))
    reader.read(read_nodes(path))
    given = {each.known.variable: each for each in reader.given}
    values = {name: each.value for name, each in given.items()}
    texts = {name: each.text for name, each in given.items()}
    wrong = [
        Problem(given[each.variable].spot, f"{given[each.variable].known.name}: {each.message}.")
        for each in wrong_values(values, texts)
        if each.variable in given
    ]
    problems = sorted([*reader.problems, *wrong], key=lambda each: (each.spot.line, each.spot.column))
    return Config(path=path, given=given, problems=problems)


class _Reader:
    """Walks the file along the places that are known."""

    def __init__(self, path: Path, look: Look) -> None:
        self._path = path
        self._look = look
        self._known = known_settings()
        self._sections = {known[:depth] for known in self._known for depth in range(len(known))}
        self.given: list[Given] = []
        self.problems: list[Problem] = []

    def read(self, root: yaml.Node | None) -> None:
        """Take everything that the file says."""
        if root is not None and not is_empty(root):
            self._section((), root, spot_of(self._path, root))

    def _section(self, path: tuple[str, ...], node: yaml.Node, spot: Spot) -> None:
        if is_empty(node):
            return
        if not isinstance(node, yaml.MappingNode):
            self._problem(spot, f"{_named(path)} holds settings by name, not a value.")
            return
        for item in items_of(self._path, node, self.problems):
            place = (*path, item.name)
            if place in self._known:
                self._setting(self._known[place], item.node, item.spot)
            elif place in self._sections:
                self._section(place, item.node, item.spot)
            else:
                self._problem(item.spot, f"{'.'.join(place)} is not a setting{self._meant(place)}")

    def _setting(self, known: Known, node: yaml.Node, spot: Spot) -> None:
        if is_empty(node):
            self._problem(spot, f"{known.name} has no value: give one, or take the key away.")
            return
        try:
            value = value_of(node, self._look)
            shown = written(node)
            text = _text_of(known, value)
        except (ValueError, Unresolved) as problem:
            self._problem(spot, f"{known.name}: {problem}.")
            return
        self.given.append(
            Given(
                known=known,
                spot=spot,
                value=_structure(text) if known.is_json else text,
                text=text,
                shown=shown,
            )
        )

    def _meant(self, place: tuple[str, ...]) -> str:
        elsewhere = sorted(".".join(known) for known in self._known if known[-1] == place[-1])
        if elsewhere:
            return f", did you mean {elsewhere[0]}?"
        depth = len(place) - 1
        beside = {known[depth] for known in self._known if len(known) > depth and known[:depth] == place[:-1]}
        near = nearest(place[-1], beside)
        return f", did you mean {near}?" if near else "."

    def _problem(self, spot: Spot, sentence: str) -> None:
        self.problems.append(Problem(spot, sentence))


def _structure(text: str) -> Any:
    """What JSON says; a text that is none means itself, for whoever reads it to refuse."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _named(path: tuple[str, ...]) -> str:
    return ".".join(path) or "The file"


def _text_of(known: Known, value: Any) -> str:
    """The value as a variable has it; raises ValueError."""
    if isinstance(value, str):
        return value
    if known.is_json:
        return json.dumps(value)
    if not known.is_list:
        raise ValueError("it has one value, no list and no mapping")
    if not isinstance(value, list):
        raise ValueError("it is a list or a text, no mapping")
    if not all(isinstance(item, str) and "," not in item for item in value):
        raise ValueError("its items are texts without commas")
    return ",".join(value)


def effective(config: Config | None, environment: Mapping[str, str]) -> Iterator["Effective"]:
    """Every setting with what holds and where it comes from; nothing in it is secret."""
    given: Mapping[str, Given] = {} if config is None else config.given
    for known in known_settings().values():
        in_file = given.get(known.variable)
        if known.variable in environment:
            shown = _harmless(known, environment[known.variable])
            hides = f" (instead of {in_file.spot})" if in_file else ""
            yield Effective(known=known, shown=shown, source=f"environment {known.variable}{hides}")
        elif in_file is not None:
            shown = in_file.shown if is_one_reference(in_file.shown) else _harmless(known, in_file.shown)
            yield Effective(known=known, shown=shown, source=str(in_file.spot))
        else:
            yield Effective(known=known, shown=known.default, source="default")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """A setting as it holds; `shown` None: it is not set."""

    known: Known
    shown: str | None
    source: str


_HIDDEN = "(hidden)"
Mask = Callable[[str], str]


def _harmless(known: Known, text: str) -> str:
    """The text without what only its owner may know: secrets, and passwords within addresses."""
    if known.is_secret:
        return _HIDDEN
    scheme, separator, rest = text.partition("://")
    account, at, host = rest.rpartition("@")
    if separator and at and ":" in account:
        return f"{scheme}://{account.partition(':')[0]}:{_HIDDEN}@{host}"
    return text
