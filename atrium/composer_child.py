"""What composes for the registry, apart: `python -m atrium.composer_child`, JSON in and JSON out."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from atrium.question import answered
from schema.compose import Composed, Subgraph, compose
from schema.contracts.contract import apply
from schema.contracts.filter import Filter, FilterInvalid
from schema.errors import CompositionError, CompositionFailed
from schema.nodes import with_nodes
from subgraphs.gateway.providers.protocol import Doubt, Location, Problem

_MOST_PROBLEMS = 1_000
"""Nobody reads more, and each is an object of the answer that the web process makes."""


def answer_of(question: Mapping[str, Any]) -> dict[str, Any]:
    """What the child answers: texts and doubts, or every problem of the graph, else of its contracts."""
    subgraphs = [Subgraph(**subgraph) for subgraph in question["subgraphs"]]
    try:
        composed = compose(with_nodes(subgraphs))
    except CompositionFailed as failed:
        return _refusal([_shown(error, "") for error in failed.errors[:_MOST_PROBLEMS]], len(failed.errors))
    variants: dict[str, str] = {}
    problems: list[dict[str, Any]] = []
    for contract in question["contracts"]:
        name = contract["name"]
        try:
            variants[name] = _variant(composed, contract).supergraph_sdl
        except CompositionFailed as failed:
            problems += [_shown(error, name) for error in failed.errors]
        except FilterInvalid as invalid:
            text = f"contract {name}: {invalid}"
            problems.append(asdict(Problem(code="CONTRACT_INVALID", message=str(invalid), text=text)))
    if problems:
        return _refusal(problems[:_MOST_PROBLEMS], len(problems))
    doubts = [
        Doubt(code=hint.code.value, level=hint.level.value, message=hint.message) for hint in composed.hints
    ]
    return {
        "sdl": composed.supergraph_sdl,
        "variants": variants,
        "doubts": [asdict(doubt) for doubt in doubts],
    }


def _refusal(problems: list[dict[str, Any]], count: int) -> dict[str, Any]:
    if count > len(problems):
        text = f"There are {count - len(problems)} problems more."
        problems.append(asdict(Problem(code="MORE_PROBLEMS", message=text, text=text)))
    return {"problems": problems}


def _variant(composed: Composed, contract: Mapping[str, Any]) -> Composed:
    wanted = Filter(
        include=frozenset(contract["include"]),
        exclude=frozenset(contract["exclude"]),
        hide_unreachable=contract["hide_unreachable"],
    )
    return apply(composed.supergraph_sdl, wanted)


def _shown(error: CompositionError, contract: str) -> dict[str, Any]:
    text = error.as_text()
    problem = Problem(
        code=error.code.value,
        message=error.message,
        text=f"contract {contract}: {text}" if contract else text,
        locations=tuple(
            Location(subgraph=place.subgraph, line=place.line, column=place.column) for place in error.places
        ),
        contract=contract,
    )
    return asdict(problem)


def main() -> int:
    """Answer the question on stdin."""
    return answered(answer_of)


if __name__ == "__main__":
    sys.exit(main())
