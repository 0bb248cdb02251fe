"""Reads the corpus: files that hold many small sets of subgraphs, each with what composing it must say.

    # == a_key_names_no_field          a set begins
    # => KEY_INVALID_FIELDS            the codes of its errors; none if it composes
    # ~~ INCONSISTENT_DESCRIPTION      the codes of its hints, where the set is about them
    # differs: we read more            why our result is another than the other composer's
    # -- a (v2.9)                      a subgraph, here with a link to federation 2.9 put in front
    type Query { t: T }

What stands before the first set tells what the file is about. The link that `(v2.9)` writes imports every
federation directive whose name the text uses.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schema.compose import Subgraph
from schema.spec.directives import NEWEST, federation_directives

CORPUS = Path(__file__).parent / "corpus"
HEADER = re.compile(r"# (==|=>|~~|differs:|--) (.+)")
SUBGRAPH = re.compile(r"(?P<name>\S+)(?: \(v(?P<version>\S+)\))?")
DIRECTIVES = sorted(federation_directives(NEWEST))


@dataclass(slots=True)
class CorpusSet:
    """A set of subgraphs, and what is expected of it."""

    topic: str
    name: str
    codes: frozenset[str] = frozenset()
    hints: frozenset[str] | None = None
    differs: str = ""
    texts: list[tuple[str, list[str]]] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.topic}.{self.name}"

    @property
    def subgraphs(self) -> list[Subgraph]:
        """The subgraphs, in the order of the file."""
        return [_subgraph(head, "\n".join(lines)) for head, lines in self.texts]


def sets_of(kind: str) -> list[CorpusSet]:
    """All sets of one folder of the corpus: `valid` or `invalid`."""
    return [found for path in sorted((CORPUS / kind).glob("*.graphql")) for found in read_sets(path)]


def read_sets(path: Path) -> Iterator[CorpusSet]:
    """The sets of one file."""
    current: CorpusSet | None = None
    for line in path.read_text(encoding="utf-8").splitlines():
        header = HEADER.fullmatch(line)
        if header and header[1] == "==":
            if current:
                yield current
            current = CorpusSet(topic=path.stem, name=header[2])
        elif current is None:
            continue
        elif header:
            _note(current, header[1], header[2])
        elif current.texts:
            current.texts[-1][1].append(line)
    if current:
        yield current


def _note(current: CorpusSet, mark: str, text: str) -> None:
    match mark:
        case "=>":
            current.codes = frozenset(text.split())
        case "~~":
            current.hints = frozenset(text.split())
        case "differs:":
            current.differs = text
        case _:
            current.texts.append((text, []))


def _subgraph(head: str, text: str) -> Subgraph:
    heading = SUBGRAPH.fullmatch(head)
    assert heading, f"a subgraph is a name and perhaps a version, not {head!r}"
    name, version = heading["name"], heading["version"]
    sdl = f"{_link(version, text)}\n{text}" if version else text
    return Subgraph(name=name, url=f"http://{name}", sdl=f"{sdl}\n")


def _link(version: str, text: str) -> str:
    used = [f'"@{name}"' for name in DIRECTIVES if re.search(rf"@{name}\b", text)]
    url = f"https://specs.apollo.dev/federation/v{version}"
    return f'extend schema @link(url: "{url}", import: [{", ".join(used)}])'


def by_name(sets: list[CorpusSet]) -> Mapping[str, CorpusSet]:
    """The sets by topic and name."""
    return {str(found): found for found in sets}
