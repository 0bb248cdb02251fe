"""Document → the chosen operation, checked, normalised, its variables coerced; remembered."""

import asyncio

from graphql import DocumentNode, GraphQLSchema

from router.errors import MethodNotAllowed, SubscriptionNeedsStream, ValidationFailed
from router.operation.fingerprint import fingerprint
from router.operation.model import Operation, OperationKind
from router.operation.normalise import normalise
from router.operation.validate import validate as validate_document
from router.operation.variables import variable_coercer
from router.pipeline.caches import Prepared, count
from router.pipeline.router import Router
from router.pipeline.values import Document, Received, Validated
from router.settings import RouterSettings
from router.wire.negotiate import stream_mode
from router.wire.request import Transport


async def validate(received: Received, document: Document, router: Router) -> Validated:
    """The operation to run; raises what is wrong with document, variables or way of sending."""
    name, schema = received.request.operation_name, received.snapshot.schema
    in_parts = received.takes_parts and any(each in document.text for each in ("defer", "stream"))

    async def make() -> Prepared:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            router.readers, _prepared, document.node, name, schema, router.settings, in_parts
        )

    key = received.snapshot.id, document.text, name, in_parts
    prepared = await router.caches.operations.get(key, make)
    _check_transport(prepared.operation, received)
    return Validated(
        operation=prepared.operation,
        fingerprint=prepared.fingerprint,
        selections=prepared.selections,
        variables=prepared.coerce(received.request.variables),
    )


def _prepared(
    document: DocumentNode, name: str | None, schema: GraphQLSchema, settings: RouterSettings, in_parts: bool
) -> Prepared:
    limits = settings.limits
    try:
        validate_document(document, schema, limits=limits, introspection=settings.allows_introspection)
        operation = normalise(document, name, schema, max_selections=limits.max_selections, in_parts=in_parts)
    except RecursionError as cause:
        raise ValidationFailed("The document is nested too deeply to be checked.") from cause
    return Prepared(
        operation=operation,
        fingerprint=fingerprint(operation),
        coerce=variable_coercer(operation, schema),
        selections=count(operation.selections),
    )


def _check_transport(operation: Operation, received: Received) -> None:
    transport = received.request.transport
    if operation.kind is OperationKind.SUBSCRIPTION:
        accept = received.context.headers.get("accept")
        if transport is not Transport.SOCKET and stream_mode(accept) is None:
            raise SubscriptionNeedsStream
    elif transport is Transport.GET and operation.kind is not OperationKind.QUERY:
        raise MethodNotAllowed(f"A {operation.kind} cannot be sent with GET; use POST.")
