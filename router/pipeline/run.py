"""The eight stages in order, and the net below them. Nothing else belongs here."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from router.errors import ClientError, SubscriptionNeedsStream
from router.operation.model import OperationKind
from router.pipeline.feeds import Private, Source
from router.pipeline.in_parts import ShownPart, events, finite, in_parts, source, written
from router.pipeline.respond import failed, refused
from router.pipeline.router import Router
from router.pipeline.values import Planned, Received, Streamed, Validated
from router.wire.exchange import Incoming, Outgoing, SocketFrame
from router.wire.negotiate import parts_mode


async def run(incoming: Incoming, router: Router) -> Outgoing | Streamed:
    """The answer to one HTTP request, whatever happens; Streamed if it has many responses or parts."""
    stages = router.stages
    try:
        mode = parts_mode(incoming.headers.get("accept"))
        received, validated, planned = await _prepare(incoming, router, takes_parts=mode is not None)
        if validated.operation.kind is OperationKind.SUBSCRIPTION:
            if router.finish is not None:
                router.finish.count(received, validated.operation)
            return events(received, validated, planned, router)
        if planned.parts is not None and mode is not None:
            if router.finish is not None:
                router.finish.count(received, validated.operation)
            return await in_parts(received, validated, planned, router, mode)

        async def answering() -> Outgoing:
            fetched = await stages.execute(received, validated, planned, router)
            answer = await stages.project(received, validated, planned, fetched, router)
            if received.record is not None:
                plan = received.record.explained(planned.plan.plan)
                answer = replace(answer, extensions={**(answer.extensions or {}), "plan": plan})
            return await stages.respond(received, answer)

        is_own = router.costs is not None and router.costs.is_asked(received.context.headers)
        if router.sharing is None or received.record is not None or is_own:
            outgoing = await answering()
        else:
            outgoing = await router.sharing.answer(received, validated, planned, answering)
        if router.lane is not None and received.record is None:
            router.lane.learn(received, validated, planned)
        return outgoing if router.finish is None else router.finish.answered(received, validated, outgoing)
    except ClientError as refusal:
        return refused(refusal, incoming)
    except Exception as failure:  # the last resort
        return failed(failure, incoming)


async def opened(frame: SocketFrame, router: Router) -> Source:
    """The responses to one socket message: one, its parts, or one per event. Refusals are raised."""
    received, validated, planned = await _prepare(frame, router, takes_parts=True)
    finish = router.finish
    if validated.operation.kind is OperationKind.SUBSCRIPTION:
        if finish is not None:
            finish.count(received, validated.operation)
        return source(received, validated, planned, router)
    parts = written(finite(received, validated, planned, router), frame.parts)
    if finish is not None:
        parts = finish.counted(received, validated.operation, parts)
    return Private(parts, goes_on=False)


async def parts(incoming: Incoming | SocketFrame, router: Router) -> AsyncGenerator[ShownPart, None]:
    """The answer to a query or mutation in parts: one, or more if something is deferred.

    Refusals are raised before the first. The operation's deadline holds for all parts; whoever stops
    listening ends what is still asked for, except what a mutation has begun.
    """
    received, validated, planned = await _prepare(incoming, router, takes_parts=True)
    if validated.operation.kind is OperationKind.SUBSCRIPTION:
        raise SubscriptionNeedsStream
    async with aclosing(finite(received, validated, planned, router)) as found:
        async for part in found:
            yield part


async def _prepare(
    incoming: Incoming | SocketFrame, router: Router, *, takes_parts: bool = False
) -> tuple[Received, Validated, Planned]:
    """The stages that think: the same for one answer and for many."""
    stages, protection = router.stages, router.protection
    if protection is not None:
        await protection.arrive(incoming.client_address, incoming.standings)
    received = await stages.receive(incoming, router)
    if protection is not None:
        protection.check_caller(received.caller.principal, incoming.client_address)
    if takes_parts:
        received = replace(received, takes_parts=True)
    document = await stages.parse(received, router)
    validated = await stages.validate(received, document, router)
    operation = await stages.authorise(received, validated, router)
    if protection is not None:
        principal, cost = received.caller.principal, validated.cost or 1
        await protection.spend(principal, incoming.client_address, operation, cost, incoming.standings)
    planned = await stages.plan(received, validated, operation, router)
    return received, validated, planned
