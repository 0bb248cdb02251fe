"""The registry's composer: `schema.compose` and `schema.contracts` in a process of their own.

Composing is seconds of work on texts that strangers wrote: in a child it cannot hold up the loop or the
interpreter, and it can be ended when it takes too much time or memory.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

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
OUT_OF_MEMORY = 3
"""The exit code of a child that was not given enough."""
_STDERR_KEPT = 2_000
_INHERITED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")
"""Of the environment; the secrets in it are no business of a child that reads strangers' texts."""


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
        question = json.dumps(
            {
                "memory_mb": self._memory_mb,
                "subgraphs": [asdict(subgraph) for subgraph in subgraphs],
                "contracts": [asdict(contract) for contract in contracts],
            }
        )
        async with self._turns:
            return _composition(await self._ask(question.encode()))

    async def _ask(self, question: bytes) -> Mapping[str, Any]:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # whatever lies in the working folder is not imported
            "-m",
            _CHILD,
            env={name: os.environ[name] for name in _INHERITED if name in os.environ},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(self._timeout):
                answer, words = await child.communicate(question)
        except TimeoutError as error:
            raise ComposerExhausted from error
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
        if child.returncode == OUT_OF_MEMORY:
            raise ComposerExhausted
        if child.returncode != 0:
            raise ComposerBroken(words.decode(errors="replace")[-_STDERR_KEPT:])
        answered: Mapping[str, Any] = json.loads(answer)
        return answered


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
