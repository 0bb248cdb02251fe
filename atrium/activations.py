"""Hears that something of the platform's own graph was activated, so that this process' router looks at once.

The router asks by itself every second or so as well: what is missed here costs only that.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Protocol
from uuid import UUID

from common.errors import DomainError
from common.events.hub import Hub
from common.telemetry.logs import get_log
from subgraphs.gateway.events import SupergraphActivated

_SECONDS = 5.0

_log = get_log(__name__)


class PlatformGraph(Protocol):
    """Knows whose the platform's graph is."""

    async def platform_owner(self) -> UUID | None:
        """The organisation, None while there is no such graph."""
        ...


async def follow_activations(
    hub: Hub,
    graph: PlatformGraph,
    look: Callable[[], None],
    *,
    topics: frozenset[str] = frozenset({SupergraphActivated.topic}),
    seconds: float = _SECONDS,
) -> None:
    """Call `look` after each such event, for ever; what cannot be heard is tried again after `seconds`."""
    while True:
        try:
            owner = await graph.platform_owner()
            if owner is not None:
                await _listen(hub, owner, topics, look)
        except DomainError as away:  # PostgreSQL is away, or we were too slow: begin anew
            _log.warning("activations.unheard", reason=away.code)
        await asyncio.sleep(seconds)


async def _listen(hub: Hub, owner: UUID, topics: frozenset[str], look: Callable[[], None]) -> None:
    async with aclosing(hub.listen(topics, organisation_id=owner)) as events:
        look()  # for what happened before we listened
        async for _ in events:
            look()
