"""Every Python that pyproject.toml promises: what one does wrong is left out, what one needs is locked."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("atrium", "router", "schema", "subgraphs", "common", "migrations")
_POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{[0-9,]+\})\+")
_LOCKED = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+?)(?: ; ([^\\\n]+?))?(?: \\)?$", re.MULTILINE)
_PYTHONS = ("3.11.0", "3.11.2", "3.12.0", "3.13.0", "3.14.0")


@pytest.mark.parametrize("pattern", ["(?:a|b)*+", "(a)++", "(a{2})?+", "(a){2,}+"])
def test_possessive_groups_are_recognised(pattern: str) -> None:
    assert _POSSESSIVE_GROUP.search(pattern)


def test_no_regular_expression_has_a_possessive_group() -> None:
    # CPython before 3.11.5 goes wrong in them (python/cpython#100061, #106052); [a-z]++ it matches well.
    having = [
        f"{path.relative_to(_ROOT)}:{number}: {line.strip()}"
        for package in _PACKAGES
        for path in sorted((_ROOT / package).rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if _POSSESSIVE_GROUP.search(line)
    ]

    assert having == []


@pytest.mark.parametrize("lock", ["image.lock", "dev.lock"])
@pytest.mark.parametrize("python", _PYTHONS)
def test_what_is_locked_is_whole_under_every_python(lock: str, python: str) -> None:
    environment = _environment(python)
    locked = {name for name, _, marker in _entries(lock) if _holds(marker, environment)}

    missing = {
        f"{name} needs {need.name}"
        for name in locked
        for need in _needs(name)
        if (need.marker is None or need.marker.evaluate(environment))
        and canonicalize_name(need.name) not in locked
    }

    assert len(locked) > 40
    assert missing == set()


def test_the_oldest_python_is_the_same_everywhere() -> None:
    settings = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))

    assert settings["project"]["requires-python"] == ">=3.11"
    assert settings["tool"]["mypy"]["python_version"] == "3.11"
    assert settings["tool"]["ruff"]["target-version"] == "py311"


def _entries(lock: str) -> Iterator[tuple[str, str, str | None]]:
    for found in _LOCKED.finditer((_ROOT / lock).read_text("utf-8")):
        yield found[1], found[2], found[3]


def _environment(python: str) -> dict[str, str]:
    version = python.rpartition(".")[0]
    return {**default_environment(), "python_full_version": python, "python_version": version, "extra": ""}  # type: ignore[dict-item]


def _holds(marker: str | None, environment: dict[str, str]) -> bool:
    parsed = Requirement(f"x ; {marker}").marker if marker else None
    return parsed is None or parsed.evaluate(environment)


def _needs(name: str) -> list[Requirement]:
    try:
        return [Requirement(each) for each in requires(name) or ()]
    except PackageNotFoundError:  # for another Python, or another system, than this one
        return []
