"""What a setting may hold: how its text is read, what is said when it does not fit, what an editor may know.

A frozen dataclass says it beside the field, once for the environment, the file and the documentation:

    max_depth: int = field(default=15, metadata=setting(COUNT, "Levels of selections in one operation."))
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import urlsplit

_KEY = "atrium"
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_LABEL = re.compile(r"[A-Za-z][\w\-:./]*", re.ASCII)

Networks = tuple[IPv4Network | IPv6Network, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Values of one kind. `read` takes the text of a variable and raises ValueError if it does not fit.

    `expected` ends the sentence "X must be ...". `schema` is JSON Schema for the same value in a file.
    `is_list`: in a file it may be a list; in a variable its items stand with commas between.
    `is_json`: in a file it is whatever JSON can say; in a variable it is JSON.
    """

    read: Callable[[str], Any]
    expected: str
    schema: Mapping[str, Any]
    is_list: bool = False
    is_json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One field that an installation may set: `about` is a sentence for its documentation.

    `variable`: the name in the environment, without prefix, if it does not follow from the field's own.
    """

    kind: Kind
    about: str
    variable: str | None = None
    is_secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A field that holds more settings: what goes around the names of their variables."""

    about: str
    prefix: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a setting is found: its path in the dataclass, which is its path in a file, and its variable."""

    path: tuple[str, ...]
    variable: str
    setting: Setting
    default: Any


class DoesNotFit(ValueError):
    """A value within a list or record is wrong; says where and what would fit."""


def setting(
    kind: Kind, about: str, *, variable: str | None = None, is_secret: bool = False
) -> dict[str, Setting]:
    """Metadata for a field that an installation may set."""
    return {_KEY: Setting(kind=kind, about=about, variable=variable, is_secret=is_secret)}


def group(about: str, *, prefix: str = "", suffix: str = "") -> dict[str, Group]:
    """Metadata for a field that holds more settings."""
    return {_KEY: Group(about=about, prefix=prefix, suffix=suffix)}


def wired(by: str) -> dict[str, str]:
    """Metadata for a field that nobody sets by itself: `by` names what it follows from."""
    return {_KEY: by}


def described(each: "Field[Any]") -> Setting | Group | str:
    """What the metadata of a field say about it; raises TypeError if they say nothing."""
    said = each.metadata.get(_KEY)
    if said is None:
        raise TypeError(f"{each.name} says neither setting(), group() nor wired()")
    if not isinstance(said, Setting | Group | str):
        raise TypeError(f"{each.name} is described by a {type(said).__name__}")
    return said


def places(owner: type[Any], around: Group = Group(about="")) -> Iterable[Place]:
    """Every setting of a dataclass and of the groups in it, in the order of their definition."""
    for each in fields(owner):
        said = described(each)
        if isinstance(said, Group):
            inner = each.default_factory if each.default is MISSING else type(each.default)
            for place in places(inner, said):  # type: ignore[arg-type]
                yield Place(
                    path=(each.name, *place.path),
                    variable=place.variable,
                    setting=place.setting,
                    default=place.default,
                )
        elif isinstance(said, Setting):
            name = said.variable or f"{around.prefix}{each.name.upper()}{around.suffix}"
            yield Place(path=(each.name,), variable=name, setting=said, default=default_of(each))


def default_of(each: "Field[Any]") -> Any:
    """What the field holds when nobody sets it; MISSING if somebody has to."""
    return each.default if each.default_factory is MISSING else each.default_factory()


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that was most likely meant."""
    near = get_close_matches(name, sorted(names), 1)
    return near[0] if near else None


def _pause(seconds: float) -> float:
    if not 0 <= seconds <= 86_400:
        raise ValueError(seconds)
    return seconds


def count(least: int = 1, most: int | None = None) -> Kind:
    """Whole numbers from `least` on, to `most` if there is one."""

    def read(text: str) -> int:
        value = int(text)
        if value < least or (most is not None and value > most):
            raise ValueError(text)
        return value

    expected = "a number above 0" if least == 1 else f"a number of {least} or more"
    schema: dict[str, Any] = {"type": "integer", "minimum": least}
    if most is not None:
        expected, schema["maximum"] = f"a number from {least} to {most}", most
    return Kind(read=read, expected=expected, schema=schema)


def number(*, above: float, most: float, expected: str) -> Kind:
    """Numbers above one and up to another; neither infinite nor NaN."""

    def read(text: str) -> float:
        value = float(text)
        if not (math.isfinite(value) and above < value <= most):
            raise ValueError(text)
        return value

    return Kind(
        read=read, expected=expected, schema={"type": "number", "exclusiveMinimum": above, "maximum": most}
    )


def one_of(*choices: str) -> Kind:
    """One of a few words."""

    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(text)
        return text.lower()

    return Kind(
        read=read,
        expected=f"{', '.join(choices[:-1])} or {choices[-1]}",
        schema={"type": "string", "enum": list(choices)},
    )


def member_of(choices: type[StrEnum]) -> Kind:
    """A member of an enum, by its value."""
    words = one_of(*(each.value for each in choices))
    return Kind(read=lambda text: choices(words.read(text)), expected=words.expected, schema=words.schema)


def some(items: Callable[[str], Any], expected: str, item_schema: Mapping[str, Any] | None = None) -> Kind:
    """A set of texts, each through `items`; in a variable with commas between."""

    def read(text: str) -> frozenset[Any]:
        return frozenset(items(part.strip()) for part in text.split(",") if part.strip())

    array = {"type": "array", "items": dict(item_schema or {"type": "string"}), "uniqueItems": True}
    return Kind(read=read, expected=expected, schema={"anyOf": [array, {"type": "string"}]}, is_list=True)


