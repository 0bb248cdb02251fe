"""Subscriptions: the source stream first, then the rest of the plan for every event."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from router.context import RequestContext
from router.executor.executor import PreparedPlan, Run, prepare
from router.executor.fetch import Answering, PreparedFetch, client_of
from router.executor.reported import unavailable
from router.plan.nodes import Plan
from router.plan.result import Fetched
from router.subgraph_client.protocol import SubgraphClient, SubgraphResponse, SubgraphUnavailable

_SOURCE = 0


async def subscribe(
    plan: Plan | PreparedPlan,
    variables: Mapping[str, Any],
    clients: Mapping[str, SubgraphClient],
    context: RequestContext,
    *,
    event_seconds: float = 30.0,
) -> AsyncGenerator[Fetched, None]:
    """One Fetched per event, until the source ends; a broken source yields its error last.

    The context's deadline does not bound the stream: every event has `event_seconds` of its own.
    """
    prepared = plan if isinstance(plan, PreparedPlan) else prepare(plan)
    source = prepared.fetches[_SOURCE]
    clock = asyncio.get_running_loop().time

    def answering_now() -> Answering:
        return Answering(
            fetched=Fetched(data={}, errors=[]),
            variables=variables,
            clients=clients,
            context=replace(context, deadline=clock() + event_seconds),
        )

    try:
        async with aclosing(_events(source, answering_now())) as events:
            async for response in events:
                answering = answering_now()
                source.take_root(response, answering)
                await Run(prepared, answering).to_the_end(ended=(_SOURCE,))
                yield answering.fetched
    except SubgraphUnavailable as away:
        answering = answering_now()
        source.give_up(answering, unavailable(source.fetch, away))
        yield answering.fetched


async def _events(source: PreparedFetch, answering: Answering) -> AsyncGenerator[SubgraphResponse, None]:
    stream = client_of(source.fetch, answering).subscribe(source.request(answering, {}))
    try:
        async for response in stream:
            yield response
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
