"""What the fast path has asked and been answered, for the reference executor to go on from."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from router.subgraph_client.protocol import SubgraphResponse, SubgraphUnavailable

Json = Any
Outcome = SubgraphResponse | SubgraphUnavailable


@dataclass(slots=True)
class _Question:
    """One request: the representations it sent, and what came of it as soon as that is known."""

    representations: Mapping[str, Json]
    outcome: Outcome | None = None
    waiting: asyncio.Future[Outcome] | None = None


@dataclass(slots=True)
class Kept:
    """The questions of one request by their fetch, and the fetches that have ended, in that order."""

    ended: list[int] = field(default_factory=list)
    repeated: int = 0
    _questions: dict[int, _Question] = field(default_factory=dict)

    def asked(self, id: int, representations: Mapping[str, Json]) -> None:
        """A request goes out."""
        self._questions[id] = _Question(representations)

    def answered(self, id: int, outcome: Outcome) -> None:
        """It came to this."""
        question = self._questions[id]
        question.outcome = outcome
        if question.waiting is not None and not question.waiting.done():
            question.waiting.set_result(outcome)

    async def answer_to(self, id: int, representations: Mapping[str, Json]) -> SubgraphResponse | None:
        """The answer, if this was asked: waited for if need be; None if it was not."""
        question = self._questions.get(id)
        if question is None:
            return None
        if question.representations != representations:
            self.repeated += 1
            return None
        if question.outcome is None:
            question.waiting = asyncio.get_running_loop().create_future()
            question.outcome = await question.waiting
        if isinstance(question.outcome, SubgraphUnavailable):
            raise question.outcome
        return question.outcome
