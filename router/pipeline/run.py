"""The eight stages in order, and the net below them. Nothing else belongs here."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from router.errors import ClientError, SubscriptionNeedsStream
from router.operation.model import OperationKind
from router.pipeline.execute import execute_in_parts, subscribe
from router.pipeline.project import shown_part
from router.pipeline.respond import cookies_of, failed, headers_of, refused
from router.pipeline.router import Router
from router.pipeline.values import Answer, Planned, Received, Streamed, Validated
from router.plan.result import FetchError, Part
from router.projection.delivery import Delivery
from router.wire.encode import response
from router.wire.exchange import Incoming, Outgoing, SocketFrame
from router.wire.incremental import PartsEncoder, PartsFormat
from router.wire.negotiate import OF_2022, ResponseMode, parts_mode, stream_mode

ShownPart = Part[Mapping[str, Any]]


async def run(incoming: Incoming, router: Router) -> Outgoing | Streamed:
    """The answer to one HTTP request, whatever happens; Streamed if it has many responses or parts."""
    stages = router.stages
    try:
        mode = parts_mode(incoming.headers.get("accept"))
        received, validated, planned = await _prepare(incoming, router, takes_parts=mode is not None)
        if validated.operation.kind is OperationKind.SUBSCRIPTION:
            return _events(received, validated, planned, router)
        if planned.parts is not None and mode is not None:
            return await _in_parts(received, validated, planned, router, mode)

        async def answering() -> Outgoing:
            fetched = await stages.execute(received, validated, planned, router)
            answer = await stages.project(received, validated, planned, fetched, router)
            if received.record is not None:
                plan = received.record.explained(planned.plan.plan)
                answer = replace(answer, extensions={"plan": plan})
            return await stages.respond(received, answer)

        if router.sharing is None or received.record is not None:
            return await answering()
        return await router.sharing.answer(received, validated, planned, answering)
    except ClientError as refusal:
        return refused(refusal, incoming)
    except Exception as failure:  # the last resort
        return failed(failure, incoming)


async def stream(frame: SocketFrame, router: Router) -> AsyncGenerator[dict[str, Any], None]:
    """The responses to one socket message: one, its parts, or one per event. Refusals are raised first."""
    received, validated, planned = await _prepare(frame, router, takes_parts=True)
    if validated.operation.kind is OperationKind.SUBSCRIPTION:
        responses = _responses(received, validated, planned, router)
    else:
        responses = _written(_finite(received, validated, planned, router), PartsFormat.CURRENT)
    async with aclosing(responses) as found:
        async for each in found:
            yield each


async def parts(incoming: Incoming | SocketFrame, router: Router) -> AsyncGenerator[ShownPart, None]:
    """The answer to a query or mutation in parts: one, or more if something is deferred.

    Refusals are raised before the first. The operation's deadline holds for all parts; whoever stops
    listening ends what is still asked for, except what a mutation has begun.
    """
    received, validated, planned = await _prepare(incoming, router, takes_parts=True)
    if validated.operation.kind is OperationKind.SUBSCRIPTION:
        raise SubscriptionNeedsStream
    async with aclosing(_finite(received, validated, planned, router)) as found:
        async for part in found:
            yield part


async def _finite(
    received: Received, validated: Validated, planned: Planned, router: Router
) -> AsyncGenerator[ShownPart, None]:
    try:
        async with aclosing(_parts(received, validated, planned, router)) as found:
            async for part in found:
                yield part
    finally:
        if validated.operation.kind is OperationKind.MUTATION and router.sharing is not None:
            router.sharing.mutation_ended()


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
                part = delivery.first(progress.errors)
            else:
                part = delivery.next(progress.finished, progress.errors)
            while part is not None:
                yield shown_part(part, received, router)
                if not part.has_next:
                    return
                part = delivery.next(progress.finished, ())


async def _in_parts(
    received: Received, validated: Validated, planned: Planned, router: Router, mode: ResponseMode
) -> Outgoing | Streamed:
    """The first part decides: it may be the whole, and what it brings for the head goes there."""
    found = _finite(received, validated, planned, router)
    first = await anext(found)
    if not first.has_next:
        await found.aclose()
        return await router.stages.respond(received, Answer(data=first.data, errors=first.errors))
    format = PartsFormat.OF_2022 if mode in OF_2022 else PartsFormat.CURRENT
    return Streamed(
        mode=mode,
        responses=_written(found, format, first),
        goes_on=False,
        caller=received.caller,
        headers=(*headers_of(mode, received.context.request_id), *cookies_of(received)),
        request_id=received.context.request_id,
    )


async def _written(
    parts: AsyncGenerator[ShownPart, None], format: PartsFormat, first: ShownPart | None = None
) -> AsyncGenerator[dict[str, Any], None]:
    encoder = PartsEncoder(format)
    async with aclosing(parts) as found:
        if first is not None:
            yield encoder.encode(first)
        async for part in found:
            yield encoder.encode(part)


def _events(received: Received, validated: Validated, planned: Planned, router: Router) -> Streamed:
    mode = stream_mode(received.context.headers.get("accept"))
    if mode is None:
        raise SubscriptionNeedsStream
    # Cookies stay behind: the refresh cookie works once, and its successor could not be set later on.
    headers = {name: value for name, value in received.context.headers.items() if name != "cookie"}
    received = replace(received, context=replace(received.context, headers=headers))
    return Streamed(
        mode=mode,
        responses=_responses(received, validated, planned, router),
        goes_on=True,
        caller=received.caller,
        headers=headers_of(mode, received.context.request_id),
        request_id=received.context.request_id,
    )


async def _responses(
    received: Received, validated: Validated, planned: Planned, router: Router
) -> AsyncGenerator[dict[str, Any], None]:
    async with aclosing(subscribe(received, validated, planned, router)) as events:
        async for fetched in events:
            answer = await router.stages.project(received, validated, planned, fetched, router)
            yield response(answer.data, answer.errors)


async def _prepare(
    incoming: Incoming | SocketFrame, router: Router, *, takes_parts: bool = False
) -> tuple[Received, Validated, Planned]:
    """The stages that think: the same for one answer and for many."""
    stages = router.stages
    received = await stages.receive(incoming, router)
    if takes_parts:
        received = replace(received, takes_parts=True)
    document = await stages.parse(received, router)
    validated = await stages.validate(received, document, router)
    operation = await stages.authorise(received, validated.operation, router)
    planned = await stages.plan(received, validated, operation, router)
    return received, validated, planned
