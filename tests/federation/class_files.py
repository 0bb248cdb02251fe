"""Reads `classes`: one file for a class of federation cases, its subgraphs and the operations on them.

# What the class is about.
# == audit_entities.audit_mutations     its subgraphs are this set of the corpus; or they stand here:
# -- a (v2.3)                           a subgraph, as in the corpus
type Query { t: T }
# ?? {"p": true}                        an operation, and its variables if it has any
query ($p: Boolean!) { t @include(if: $p) { id } }
# ?? refused                            an operation that no subgraph can be asked for
{ node(id: "a") { id } }
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.federation.corpus_sets import CorpusSet, by_name, sets_of

CLASSES = Path(__file__).parent / "classes"
_MARK = re.compile(r"# (==|--|\?\?) ?(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One operation."""

    text: str
    variables: Mapping[str, Any]
    is_refused: bool


@dataclass(slots=True)
class FederationClass:
    """One file."""

    name: str
    about: str = ""
    corpus_set: str = ""
    sdl: dict[str, str] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)


def all_classes() -> list[FederationClass]:
    """Every class there is a file of."""
    corpus = by_name(sets_of("valid"))
    return [_read(path, corpus) for path in sorted(CLASSES.glob("*.graphql"))]


def _read(path: Path, corpus: Mapping[str, CorpusSet]) -> FederationClass:
    found = FederationClass(path.stem)
    own = CorpusSet(topic="classes", name=path.stem)
    for mark, heading, text in _blocks(path):
        match mark:
            case "==":
                found.corpus_set = heading
                found.sdl = {each.name: each.sdl for each in corpus[heading].subgraphs}
            case "--":
                own.texts.append((heading, text.splitlines()))
            case "??":
                variables = json.loads(heading) if heading.startswith("{") else {}
                case = Case(text=text, variables=variables, is_refused=heading == "refused")
                found.cases.append(case)
            case _:
                found.about = " ".join(line.removeprefix("# ") for line in text.splitlines())
    found.sdl = found.sdl or {each.name: each.sdl for each in own.subgraphs}
    return found


def _blocks(path: Path) -> list[tuple[str, str, str]]:
    """(mark, what stands behind it, the lines below it) from top to bottom; the first has no mark."""
    blocks: list[tuple[str, str, list[str]]] = [("", "", [])]
    for line in path.read_text(encoding="utf-8").splitlines():
        marked = _MARK.fullmatch(line)
        if marked:
            blocks.append((marked[1], marked[2], []))
        else:
            blocks[-1][2].append(line)
    return [(mark, heading, "\n".join(lines).strip()) for mark, heading, lines in blocks]
