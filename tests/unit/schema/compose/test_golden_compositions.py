"""Compositions that a person can read: subgraph files beside what they must give."""

import os
from pathlib import Path

import pytest

from schema.compose import CompositionFailed, Subgraph, compose

CASES = Path(__file__).parents[3] / "golden" / "composition"
RESULTS = frozenset({"supergraph.graphql", "errors.txt", "hints.txt"})


def subgraphs_of(case: Path) -> list[Subgraph]:
    return [
        Subgraph(name=path.stem, url=f"http://{path.stem}", sdl=path.read_text(encoding="utf-8"))
        for path in sorted(case.glob("*.graphql"))
        if path.name not in RESULTS
    ]


def results_of(subgraphs: list[Subgraph]) -> dict[str, str]:
    """What composing gives, by the name of the file that holds it."""
    try:
        composed = compose(subgraphs)
    except CompositionFailed as failure:
        return {"errors.txt": "\n\n".join(error.as_text() for error in failure.errors) + "\n"}
    results = {"supergraph.graphql": composed.supergraph_sdl}
    if composed.hints:
        results["hints.txt"] = "\n\n".join(hint.as_text() for hint in composed.hints) + "\n"
    return results


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_composition_gives_what_is_written(case: Path) -> None:
    results = results_of(subgraphs_of(case))

    if os.environ.get("ATRIUM_GOLDEN") == "rewrite":
        for name in RESULTS:
            (case / name).unlink(missing_ok=True)
        for name, text in results.items():
            (case / name).write_text(text, encoding="utf-8")
    written = {name: (case / name).read_text(encoding="utf-8") for name in RESULTS if (case / name).exists()}
    assert results == written
