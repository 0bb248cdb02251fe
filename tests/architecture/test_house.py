"""The house stays as it was laid: import names are ours, contracts are kept, error codes are unique."""

import importlib
import importlib.util
import pkgutil
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from common.errors import DomainError
from router.errors import RouterError

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("atrium", "router", "schema", "subgraphs", "common", "migrations")
_FORBIDDEN_NAMES = re.compile(r"(^|_)(utils?|helpers?|managers?|misc)($|_)")


@pytest.mark.parametrize("name", PACKAGES)
def test_import_names_are_ours(name: str) -> None:
    spec = importlib.util.find_spec(name)

    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).is_relative_to(ROOT / name)


def test_import_contracts_are_kept() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("root", [DomainError, RouterError], ids=lambda root: root.__name__)
def test_every_error_has_a_code_of_its_own(root: type[Exception]) -> None:
    for _ in _modules():
        pass
    by_code: defaultdict[str, list[str]] = defaultdict(list)
    for error in _descendants(root):
        if "code" in vars(error):
            by_code[vars(error)["code"]].append(f"{error.__module__}.{error.__qualname__}")

    # The two bases a client never sees alone give their code to what has none of its own.
    twice = {code: classes for code, classes in by_code.items() if len(classes) > 1}
    assert {code: classes for code, classes in twice.items() if not _is_inherited_on_purpose(classes)} == {}
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*", code) for code in by_code)
    assert len(by_code) > 5


def test_every_module_says_what_it_is_for() -> None:
    silent = [module.__name__ for module in _modules() if not (module.__doc__ or "").strip()]

    assert silent == []


def test_no_module_is_a_drawer_for_everything() -> None:
    names = [module.__name__ for module in _modules()]

    assert [name for name in names if _FORBIDDEN_NAMES.search(name.rpartition(".")[2])] == []


def _modules() -> Iterator[ModuleType]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if found.name.endswith("__main__") or found.name.startswith("migrations.env"):
                continue
            yield importlib.import_module(found.name)


def _descendants(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from _descendants(child)


def _is_inherited_on_purpose(classes: list[str]) -> bool:
    return classes == ["router.errors.ClientError", "router.errors.BadRequest"]
