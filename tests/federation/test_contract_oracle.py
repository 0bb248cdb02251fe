"""Variants made by contracts, read by @apollo/federation-internals: the same client schema as ours."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, lexicographic_sort_schema, print_schema

from schema.compose import Subgraph, compose
from schema.contracts.contract import apply
from schema.contracts.filter import Filter
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph
from tests.federation.other_composer import HERE, NODE

CASES = HERE.parent / "golden" / "contracts"
RESULTS = frozenset({"api.graphql"})


def supergraph_of(case: Path) -> str:
    subgraphs = [
        Subgraph(name=path.stem, sdl=path.read_text(encoding="utf-8"))
        for path in sorted(case.glob("*.graphql"))
        if path.name not in RESULTS
    ]
    return compose(subgraphs).supergraph_sdl


def variants(*, refused: bool) -> dict[str, str]:
    """The supergraph of every golden contract that leaves an API, or of every one that does not."""
    return {
        case.name: apply(supergraph_of(case), filter_of(case)).supergraph_sdl
        for case in sorted(CASES.iterdir())
        if (case / "errors.txt").exists() is refused
    }


def filter_of(case: Path) -> Filter:
    wanted = json.loads((case / "contract.json").read_text(encoding="utf-8"))
    return Filter(
        include=frozenset(wanted.get("include", ())),
        exclude=frozenset(wanted.get("exclude", ())),
        hide_unreachable=wanted.get("hide_unreachable", True),
    )


def read_by_the_other(supergraphs: Sequence[str]) -> list[dict[str, str]]:
    """The client schema of each as the other implementation reads it, or its error."""
    ran = subprocess.run(
        [NODE, HERE / "read_api.mjs"],
        input=json.dumps(list(supergraphs)),
        capture_output=True,
        text=True,
        check=True,
        cwd=HERE,
        env={**os.environ, "NODE_ENV": "production"},
    )
    answers: list[dict[str, str]] = json.loads(ran.stdout)
    return answers


def test_variants_are_read_alike() -> None:
    made = variants(refused=False)

    answers = dict(zip(made, read_by_the_other(list(made.values())), strict=True))

    assert len(made) > 30
    assert {name: answer["error"] for name, answer in answers.items() if "error" in answer} == {}
    for name, supergraph in made.items():
        ours = api_schema(parse_supergraph(supergraph))
        theirs = build_schema(answers[name]["api"])
        assert sorted_sdl(ours) == sorted_sdl(theirs), name


def test_what_is_refused_is_refused_by_the_other_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schema.contracts.contract._check", lambda *_: None)
    made = variants(refused=True)

    answers = dict(zip(made, read_by_the_other(list(made.values())), strict=True))

    assert len(made) > 10
    assert [name for name, answer in answers.items() if "error" not in answer] == []


def sorted_sdl(schema: Any) -> str:
    """The schema as text, whatever the order of its parts; @defer and @stream are the other's own."""
    lines = print_schema(lexicographic_sort_schema(schema)).split("\n\n")
    return "\n\n".join(
        part for part in lines if not part.startswith(("directive @defer", "directive @stream"))
    )
