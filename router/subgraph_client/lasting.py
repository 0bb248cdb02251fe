"""A subscription that outlives its connection: when the subgraph goes away it is asked again, for a while.

What happened meanwhile is made up for where the source gives its events ids; nothing can be made up for, and
nothing comes twice, where it does not.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from random import random
from typing import cast

from router.subgraph_client.protocol import (
    Failure,
    Standing,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)

log = logging.getLogger(__name__)

Open = Callable[[SubgraphRequest], AsyncIterator[SubgraphResponse]]

PASSING = frozenset({Failure.UNREACHABLE, Failure.TIMEOUT, Failure.HTTP_ERROR})
"""What a subgraph that is just being restarted looks like."""
TOO_SLOW = "SUBSCRIBER_TOO_SLOW"
"""More events came than could be taken: of those that have ids, none is lost."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a lost subscription is tried again, each time for `attempt` seconds, while it `may_go_on`."""

    seconds: float
    attempt: float = 10.0
    may_go_on: Callable[[], bool] = lambda: True


async def lasting(
    open: Open, request: SubgraphRequest, patience: Patience, told: Callable[[], None] = lambda: None
) -> AsyncGenerator[SubgraphResponse, None]:
    """The events; raises SubgraphUnavailable when the subgraph stays away, or never was there.

    `told` hears of every subscription that was lost.
    """
    clock = asyncio.get_running_loop().time
    lost_at: float | None = None
    tries = 0
    while True:
        try:
            async with aclosing(_generator(open(request))) as events:
                async for response in events:
                    lost_at, tries = None, 0
                    if response.event_id is not None:
                        request = request.behind(response.event_id)
                    if not isinstance(response, Standing):
                        yield response
            return
        except SubgraphUnavailable as away:
            if away.was_open or lost_at is None:
                if not away.was_open:
                    raise
                lost_at, tries = clock(), 0
                told()
                log.warning("a subscription was lost: %s", away, extra={"subgraph": away.subgraph})
            left = lost_at + patience.seconds - clock()
            may_pass = away.code in PASSING or (away.code == TOO_SLOW and request.last_event_id is not None)
            if not may_pass or left <= 0 or not patience.may_go_on():
                raise
        await asyncio.sleep(min(pause_after(tries), left))
        tries += 1
        context = replace(request.context, deadline=clock() + patience.attempt)
        request = replace(request, context=context)


def pause_after(tries: int) -> float:
    """Twice as long each time, up to a limit, and never quite the same for any two."""
    longest: float = min(FIRST_PAUSE * 2 ** min(tries, 16), LONGEST_PAUSE)
    return longest * (0.5 + random() / 2)  # noqa: S311 - no secret hangs on it


def _generator(events: AsyncIterator[SubgraphResponse]) -> AsyncGenerator[SubgraphResponse, None]:
    """Whatever can be closed is closed."""
    if hasattr(events, "aclose"):
        return cast("AsyncGenerator[SubgraphResponse, None]", events)
    return _plain(events)


async def _plain(events: AsyncIterator[SubgraphResponse]) -> AsyncGenerator[SubgraphResponse, None]:
    async for response in events:
        yield response
