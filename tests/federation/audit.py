"""Compares our composition of every suite of the federation gateway audit with the other composer's.

    make audit CHECKOUT=path/to/federation-gateway-audit

The audit (https://github.com/graphql-hive/federation-gateway-audit) is not published as a package, and
nothing of it stands here: its subgraphs are read where they lie, and the corpus has sets of our own for the
same classes of cases.
"""

import re
import sys
from pathlib import Path

from schema.compose import Subgraph
from tests.federation.other_composer import by_the_other, differences

SUBGRAPH = re.compile(
    r'createSubgraph\(\s*"(?P<name>[^"]+)",\s*\{\s*typeDefs:[^`]*`(?P<sdl>(?:\\.|[^`\\])*)`'
)
ESCAPED = re.compile(r"\\(.)")


def suites_of(checkout: Path) -> dict[str, list[Subgraph]]:
    """The subgraphs of every suite, by the suite's name."""
    folders = sorted((checkout / "src" / "test-suites").iterdir())
    return {
        folder.name: [_subgraph(path) for path in sorted(folder.glob("*.subgraph.ts"))] for folder in folders
    }


def _subgraph(path: Path) -> Subgraph:
    found = SUBGRAPH.search(path.read_text(encoding="utf-8"))
    assert found, f"{path} defines no subgraph that can be read here"
    return Subgraph(name=found["name"], url=f"http://{found['name']}", sdl=ESCAPED.sub(r"\1", found["sdl"]))


def main(checkout: Path) -> int:
    """Prints every difference and how many suites agree; 0 if all do."""
    suites = suites_of(checkout)
    disagreeing = 0
    for (name, subgraphs), expected in zip(suites.items(), by_the_other(list(suites.values())), strict=True):
        found = differences(subgraphs, expected)
        if not found and "supergraph" not in expected:
            found = [f"composes in neither: {expected}"]
        disagreeing += bool(found)
        for difference in found:
            print(f"{name}: {difference}")
    print(f"{len(suites) - disagreeing} of {len(suites)} suites agree")
    return 1 if disagreeing or not suites else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
