"""Hands what was counted to whoever keeps it, every few seconds and at the end; nobody waits for that."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from time import time

from common.operations.documents import LONGEST_DOCUMENT, digest_of, is_client_name, is_client_version
from common.operations.lexical import without_literals
from common.operations.usage import OTHERS, OperationUsage, UsageBatch, UsageSink
from router.artefacts.rounds import Rounds
from router.cache.recent import Recent
from router.usage.counting import Asked, Tally, UsageCounter
from router.usage.totals import Totals

log = logging.getLogger(__name__)

MOST_SENT = 20_000
DOCUMENT_BYTES = 1_000_000
"""Of all texts in one batch; the others go with the next one in which they are counted."""


class Reporting:
    """The counter, and the task that empties it."""

    def __init__(
        self,
        sink: UsageSink | None = None,
        *,
        seconds: float = 10.0,
        patience: float = 5.0,
    ) -> None:
        self.counter = UsageCounter()
        self.totals = Totals()
        self.lost = 0
        """How many batches nobody took."""
        self._sink = sink
        self._rounds = Rounds(self._go, seconds=seconds)
        self._patience = patience
        self._sent: Recent[str, bool] = Recent(MOST_SENT)
        self._untold = 0
        self._last_problem: str | None = None

    async def begin(self) -> None:
        """Hand on from now on."""
        self._rounds.begin()

    async def stop(self) -> None:
        """Hand on what is left."""
        if self._rounds.have_begun:
            await self._rounds.stop()
            await self.hand_on()

    async def hand_on(self) -> None:
        """What was counted since the last time, now."""
        tallies = self.counter.take()
        if not tallies:
            return
        for asked, tally in tallies.items():
            self.totals.add(asked, tally)
        if self._sink is None:
            return
        untold, self._untold = self.counter.untold - self._untold, self.counter.untold
        batch = await asyncio.to_thread(self._batch, tallies, untold)
        try:
            async with asyncio.timeout(self._patience):
                await self._sink.report(batch)
        except Exception as problem:  # whatever it is: it costs this batch
            self.lost += 1
            self._tell(problem)
            return
        self._last_problem = None
        for digest in batch.documents:
            self._sent.put(digest, True)

    async def _go(self) -> None:
        try:
            await self.hand_on()
        except Exception as problem:  # counting goes on
            self.lost += 1
            self._tell(problem)

    def _tell(self, problem: Exception) -> None:
        said = f"{type(problem).__name__}: {problem}"
        if said != self._last_problem:
            self._last_problem = said
            log.warning("usage could not be handed on: %s", said)

    def _batch(self, tallies: Mapping[Asked, Tally], untold: int) -> UsageBatch:
        together: dict[Asked, Tally] = {}
        documents: dict[str, str] = {}
        room = DOCUMENT_BYTES
        for asked, tally in tallies.items():
            body = shown(asked)
            digest = OTHERS if body is None else digest_of(body)
            _add(together.setdefault(_told(asked, digest), Tally()), tally)
            if body is None or digest in documents or self._sent.get(digest) is not None:
                continue
            size = len(body.encode("utf-8", "surrogatepass"))
            if size <= room:
                documents[digest] = body
                room -= size
        usages = tuple(_usage(asked, tally) for asked, tally in together.items())
        return UsageBatch(graph=None, usages=usages, documents=documents, lost=untold)


def shown(asked: Asked) -> str | None:
    """The text as others may see it: a registered one as it is, without literals what a client made up."""
    if asked.is_registered:
        return asked.text
    body = without_literals(asked.text) if asked.text else None
    return body if body and len(body.encode("utf-8", "surrogatepass")) <= LONGEST_DOCUMENT else None


def _told(asked: Asked, digest: str) -> Asked:
    """What is told apart in a batch: the digest stands for the text, and for every text that is shown so."""
    return asked._replace(
        client=asked.client if not asked.client or is_client_name(asked.client) else OTHERS,
        version=asked.version if is_client_version(asked.version) else "",
        text=digest,
    )


def _add(sum: Tally, tally: Tally) -> None:
    sum.count += tally.count
    sum.errors += tally.errors
    sum.total += tally.total
    sum.slowest = max(sum.slowest, tally.slowest)
    sum.last = max(sum.last, tally.last)
    sum.buckets = [one + other for one, other in zip(sum.buckets, tally.buckets, strict=True)]


def _usage(told: Asked, tally: Tally) -> OperationUsage:
    return OperationUsage(
        client=told.client,
        version=told.version,
        document=told.text,
        operation=told.operation,
        kind=told.kind,
        is_registered=told.is_registered,
        count=tally.count,
        errors=tally.errors,
        duration_ms=round(tally.total, 3),
        slowest_ms=round(tally.slowest, 3),
        buckets=tuple(tally.buckets),
        last_seen=datetime.fromtimestamp(tally.last or time(), UTC),
    )
