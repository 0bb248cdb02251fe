"""The registry's composer: `schema.compose` and `schema.contracts` in a process of their own.

Composing is seconds of work on texts that strangers wrote: in a child it cannot hold up the loop or the
interpreter, and it can be ended when it takes too much time or memory.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from atrium.question import ChildBroken, ChildExhausted, answer_of
from subgraphs.gateway.providers.protocol import (
    ComposerExhausted,
    Composition,
    ContractFilter,
    DoesNotCompose,
    Doubt,
    Location,
    Problem,
    SubgraphText,
)

_CHILD = "atrium.composer_child"


class ComposerBroken(Exception):
    """The child ended without an answer: a bug, not the fault of what was to be composed."""


class ProcessComposer:
    """Composes in a child process for each question, a few at once."""

    def __init__(self, *, timeout: timedelta, memory_mb: int, at_once: int) -> None:
        self._timeout = timeout.total_seconds()
        self._memory_mb = memory_mb
        self._turns = asyncio.Semaphore(at_once)

    async def compose(
        self, subgraphs: Sequence[SubgraphText], contracts: Sequence[ContractFilter]
    ) -> Composition:
        """The supergraph and its variants; raises DoesNotCompose or ComposerExhausted."""
        question = {
            "memory_mb": self._memory_mb,
            "subgraphs": [asdict(subgraph) for subgraph in subgraphs],
            "contracts": [asdict(contract) for contract in contracts],
        }
        async with self._turns:
            try:
                return _composition(await answer_of(_CHILD, question, seconds=self._timeout))
            except ChildExhausted as exhausted:
                raise ComposerExhausted from exhausted
            except ChildBroken as broken:
                raise ComposerBroken(str(broken)) from broken


def _composition(answer: Mapping[str, Any]) -> Composition:
    """What the child's answer says; raises DoesNotCompose."""
    if "problems" in answer:
        raise DoesNotCompose([_problem(problem) for problem in answer["problems"]])
    return Composition(
        sdl=answer["sdl"],
        variants=answer["variants"],
        doubts=tuple(Doubt(**doubt) for doubt in answer["doubts"]),
    )


def _problem(given: Mapping[str, Any]) -> Problem:
    places = tuple(Location(**place) for place in given["locations"])
    return Problem(**{**given, "locations": places})
