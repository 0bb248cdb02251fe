"""What checks documents for the registry: a schema and texts in, operations or problems out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundOperation:
    """An operation in a document; `name` is empty for none, `kind` is query, mutation or subscription."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentProblem:
    """One reason why a document cannot run; line and column count from one, 0 if there is no place.

    `advice` says what to do about it.
    """

    message: str
    advice: str
    operation: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDocument:
    """What is in a document, or what is wrong with it."""

    operations: tuple[FoundOperation, ...] = ()
    problems: tuple[DocumentProblem, ...] = ()


class CheckerExhausted(Exception):
    """Checking took more time or memory than it may."""


class DocumentChecker(Protocol):
    """Holds documents against the schema that clients of a supergraph see, outside of the requests' loop."""

    async def check(self, supergraph: str, documents: Sequence[str]) -> Sequence[CheckedDocument]:
        """What is found in each of the documents, in their order; raises CheckerExhausted."""
        ...
