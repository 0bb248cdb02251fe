"""Subscriptions: the source stream first, then the rest of the plan for every event."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from router.context import RequestContext
from router.executor.executor import PreparedPlan, Run, prepare
from router.executor.fetch import Answering, PreparedFetch, client_of
from router.executor.reported import unavailable
from router.plan.nodes import Plan
from router.plan.result import Fetched
from router.subgraph_client.protocol import (
    Listening,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)

_SOURCE = 0

By = TypeVar("By")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(Generic[By]):
    """What events are answered by. `by`: what whoever made it wants to find again beside each answer."""

    plan: PreparedPlan
    variables: Mapping[str, Any]
    clients: Mapping[str, SubgraphClient]
    by: By


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
    course = Course(plan=prepared, variables=variables, clients=clients, by=None)
    try:
        async with aclosing(follow(lambda: course, context, event_seconds=event_seconds)) as answers:
            async for fetched, _ in answers:
                yield fetched
    except SubgraphUnavailable as away:
        yield broken(course, away)


async def follow(
    course: Callable[[], Course[By]],
    context: RequestContext,
    *,
    event_seconds: float,
    listening: Listening | None = None,
) -> AsyncGenerator[tuple[Fetched, By], None]:
    """One answer per event, each by the course there is when it comes; raises SubgraphUnavailable.

    The source is what the first course subscribes to. When the interruption in `listening` ends the wait for
    an event it raises Interrupted.
    """
    clock = asyncio.get_running_loop().time

    def answering(course: Course[By]) -> Answering:
        return _answering(course, replace(context, deadline=clock() + event_seconds))

    asked = replace(source_of(course(), answering(course()).context), listening=listening)
    async with aclosing(_events(course(), asked)) as events:
        async for response in events:
            yield await _answered(course(), response, answering(course()))


async def _answered(
    course: Course[By], response: SubgraphResponse, answering: Answering
) -> tuple[Fetched, By]:
    course.plan.fetches[_SOURCE].take_root(response, answering)
    await Run(course.plan, answering).to_the_end(ended=(_SOURCE,))
    answering.fetched.event_id = response.event_id
    return answering.fetched, course.by


def source_of(course: Course[By], context: RequestContext) -> SubgraphRequest:
    """What the course's source is asked."""
    return _source(course).request(_answering(course, context), {})


def source_client(course: Course[By]) -> SubgraphClient | None:
    """Whom it is asked, None: nobody has that address."""
    return course.clients.get(_source(course).fetch.subgraph)


def broken(course: Course[By], away: SubgraphUnavailable) -> Fetched:
    """What is answered last when the source is lost."""
    answering = _answering(course, RequestContext(request_id="", deadline=0.0))
    source = _source(course)
    source.give_up(answering, unavailable(source.fetch, away))
    return answering.fetched


def _source(course: Course[By]) -> PreparedFetch:
    return course.plan.fetches[_SOURCE]


def _answering(course: Course[By], context: RequestContext) -> Answering:
    return Answering(
        fetched=Fetched(data={}, errors=[]),
        variables=course.variables,
        clients=course.clients,
        context=context,
    )


def _events(course: Course[By], request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse, None]:
    client = client_of(_source(course).fetch, _answering(course, request.context))
    return _closed(client.subscribe(request))


async def _closed(stream: Any) -> AsyncGenerator[SubgraphResponse, None]:
    """A stream that is closed with this one, if it can be."""
    try:
        async for response in stream:
            yield response
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
