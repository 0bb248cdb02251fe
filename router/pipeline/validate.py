"""Document → the chosen operation, checked, normalised, its variables coerced; remembered."""

import asyncio
from functools import partial

from router.access.rules import guarded
from router.cost.costs import Costs
from router.errors import MethodNotAllowed, SubscriptionNeedsStream
from router.operation.checked import Checked, Wish, checked
from router.operation.model import Operation, OperationKind
from router.operation.parse import parse as parse_text
from router.operation.variables import variable_coercer
from router.pipeline.caches import Prepared
from router.pipeline.router import Router
from router.pipeline.values import Document, Received, Validated
from router.snapshot.build import Snapshot
from router.wire.negotiate import stream_mode
from router.wire.request import Transport

MANY_SELECTIONS = 500
"""A document which selects more, fragments written out, is checked in a process, if there is one."""


async def prepared_for(received: Received, document: Document, router: Router) -> Prepared:
    """What is the same for every request with this document; raises what is wrong with it."""
    in_parts = received.takes_parts and any(each in document.text for each in ("defer", "stream"))
    name, snapshot, registered = received.request.operation_name, received.snapshot, received.registered
    ready = None if registered is None else registered.ready
    if ready is not None:
        kept: tuple[str, Prepared] | None = ready.get((name, in_parts))
        if kept is not None and kept[0] == snapshot.id:
            return kept[1]

    async def make() -> Prepared:
        wish = Wish(
            name=name,
            limits=router.settings.limits,
            introspection=router.settings.allows_introspection,
            in_parts=in_parts,
        )
        return await _prepared(document, wish, snapshot, router)

    prepared = await router.caches.operations.get((snapshot.id, document.text, name, in_parts), make)
    if ready is not None and router.snapshots.is_current(snapshot):
        ready[name, in_parts] = (snapshot.id, prepared)
    return prepared


async def validate(received: Received, document: Document, router: Router) -> Validated:
    """The operation to run; raises what is wrong with document, variables or way of sending."""
    prepared = await prepared_for(received, document, router)
    _check_transport(prepared.operation, received)
    variables = prepared.coerce(received.request.variables)
    costs, pricing = router.costs, prepared.pricing
    return Validated(
        operation=prepared.operation,
        fingerprint=prepared.fingerprint,
        selections=prepared.selections,
        variables=variables,
        cost=None if costs is None or pricing is None else costs.charge(pricing, variables),
        pricing=pricing,
        guarded=prepared.guarded,
        coerce=prepared.coerce,
    )


async def _prepared(document: Document, wish: Wish, snapshot: Snapshot, router: Router) -> Prepared:
    """Checked in a thread, or in a process where that would hold up the event loop."""
    loop, beside, costs, prepared = asyncio.get_running_loop(), router.beside, router.costs, None
    if not document.is_long:
        at_most = MANY_SELECTIONS if beside is not None and beside.is_ready(snapshot) else None
        work = partial(_checked, document, snapshot, wish, at_most, costs)
        prepared = await loop.run_in_executor(router.readers, work)
    if prepared is None:
        assert beside is not None
        found = await beside.check(document.text, wish, snapshot, router.settings.timeouts.plan)
        prepared = await loop.run_in_executor(router.readers, _ready, found, snapshot, costs)
    return prepared


def _checked(
    document: Document, snapshot: Snapshot, wish: Wish, at_most: int | None, costs: Costs | None
) -> Prepared | None:
    node = document.take() or parse_text(document.text, max_tokens=wish.limits.max_tokens)
    found = checked(node, snapshot.schema, wish, at_most=at_most)
    return None if found is None else _ready(found, snapshot, costs)


def _ready(found: Checked, snapshot: Snapshot, costs: Costs | None) -> Prepared:
    return Prepared(
        operation=found.operation,
        fingerprint=found.fingerprint,
        coerce=variable_coercer(found.operation, snapshot.schema),
        selections=found.selections,
        pricing=None if costs is None else costs.pricing(found.operation, snapshot.supergraph, snapshot.id),
        guarded=None if snapshot.guards is None else guarded(found.operation, snapshot.guards),
    )


def _check_transport(operation: Operation, received: Received) -> None:
    transport = received.request.transport
    if operation.kind is OperationKind.SUBSCRIPTION:
        accept = received.context.headers.get("accept")
        if transport is not Transport.SOCKET and stream_mode(accept) is None:
            raise SubscriptionNeedsStream
    elif transport is Transport.GET and operation.kind is not OperationKind.QUERY:
        raise MethodNotAllowed(f"A {operation.kind} cannot be sent with GET; use POST.")
