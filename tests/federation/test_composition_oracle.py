"""The golden compositions and generated ones by another composer: the same client schema, joins, error codes.

A case may hold `differs.txt`, which says why it differs on purpose; it must then really differ.
"""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from graphql import DirectiveNode, build_schema, lexicographic_sort_schema, parse, print_ast, print_schema
from graphql.language import EnumValueDefinitionNode, Node, Visitor, visit
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schema.compose import CompositionFailed, Subgraph, compose
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph
from tests.factories.federations import partitions
from tests.factories.mutated_sdl import mutated

HERE = Path(__file__).parent
CASES = HERE.parent / "golden" / "composition"
NODE = HERE.parents[1] / ".venv" / "bin" / "node"
RESULTS = frozenset({"supergraph.graphql"})
FIELD_SETS = frozenset({"key", "requires", "provides"})
DEFAULTS = frozenset({"resolvable: true", "extension: false", "isInterfaceObject: false"})

pytestmark = pytest.mark.node


def cases() -> list[Path]:
    return sorted(CASES.iterdir())


def subgraphs_of(case: Path) -> list[Subgraph]:
    return [
        Subgraph(name=path.stem, url=f"http://{path.stem}", sdl=path.read_text(encoding="utf-8"))
        for path in sorted(case.glob("*.graphql"))
        if path.name not in RESULTS
    ]


def by_the_other(sets: Sequence[Sequence[Subgraph]]) -> list[dict[str, Any]]:
    """What the other composer makes of sets of subgraphs."""
    asked = [[{"name": s.name, "url": s.url, "sdl": s.sdl} for s in subgraphs] for subgraphs in sets]
    ran = subprocess.run(
        [NODE, HERE / "compose.mjs"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        cwd=HERE,
        env={**os.environ, "NODE_ENV": "production"},
    )
    answers: list[dict[str, Any]] = json.loads(ran.stdout)
    return answers


@pytest.fixture(scope="module")
def oracle() -> dict[str, Any]:
    """What the other composer makes of every case."""
    answers = by_the_other([subgraphs_of(case) for case in cases()])
    return dict(zip((case.name for case in cases()), answers, strict=True))


class Joins(Visitor):
    """Collects every join__* application with the place it stands at."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_directive(
        self, node: DirectiveNode, _key: Any, _parent: Any, _path: Any, ancestors: Any
    ) -> None:
        if not node.name.value.startswith("join__"):
            return
        names = [
            ancestor.name.value
            for ancestor in ancestors
            if isinstance(ancestor, Node) and hasattr(ancestor, "name") and ancestor.name is not None
        ]
        holder = ancestors[-1][-1] if isinstance(ancestors[-1], list) else None
        assert holder is None or isinstance(holder, Node | EnumValueDefinitionNode)
        self.found.add(f"{'.'.join(names)} @{node.name.value}({', '.join(sorted(arguments_of(node)))})")


def arguments_of(node: DirectiveNode) -> list[str]:
    shown: list[str] = []
    for argument in node.arguments or ():
        text = print_ast(argument.value)
        if argument.name.value in FIELD_SETS:
            value = str(getattr(argument.value, "value", "")).strip()
            text = print_ast(parse(value if value.startswith("{") else f"{{{value}}}"))
        shown.append(f"{argument.name.value}: {text}")
    return [text for text in shown if text not in DEFAULTS]


def joins_of(supergraph: str) -> set[str]:
    joins = Joins()
    visit(parse(supergraph), joins)
    return joins.found


def differences(subgraphs: Sequence[Subgraph], expected: dict[str, Any]) -> list[str]:
    """How our composition differs from the other's."""
    if "crash" in expected:
        return [f"theirs crashes: {expected['crash']}"]
    try:
        sdl = compose(subgraphs).supergraph_sdl
    except CompositionFailed as failure:
        ours = {error.code.value for error in failure.errors}
        if "unreadable" in expected:  # the other composer says no more then, we go on
            return [] if "INVALID_GRAPHQL" in ours else [f"errors: ours {sorted(ours)}, theirs unreadable"]
        theirs = set(expected.get("codes", ()))
        return [] if ours == theirs else [f"errors: ours {sorted(ours)}, theirs {sorted(theirs)}"]
    if "unreadable" in expected:
        return ["composes here, but theirs cannot read it"]
    if "codes" in expected:
        return [f"composes here, but theirs says {sorted(set(expected['codes']))}"]
    found = [f"join: {join}" for join in sorted(joins_of(sdl) ^ joins_of(expected["supergraph"]))]
    mine = print_schema(lexicographic_sort_schema(api_schema(parse_supergraph(sdl))))
    if mine != print_schema(lexicographic_sort_schema(build_schema(expected["api"]))):
        found.append("the client schemas differ")
    return found


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_another_composer_agrees(case: Path, oracle: dict[str, Any]) -> None:
    found = differences(subgraphs_of(case), oracle[case.name])

    if (case / "differs.txt").exists():
        assert found, "agrees by now: remove differs.txt"
    else:
        assert found == []


@st.composite
def generated_sets(draw: st.DrawFn) -> list[Subgraph]:
    """A federation that composes, with up to three things changed in it."""
    sdl = dict(draw(partitions()).sdl)
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(sdl)))
        sdl[name] = draw(mutated(sdl[name]))
    return [Subgraph(name=name, url=f"http://{name}", sdl=text) for name, text in sdl.items()]


def test_another_composer_agrees_on_generated_sets() -> None:
    sets: list[list[Subgraph]] = []

    @settings(max_examples=120, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(generated_sets())
    def generate(subgraphs: list[Subgraph]) -> None:
        sets.append(subgraphs)

    generate()
    expected = by_the_other(sets)
    judged = [
        (subgraphs, differences(subgraphs, answer))
        for subgraphs, answer in zip(sets, expected, strict=True)
        if "crash" not in answer
    ]

    assert [(found, subgraphs) for subgraphs, found in judged if found] == []
    assert sum("supergraph" in answer for answer in expected) > 50
    assert sum("codes" in answer for answer in expected) > 25
