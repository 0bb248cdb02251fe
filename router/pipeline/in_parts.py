"""Answers that do not come at once: in parts, or one per event."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from router.errors import SubscriptionNeedsStream
from router.operation.model import OperationKind
from router.pipeline.execute import execute_in_parts
from router.pipeline.feeds import Events, Private, Source
from router.pipeline.project import shown_part
from router.pipeline.respond import cookies_of, headers_of
from router.pipeline.router import Router
from router.pipeline.subscriptions import responses
from router.pipeline.values import Answer, Planned, Received, Streamed, Validated
from router.plan.result import FetchError, Part
from router.projection.delivery import Delivery
from router.wire.event import Event
from router.wire.exchange import Outgoing
from router.wire.incremental import PartsEncoder, PartsFormat
from router.wire.negotiate import OF_2022, ResponseMode, stream_mode

ShownPart = Part[Mapping[str, Any]]


async def finite(
    received: Received, validated: Validated, planned: Planned, router: Router
) -> AsyncGenerator[ShownPart, None]:
    """The parts of a query or mutation as they come, errors masked; one, if nothing is deferred."""
    try:
        async with aclosing(_parts(received, validated, planned, router)) as found:
            async for part in found:
                yield part if part.has_next else _explained(part, received, planned)
    finally:
        if validated.operation.kind is OperationKind.MUTATION and router.sharing is not None:
            router.sharing.mutation_ended()


def _explained(part: ShownPart, received: Received, planned: Planned) -> ShownPart:
    """The last part, with the plan if a developer asks for it."""
    if received.record is None:
        return part
    return replace(part, extensions={"plan": received.record.explained(planned.plan.plan)})


async def _parts(
    received: Received, validated: Validated, planned: Planned, router: Router
) -> AsyncGenerator[ShownPart, None]:
    if planned.parts is None:
        fetched = await router.stages.execute(received, validated, planned, router)
        answer = await router.stages.project(received, validated, planned, fetched, router)
        yield Part(data=answer.data, errors=answer.errors)
        return
    delivery: Delivery | None = None
    async with aclosing(execute_in_parts(received, validated, planned, router)) as steps:
        async for progress in steps:
            part: Part[FetchError] | None
            if delivery is None:
                delivery = Delivery(progress.data, planned.parts, validated.variables)
                part = delivery.first(progress.errors, progress.growth)
            else:
                part = delivery.next(progress.finished, progress.errors, progress.growth)
            while part is not None:
                yield shown_part(part, received, router)
                if not part.has_next:
                    return
                await asyncio.sleep(0)  # others want to be served as well, however much there is to deliver
                part = delivery.next(progress.finished, (), progress.growth)


async def in_parts(
    received: Received, validated: Validated, planned: Planned, router: Router, mode: ResponseMode
) -> Outgoing | Streamed:
    """The first part decides: it may be the whole, and what it brings for the head goes there."""
    found = finite(received, validated, planned, router)
    first = await anext(found)
    if not first.has_next:
        await found.aclose()
        return await router.stages.respond(
            received, Answer(data=first.data, errors=first.errors, extensions=first.extensions)
        )
    format = PartsFormat.OF_2022 if mode in OF_2022 else PartsFormat.CURRENT
    return Streamed(
        mode=mode,
        source=Private(written(found, format, first), goes_on=False),
        goes_on=False,
        caller=received.caller,
        asked_with=received.context.headers,
        headers=(*headers_of(mode, received.context.request_id), *cookies_of(received)),
        request_id=received.context.request_id,
    )


async def written(
    parts: AsyncGenerator[ShownPart, None], format: PartsFormat, first: ShownPart | None = None
) -> AsyncGenerator[Event, None]:
    """The parts as responses of one incremental format."""
    encoder = PartsEncoder(format)
    async with aclosing(parts) as found:
        if first is not None:
            yield Event(encoder.encode(first))
        async for part in found:
            yield Event(encoder.encode(part))


def events(received: Received, validated: Validated, planned: Planned, router: Router) -> Streamed:
    """One response per event, for a client that reads them over HTTP; raises SubscriptionNeedsStream."""
    mode = stream_mode(received.context.headers.get("accept"))
    if mode is None:
        raise SubscriptionNeedsStream
    # Cookies stay behind: the refresh cookie works once, and its successor could not be set later on.
    headers = {name: value for name, value in received.context.headers.items() if name != "cookie"}
    received = replace(received, context=replace(received.context, headers=headers))
    return Streamed(
        mode=mode,
        source=source(received, validated, planned, router),
        goes_on=True,
        caller=received.caller,
        asked_with=received.context.headers,
        headers=headers_of(mode, received.context.request_id),
        request_id=received.context.request_id,
    )


def source(received: Received, validated: Validated, planned: Planned, router: Router) -> Source:
    """One response per event; identical subscriptions are asked for once."""

    def make() -> Events:
        return responses(received, validated, planned, router)

    if router.sharing is None or not router.settings.subscriptions.share:
        return Private(make(), goes_on=True)
    return router.sharing.source(received, validated, planned, make)
