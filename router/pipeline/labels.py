"""Which labels of `@override(label:)` hold for a request: shares by a throw of dice, others by decision."""

import asyncio
import logging
from collections.abc import Collection, Mapping
from random import random
from typing import Protocol

from router.context import RequestContext
from router.planner.labels import active_labels, is_share

log = logging.getLogger(__name__)

DECISION_SECONDS = 1.0


class DecideLabels(Protocol):
    """Says which of a supergraph's own labels hold for a request, by whoever asks, a header or a flag."""

    async def __call__(self, labels: frozenset[str], context: RequestContext) -> Collection[str]:
        """Those of `labels` that are active; few different answers, since each has plans of its own."""
        ...


class OverrideLabels:
    """`always` are active for everybody, whatever `decide` says."""

    def __init__(self, always: frozenset[str] = frozenset(), decide: DecideLabels | None = None) -> None:
        self._always = always
        self._decide = decide
        self._decided: Mapping[frozenset[str], frozenset[str]] = {}

    async def active(self, labels: frozenset[str], context: RequestContext) -> frozenset[str]:
        """The active ones among a supergraph's labels."""
        if not labels:
            return labels
        switched_on = self._always
        if self._decide is not None:
            own = self._own(labels)
            if own:
                switched_on |= await self._decision(self._decide, own, context)
        return active_labels(labels, random(), switched_on)  # noqa: S311 - no secret hangs on it

    def _own(self, labels: frozenset[str]) -> frozenset[str]:
        """Those that are to be decided; the same for every request to one supergraph."""
        known = self._decided.get(labels)
        if known is None:
            known = frozenset(label for label in labels if not is_share(label)) - self._always
            self._decided = {labels: known}
        return known

    async def _decision(
        self, decide: DecideLabels, labels: frozenset[str], context: RequestContext
    ) -> frozenset[str]:
        """What cannot be decided is not active: fields stay where they were."""
        try:
            async with asyncio.timeout(DECISION_SECONDS):
                return labels.intersection(await decide(labels, context))
        except Exception:
            log.exception("override labels could not be decided", extra={"request_id": context.request_id})
            return frozenset()
