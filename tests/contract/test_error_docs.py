"""`docs/errors.md` names every code of the domains with its kind, none that is gone, and how kinds travel."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import common
import subgraphs
from common.errors import DomainError, Kind
from common.graphql.user_errors import user_error_of

TEXT = (Path(__file__).parents[2] / "docs" / "errors.md").read_text()
HEADINGS = {
    "Everywhere": "common.",
    "auth": "subgraphs.auth.",
    "users": "subgraphs.users.",
    "applications": "subgraphs.applications.",
    "gateway": "subgraphs.gateway.",
}


def _subclasses(root: type[DomainError]) -> Iterator[type[DomainError]]:
    for each in root.__subclasses__():
        yield each
        yield from _subclasses(each)


@pytest.fixture(scope="module")
def refusals() -> list[type[DomainError]]:
    """Every refusal of the product."""
    for package in (common, subgraphs):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    return [
        each for each in _subclasses(DomainError) if each.__module__.startswith(("common.", "subgraphs."))
    ]


def _documented(heading: str) -> list[tuple[str, str]]:
    section = TEXT.partition(f"### {heading}\n")[2].partition("\n#")[0]
    return re.findall(r"^\| `([A-Z_]+)` \| ([a-z_]+) \| \S", section, re.MULTILINE)


@pytest.mark.parametrize("heading", HEADINGS)
def test_exactly_the_codes_that_exist_are_documented(refusals: list[type[DomainError]], heading: str) -> None:
    package = HEADINGS[heading]
    existing = sorted(
        (each.code, each.kind.value) for each in refusals if each.__module__.startswith(package)
    )

    assert existing
    assert _documented(heading) == existing


def test_no_package_with_refusals_is_left_out(refusals: list[type[DomainError]]) -> None:
    listed = tuple(HEADINGS.values())

    assert [each.__name__ for each in refusals if not each.__module__.startswith(listed)] == []
    assert re.findall(r"^### (.+)$", TEXT, re.MULTILINE) == list(HEADINGS)


def test_a_code_means_one_thing(refusals: list[type[DomainError]]) -> None:
    codes = [each.code for each in refusals]

    assert sorted(codes) == sorted(set(codes))
    assert DomainError.code not in codes  # everyone has a code of their own


@pytest.mark.parametrize("kind", Kind)
def test_kinds_travel_as_documented(kind: Kind) -> None:
    refusal: DomainError = type("Sample", (DomainError,), {"kind": kind})("a sample")
    shown = user_error_of(refusal)

    way = "top-level" if shown is None else f"payload, `{type(shown).__name__}`"
    assert f"| {kind.value} | {way} |" in TEXT
