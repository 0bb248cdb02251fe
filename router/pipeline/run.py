"""The eight stages in order, and the net below them. Nothing else belongs here."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from router.errors import ClientError
from router.operation.model import OperationKind
from router.pipeline.execute import subscribe
from router.pipeline.respond import failed, refused
from router.pipeline.router import Router
from router.pipeline.values import Answer, Planned, Received, Validated
from router.wire.exchange import Incoming, Outgoing, SocketFrame


async def run(incoming: Incoming, router: Router) -> Outgoing:
    """The answer to one HTTP request, whatever happens."""
    stages = router.stages
    try:
        received, validated, planned = await _prepare(incoming, router)

        async def answering() -> Outgoing:
            fetched = await stages.execute(received, validated, planned, router)
            answer = await stages.project(received, validated, planned, fetched, router)
            return await stages.respond(received, answer)

        if router.sharing is None:
            return await answering()
        return await router.sharing.answer(received, validated, planned, answering)
    except ClientError as refusal:
        return refused(refusal, incoming)
    except Exception as failure:  # the last resort
        return failed(failure, incoming)


async def stream(frame: SocketFrame, router: Router) -> AsyncGenerator[Answer, None]:
    """The answers to one socket message: one, or one per event. Refusals are raised before the first."""
    stages = router.stages
    received, validated, planned = await _prepare(frame, router)
    if validated.operation.kind is not OperationKind.SUBSCRIPTION:
        fetched = await stages.execute(received, validated, planned, router)
        yield await stages.project(received, validated, planned, fetched, router)
        return
    async with aclosing(subscribe(received, validated, planned, router)) as events:
        async for fetched in events:
            yield await stages.project(received, validated, planned, fetched, router)


async def _prepare(incoming: Incoming | SocketFrame, router: Router) -> tuple[Received, Validated, Planned]:
    """The stages that think: the same for one answer and for many."""
    stages = router.stages
    received = await stages.receive(incoming, router)
    document = await stages.parse(received, router)
    validated = await stages.validate(received, document, router)
    operation = await stages.authorise(received, validated.operation, router)
    planned = await stages.plan(received, validated, operation, router)
    return received, validated, planned
