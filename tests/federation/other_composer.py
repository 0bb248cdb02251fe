"""@apollo/composition from npm: what it makes of sets of subgraphs, and how ours differs from it."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from graphql import DirectiveNode, build_schema, lexicographic_sort_schema, parse, print_ast, print_schema
from graphql.language import (
    DirectiveDefinitionNode,
    DocumentNode,
    ListValueNode,
    Node,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    ValueNode,
    Visitor,
    visit,
)

from schema.compose import CompositionFailed, Subgraph, compose
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph

HERE = Path(__file__).parent
NODE = HERE.parents[1] / ".venv" / "bin" / "node"
FIELD_SETS = frozenset({"key", "requires", "provides"})
UNORDERED = frozenset({"scopes", "policies", "slicingArguments", "sizedFields", "import"})
DEFAULTS = frozenset(
    {"resolvable: true", "extension: false", "isInterfaceObject: false", "requireOneSlicingArgument: true"}
)

JOIN = "https://specs.apollo.dev/join/"
"""The supergraph format itself: ours is always written in its newest version."""


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


def differences(subgraphs: Sequence[Subgraph], expected: dict[str, Any]) -> list[str]:
    """How our composition differs from the other's; hints are compared where both compose."""
    if "crash" in expected:
        return [f"theirs crashes: {expected['crash']}"]
    try:
        composed = compose(subgraphs)
    except CompositionFailed as failure:
        return _other_errors({error.code.value for error in failure.errors}, expected)
    if "unreadable" in expected:
        return ["composes here, but theirs cannot read it"]
    if "codes" in expected:
        return [f"composes here, but theirs says {sorted(set(expected['codes']))}"]
    ours, theirs = {hint.code.value for hint in composed.hints}, set(expected["hints"])
    hints = [f"hint: {'ours' if code in ours else 'theirs'} has {code}" for code in sorted(ours ^ theirs)]
    return [*_other_supergraph(composed.supergraph_sdl, expected), *hints]


def _other_errors(ours: set[str], expected: dict[str, Any]) -> list[str]:
    if "unreadable" in expected:  # the other composer says no more then, we go on
        return [] if "INVALID_GRAPHQL" in ours else [f"errors: ours {sorted(ours)}, theirs unreadable"]
    theirs = set(expected.get("codes", ()))
    return [] if ours == theirs else [f"errors: ours {sorted(ours)}, theirs {sorted(theirs)}"]


def _other_supergraph(sdl: str, expected: dict[str, Any]) -> list[str]:
    ours, theirs = parse(sdl), parse(expected["supergraph"])
    found = [
        f"{kind}: {'ours' if one in mine else 'theirs'} has {one}"
        for kind, facts in FACTS.items()
        for mine, other in [(set(facts(ours)), set(facts(theirs)))]
        for one in sorted(mine ^ other)
    ]
    mine = print_schema(lexicographic_sort_schema(api_schema(parse_supergraph(sdl))))
    if mine != print_schema(lexicographic_sort_schema(build_schema(expected["api"]))):
        found.append("the client schemas differ")
    return found


class _Uses(Visitor):
    """Collects every application of a directive with the place it stands at."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def enter_directive(
        self, node: DirectiveNode, _key: Any, _parent: Any, _path: Any, ancestors: Any
    ) -> None:
        if node.name.value == "link":  # judged by itself
            return
        names = [
            name.value
            for ancestor in ancestors
            if isinstance(ancestor, Node) and (name := getattr(ancestor, "name", None))
        ]
        self.found.append(f"{'.'.join(names)} @{node.name.value}({', '.join(sorted(_arguments(node)))})")


def _uses(document: DocumentNode) -> list[str]:
    """Every application of a directive; of a repeated one, how often."""
    uses = _Uses()
    visit(document, uses)
    return [f"{use} x{uses.found.count(use)}" for use in uses.found]


def _arguments(node: DirectiveNode) -> list[str]:
    shown: list[str] = []
    for argument in node.arguments or ():
        text = print_ast(argument.value)
        if argument.name.value in FIELD_SETS and node.name.value.startswith("join__"):
            value = str(getattr(argument.value, "value", "")).strip()
            text = print_ast(parse(value if value.startswith("{") else f"{{{value}}}"))
        elif argument.name.value in UNORDERED:
            text = _sorted(argument.value)
        shown.append(f"{argument.name.value}: {text}")
    return [text for text in shown if text not in DEFAULTS]


def _sorted(value: ValueNode) -> str:
    """A list whose order says nothing, and lists in it, as text."""
    if isinstance(value, ListValueNode):
        return f"[{', '.join(sorted(_sorted(item) for item in value.values))}]"
    return print_ast(value)


def _links(document: DocumentNode) -> Iterator[str]:
    """The specifications that the supergraph uses; the other composer also links some that it does not."""
    used = " ".join(_uses(document))
    for definition in document.definitions:
        if isinstance(definition, SchemaDefinitionNode):
            for use in definition.directives or ():
                text = str(sorted(_arguments(use)))
                if (
                    use.name.value == "link"
                    and JOIN not in text
                    and any(name in used for name in _names(use))
                ):
                    yield text


def _names(link: DirectiveNode) -> list[str]:
    """How uses of what the link brings may begin."""
    said = {argument.name.value: print_ast(argument.value) for argument in link.arguments or ()}
    prefix = said.get("as", said["url"].split("/")[-2]).strip('"')
    imported = [f"{name}(" for name in re.findall(r"@\w+", said.get("import", ""))]
    return [f"@{prefix}(", f"@{prefix}__", f'"federation__{prefix}"', *imported]


def _definitions(document: DocumentNode) -> Iterator[str]:
    """Types, and directives in use, that are no part of the supergraph format."""
    used = {use.split("@")[1].split("(")[0] for use in _uses(document)}
    for definition in document.definitions:
        match definition:
            case DirectiveDefinitionNode(name=name):
                where = sorted(location.value for location in definition.locations)
                what = sorted(print_ast(argument) for argument in definition.arguments or ())
                if name.value in used and not name.value.startswith("join__"):
                    yield f"@{name.value}({', '.join(what)}) {definition.repeatable} on {where}"
            case TypeDefinitionNode(name=name) if not name.value.startswith(("join__", "link__")):
                yield f"{definition.kind} {name.value}"


FACTS = {"use": _uses, "link": _links, "definition": _definitions}
