"""Subscriptions that run: an answer for every event of their source, whatever supergraph comes meanwhile.

A subscription goes on by the plan it began with until another supergraph is in use. Then it is read, checked
and planned again. If it listens to the same source as before, later events are answered by the new plan. If
the source has changed it is left for the new one as soon as nothing can get lost by that: at once if its
events have ids, when it is lost otherwise. A subscription that the new schema does not allow ends and says
so. Nothing here holds on to a supergraph that no subscription goes by.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from router.errors import ClientError, OperationNoLongerValid
from router.executor.subscribe import Course, broken, follow, source_client, source_of
from router.pipeline.feeds import begins_somewhere
from router.pipeline.router import Router
from router.pipeline.subgraphs import clients_of
from router.pipeline.values import Planned, Received, Validated
from router.plan.result import Fetched
from router.subgraph_client.interruption import Interrupted, Interruption
from router.subgraph_client.protocol import Listening, SubgraphUnavailable
from router.wire.encode import response
from router.wire.event import Event

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One operation under one supergraph."""

    received: Received
    validated: Validated
    planned: Planned


Leg = Course[Prepared]
Again = Callable[[Received], Awaitable[Prepared]]


def responses(
    received: Received, validated: Validated, planned: Planned, router: Router
) -> AsyncGenerator[Event, None]:
    """One response per event; raises OperationNoLongerValid when a new supergraph ends it."""
    return Subscription(Prepared(received=received, validated=validated, planned=planned), router).events()


class Subscription:
    """One that runs. `move` is called whenever another supergraph is in use."""

    def __init__(self, prepared: Prepared, router: Router) -> None:
        self._router = router
        self._leg = _leg(prepared, router)
        self._next: Leg | None = None
        self._ended: OperationNoLongerValid | None = None
        self._interruption = Interruption()
        self._last_event_id = prepared.received.context.last_event_id
        self._considered = prepared.received.snapshot.id

    async def events(self) -> AsyncGenerator[Event, None]:
        """One response per event, until the source ends or is lost for good."""
        with self._router.subscriptions.running(self):
            while True:
                try:
                    async with aclosing(self._followed()) as answers:
                        async for fetched, by in answers:
                            event = await self._event(fetched, by)
                            del fetched, by  # or the supergraph that it goes by would stay until the next one
                            yield event
                            if self._ended is not None:
                                raise self._ended
                    return
                except Interrupted:
                    if self._ended is not None:
                        raise self._ended from None
                except SubgraphUnavailable as away:
                    if self._next is None:
                        yield await self._event(broken(self._leg, away), self._leg.by)
                        return
                self._take_next()

    def is_behind(self, snapshot_id: str) -> bool:
        """It has not been looked at under this supergraph."""
        return self._considered != snapshot_id

    async def move(self, again: Again) -> None:
        """Go on under the supergraph in use, if it still can."""
        snapshot = self._router.snapshots.current
        self._considered = snapshot.id
        try:
            prepared = await again(replace(self._leg.by.received, snapshot=snapshot))
        except ClientError as refusal:
            if refusal.status >= 500:  # not now: it goes on as it is
                log.warning("a subscription could not be planned anew: %s", refusal)
                return
            self._ended = OperationNoLongerValid(refusal)
            self._interruption.interrupt()
            return
        leg = _leg(prepared, self._router)
        if self._is_same_source(leg):
            self._leg, self._next = leg, None
            return
        self._next = leg
        if self._last_event_id is not None:
            self._interruption.interrupt()

    def _followed(self) -> AsyncGenerator[tuple[Fetched, Prepared], None]:
        operation = self._leg.by.validated
        listening = Listening(
            last_event_id=self._last_event_id,
            is_alone=begins_somewhere(operation.operation, operation.variables),
            interruption=self._interruption,
        )
        return follow(
            lambda: self._leg,
            self._leg.by.received.context,
            event_seconds=self._router.settings.timeouts.request,
            listening=listening,
        )

    def _take_next(self) -> None:
        assert self._next is not None
        self._leg, self._next = self._next, None
        self._interruption = Interruption()

    def _is_same_source(self, leg: Leg) -> bool:
        if source_client(leg) is not source_client(self._leg):
            return False
        context = leg.by.received.context
        return source_of(leg, context).payload == source_of(self._leg, context).payload

    async def _event(self, fetched: Fetched, by: Prepared) -> Event:
        stages = self._router.stages
        answer = await stages.project(by.received, by.validated, by.planned, fetched, self._router)
        whole = response(answer.data, answer.errors, answer.extensions)
        if fetched.event_id is not None:
            self._last_event_id = fetched.event_id
            whole["extensions"] = {**whole.get("extensions", {}), "eventId": fetched.event_id}
        return Event(whole, id=fetched.event_id)


def _leg(prepared: Prepared, router: Router) -> Leg:
    return Course(
        plan=prepared.planned.plan,
        variables=prepared.validated.variables,
        clients=clients_of(prepared.received.snapshot, router),
        by=prepared,
    )


async def prepared_again(received: Received, router: Router) -> Prepared:
    """The operation as the supergraph of `received` has it; raises what is wrong with it there."""
    stages = router.stages
    document = await stages.parse(received, router)
    validated = await stages.validate(received, document, router)
    operation = await stages.authorise(received, validated, router)
    planned = await stages.plan(received, validated, operation, router)
    return Prepared(received=received, validated=validated, planned=planned)


async def move_all(router: Router) -> None:
    """Bring every subscription under the supergraph in use, one after the other."""

    async def again(received: Received) -> Prepared:
        return await prepared_again(received, router)

    while behind := router.subscriptions.behind(router.snapshots.current.id):
        for subscription in behind:
            try:
                await subscription.move(again)
            except Exception:  # one that cannot be moved stays where it is, and holds up no other
                log.exception("a subscription could not be moved to the new supergraph")
            await asyncio.sleep(0)
