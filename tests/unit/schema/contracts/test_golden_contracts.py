"""Contracts that a person can read: subgraphs and a filter beside the API they give or what is wrong."""

import json
import os
from pathlib import Path

import pytest
from graphql import print_schema

from schema.compose import CompositionFailed, Subgraph, compose
from schema.contracts.contract import apply
from schema.contracts.filter import Filter
from schema.document.parse import parse_schema
from schema.document.print import print_schema as print_document
from schema.document.rewrite import with_directives
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph

CASES = Path(__file__).parents[3] / "golden" / "contracts"
RESULTS = frozenset({"api.graphql", "errors.txt", "hints.txt"})


def supergraph_of(case: Path) -> str:
    return compose(
        [
            Subgraph(name=path.stem, url=f"http://{path.stem}", sdl=path.read_text(encoding="utf-8"))
            for path in sorted(case.glob("*.graphql"))
            if path.name not in RESULTS
        ]
    ).supergraph_sdl


def filter_of(case: Path) -> Filter:
    written = json.loads((case / "contract.json").read_text(encoding="utf-8"))
    return Filter(
        include=frozenset(written.get("include", ())),
        exclude=frozenset(written.get("exclude", ())),
        hide_unreachable=written.get("hide_unreachable", True),
    )


def results_of(case: Path) -> dict[str, str]:
    """What the contract gives, by the name of the file that holds it."""
    try:
        made = apply(supergraph_of(case), filter_of(case))
    except CompositionFailed as failure:
        return {"errors.txt": "\n\n".join(error.as_text() for error in failure.errors) + "\n"}
    results = {"api.graphql": print_schema(api_schema(parse_supergraph(made.supergraph_sdl))) + "\n"}
    if made.hints:
        results["hints.txt"] = "\n\n".join(hint.as_text() for hint in made.hints) + "\n"
    return results


def unmarked(sdl: str) -> str:
    """The supergraph as if nothing in it were hidden."""
    schema, errors = parse_schema(sdl, "supergraph")
    assert schema is not None
    assert not errors
    names = {"inaccessible", "hidden", "contract_inaccessible"}
    bare = with_directives(schema, lambda uses: tuple(use for use in uses if use.name not in names))
    text = print_document(bare)
    return "\n\n".join(part for part in text.split("\n\n") if not part.startswith(("schema", "directive")))


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_contract_gives_what_is_written(case: Path) -> None:
    results = results_of(case)

    if os.environ.get("ATRIUM_GOLDEN") == "rewrite":
        for name in RESULTS:
            (case / name).unlink(missing_ok=True)
        for name, text in results.items():
            (case / name).write_text(text, encoding="utf-8")
    written = {name: (case / name).read_text(encoding="utf-8") for name in RESULTS if (case / name).exists()}
    assert results == written


MADE = [case for case in sorted(CASES.iterdir()) if not (case / "errors.txt").exists()]


@pytest.mark.parametrize("case", MADE, ids=lambda case: case.name)
def test_a_variant_is_the_whole_supergraph_with_some_of_it_hidden(case: Path) -> None:
    supergraph = supergraph_of(case)

    made = apply(supergraph, filter_of(case))

    assert unmarked(made.supergraph_sdl) == unmarked(supergraph)
    assert apply(made.supergraph_sdl, filter_of(case)).supergraph_sdl == made.supergraph_sdl
