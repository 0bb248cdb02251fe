"""The registry's checker of documents: the router's own reader and rules, in a process of their own."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from atrium.question import ChildExhausted, answer_of
from subgraphs.gateway.providers.documents import (
    CheckedDocument,
    CheckerExhausted,
    DocumentProblem,
    FoundOperation,
)

_CHILD = "atrium.documents_child"


class ProcessChecker:
    """Checks in a child process for each question, a few at once."""

    def __init__(self, *, timeout: timedelta, memory_mb: int, at_once: int) -> None:
        self._timeout = timeout.total_seconds()
        self._memory_mb = memory_mb
        self._turns = asyncio.Semaphore(at_once)

    async def check(self, supergraph: str, documents: Sequence[str]) -> Sequence[CheckedDocument]:
        """What is found in each of the documents, in their order; raises CheckerExhausted."""
        question = {"memory_mb": self._memory_mb, "supergraph": supergraph, "documents": list(documents)}
        async with self._turns:
            try:
                answer = await answer_of(_CHILD, question, seconds=self._timeout)
            except ChildExhausted as exhausted:
                raise CheckerExhausted from exhausted
        return tuple(_checked(given) for given in answer["documents"])


def _checked(given: Mapping[str, Any]) -> CheckedDocument:
    return CheckedDocument(
        operations=tuple(FoundOperation(**operation) for operation in given["operations"]),
        problems=tuple(DocumentProblem(**problem) for problem in given["problems"]),
    )