def records(record: type[Any]) -> Kind:
    """A tuple of values of a frozen dataclass whose fields say what they are by `setting(...)`."""

    def read(text: str) -> tuple[Any, ...]:
        entries = json.loads(text)
        if not isinstance(entries, list):
            raise DoesNotFit("a list is needed")
        return tuple(_record(record, entry, f"[{index}]") for index, entry in enumerate(entries))

    return Kind(
        read=read,
        expected=f"a list of {{{', '.join(each.name for each in fields(record))}}}",
        schema={"type": "array", "items": schema_of(record)},
        is_json=True,
    )


def record(kind: type[Any]) -> Kind:
    """One value of a frozen dataclass whose fields say what they are by `setting(...)`."""
    return Kind(
        read=lambda text: _record(kind, json.loads(text), ""),
        expected=f"{{{', '.join(each.name for each in fields(kind))}}}",
        schema=schema_of(kind),
        is_json=True,
    )


def pairs(value: Kind, expected: str) -> Kind:
    """A tuple of (name, value), sorted by name; a mapping in a file."""

    def read(text: str) -> tuple[tuple[str, Any], ...]:
        entries = json.loads(text)
        if not isinstance(entries, dict):
            raise DoesNotFit("names with values are needed")
        return tuple((name, _value(value, entries[name], f".{name}")) for name in sorted(entries))

    schema = {"type": "object", "additionalProperties": dict(value.schema)}
    return Kind(read=read, expected=expected, schema=schema, is_json=True)


def schema_of(record: type[Any]) -> dict[str, Any]:
    """JSON Schema of a record."""
    properties, required = {}, []
    for each in fields(record):
        said = described(each)
        assert isinstance(said, Setting)
        properties[each.name] = {**said.kind.schema, "description": said.about}
        if default_of(each) is MISSING:
            required.append(each.name)
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": required,
    }


def as_text(value: Any, kind: Kind) -> str:
    """The text of a variable that means this value of a file; raises DoesNotFit."""
    if kind.is_json:
        return json.dumps(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    if kind.is_list and isinstance(value, list):
        items = [str(item) for item in value if isinstance(item, str | int | float)]
        if len(items) == len(value) and not any("," in item for item in items):
            return ",".join(items)
    raise DoesNotFit(f"must be {kind.expected}")


def _record(record: type[Any], entry: Any, where: str) -> Any:
    if not isinstance(entry, dict):
        raise DoesNotFit(f"{where or 'it'} is no record")
    known = {each.name: each for each in fields(record)}
    for name in sorted(set(entry) - set(known)):
        near = nearest(name, known)
        raise DoesNotFit(f"{where} has no {name!r}" + (f", did you mean {near!r}?" if near else ""))
    for name, each in known.items():
        if default_of(each) is MISSING and name not in entry:
            raise DoesNotFit(f"{where} needs {name!r}")
    given = {name: _field(known[name], value, f"{where}.{name}") for name, value in entry.items()}
    try:
        return record(**given)
    except ValueError as problem:
        raise DoesNotFit(f"{where}: {problem}") from problem


def _field(each: "Field[Any]", value: Any, where: str) -> Any:
    said = described(each)
    assert isinstance(said, Setting)
    return _value(said.kind, value, where)


def _value(kind: Kind, value: Any, where: str) -> Any:
    try:
        return kind.read(as_text(value, kind).strip())
    except DoesNotFit as problem:
        raise DoesNotFit(
            f"{where} {problem}" if str(problem).startswith("must") else str(problem)
        ) from problem
    except ValueError as problem:
        raise DoesNotFit(f"{where} must be {kind.expected}") from problem


def _choice(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise ValueError(text)


def _origin(text: str) -> str:
    origin = text.lower()
    if origin == "*":
        return origin
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(text)
    if not parts.hostname or {"@", "*"} & set(origin) or not origin.isascii():
        raise ValueError(text)
    return origin


def _label(text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise ValueError(text)
    return text


def _networks(text: str) -> Networks:
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _text(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(text)
    return text


_STRINGS = {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]}

COUNT = count()
BYTES = Kind(read=COUNT.read, expected="a number of bytes", schema={"type": "integer", "minimum": 1})
PAUSE = Kind(
    read=lambda text: _pause(float(text)),
    expected="a number of seconds, or 0",
    schema={"type": "number", "minimum": 0, "maximum": 86_400},
)
SECONDS = number(above=0, most=86_400, expected="a number of seconds above 0")
CHOICE = Kind(
    read=_choice,
    expected="yes or no",
    schema={"anyOf": [{"type": "boolean"}, {"enum": ["yes", "no", "on", "off"]}]},
)
TEXT = Kind(read=_text, expected="a text", schema={"type": "string", "minLength": 1})
URL = Kind(
    read=_url,
    expected="an http:// or https:// address without a query",
    schema={"type": "string", "pattern": "^https?://"},
)
NAMES = some(str.lower, "names with commas between")
ORIGINS = some(_origin, "origins (https://example.com) with commas between, or *")
LABELS = some(_label, "labels with commas between")
NETWORKS = Kind(
    read=_networks, expected="addresses or networks with commas between", schema=_STRINGS, is_list=True
)
