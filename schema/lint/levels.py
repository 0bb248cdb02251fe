"""Which rules apply and how strictly: the defaults, then a file, then what the command line says."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from schema.lint.finding import Level
from schema.lint.rules import RULES


class RulesUnreadable(Exception):
    """A file or an option does not say which rule has which level; says what it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How one rule applies; `exempt` are patterns of coordinates that it leaves alone."""

    level: Level
    exempt: tuple[str, ...] = ()

    def spares(self, coordinate: str) -> bool:
        """Whether the rule leaves the coordinate alone."""
        return any(fnmatchcase(coordinate, pattern) for pattern in self.exempt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """The setting of every rule by its name."""

    settings: Mapping[str, Setting] = field(
        default_factory=lambda: {name: Setting(level=rule.level) for name, rule in RULES.items()}
    )

    def changed(self, settings: Mapping[str, Setting]) -> "Levels":
        """With some of them replaced."""
        return Levels(settings={**self.settings, **settings})


def read_levels(text: str, levels: Levels) -> Levels:
    """The levels as a TOML file changes them, under [tool.atrium.lint] or [rules]; raises RulesUnreadable."""
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RulesUnreadable(f"This is not TOML: {error}") from error
    table = content.get("rules")
    if table is None:
        table = _inner(_inner(_inner(content, "tool"), "atrium"), "lint")
    if not isinstance(table, dict):
        raise RulesUnreadable('Rules are a table: [rules] with lines like type-description = "error".')
    return levels.changed({name: _setting(name, value) for name, value in table.items()})


def _inner(content: Any, key: str) -> Any:
    found = content.get(key) if isinstance(content, dict) else None
    if found is None:
        raise RulesUnreadable("There is no table [tool.atrium.lint], and no [rules].")
    return found


def _setting(name: str, value: object) -> Setting:
    match value:
        case str():
            return Setting(level=_level(name, value))
        case {"level": str() as level, **rest} if rest.keys() <= {"except"}:
            exempt = rest.get("except", [])
            if isinstance(exempt, list) and all(isinstance(one, str) for one in exempt):
                return Setting(level=_level(name, level), exempt=tuple(exempt))
        case _:
            pass
    raise RulesUnreadable(
        f'{name}: write {name} = "warn" or {name} = {{level = "warn", except = ["Type.field"]}}.'
    )


def with_options(levels: Levels, options: Iterable[str]) -> Levels:
    """The levels as `name=level` options change them; raises RulesUnreadable."""
    changed: dict[str, Setting] = {}
    for option in options:
        name, _, level = option.partition("=")
        known = levels.settings.get(name)
        changed[name] = Setting(level=_level(name, level), exempt=known.exempt if known else ())
    return levels.changed(changed)


def _level(name: str, text: str) -> Level:
    if name not in RULES:
        raise RulesUnreadable(f"There is no rule {name!r}. The rules are {', '.join(sorted(RULES))}.")
    if text not in {level.value for level in Level}:
        raise RulesUnreadable(f"{name}: the level is off, warn or error, not {text!r}.")
    return Level(text)
