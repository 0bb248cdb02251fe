"""The composer as the registry sees it: texts in, texts or problems out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgraphText:
    """One subgraph to compose."""

    name: str
    url: str
    sdl: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFilter:
    """Which tags a contract lets through. An empty `include` includes all."""

    name: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hide_unreachable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What composes but deserves a second look; `level` is WARNING, INFO or DEBUG."""

    code: str
    level: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where in which subgraph's SDL; line and column count from one."""

    subgraph: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason why there is no supergraph; `text` is all of it, as a compiler would print it.

    `contract` names the variant that cannot be made; empty if the whole graph cannot.
    """

    code: str
    message: str
    text: str
    locations: tuple[Location, ...] = ()
    contract: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """The supergraph and its variants by the name of their contract."""

    sdl: str
    variants: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()


class DoesNotCompose(Exception):
    """There is no such supergraph; `problems` has every reason that was found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.text for problem in problems))
        self.problems = tuple(problems)


class ComposerExhausted(Exception):
    """Composing took more time or memory than it may."""


class Composer(Protocol):
    """Makes supergraphs, outside of the loop that answers requests."""

    async def compose(
        self, subgraphs: Sequence[SubgraphText], contracts: Sequence[ContractFilter]
    ) -> Composition:
        """The supergraph and its variants; raises DoesNotCompose or ComposerExhausted."""
        ...
