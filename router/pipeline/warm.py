"""Registered documents are read, checked and planned before anybody asks for them."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from math import inf

from router.access.identity import NOBODY
from router.context import RequestContext
from router.errors import ClientError
from router.persisted.canonical import definitions_of
from router.persisted.library import Library, Registered
from router.pipeline.parse import parse
from router.pipeline.plan import plan
from router.pipeline.router import Router
from router.pipeline.validate import prepared_for
from router.pipeline.values import Received, Validated
from router.wire.negotiate import ResponseMode
from router.wire.request import GraphQLRequest

log = logging.getLogger(__name__)

OPERATIONS = ("query", "mutation", "subscription")


class Warming:
    """One document after the other, from the first on whenever documents or the supergraph change."""

    def __init__(self, router: Router, most: int) -> None:
        self._router = router
        self._most = most
        self._task: asyncio.Task[None] | None = None
        self.warmed = 0
        """Operations that are ready, of the documents and the supergraph in use."""

    def begin(self) -> None:
        """Begin anew."""
        self.stop()
        if self._most and self._router.desk.library.has_documents and self._router.snapshots.is_loaded:
            self._task = asyncio.create_task(self._warm())

    def stop(self) -> None:
        """Leave it."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def done(self) -> None:
        """Wait for the end of what was begun."""
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await self._task

    async def _warm(self) -> None:
        self.warmed, unusable = 0, 0
        for registered in _documents(self._router.desk.library, self._most):
            for name in names_in(registered.body):
                try:
                    await self._warm_one(registered, name)
                    self.warmed += 1
                except ClientError:  # it may have fitted another supergraph: whoever asks for it is told
                    unusable += 1
        log.info("%d registered operations are planned, %d do not fit", self.warmed, unusable)

    async def _warm_one(self, registered: Registered, name: str | None) -> None:
        received = Received(
            request=GraphQLRequest(query="", operation_name=name),
            registered=registered,
            context=RequestContext(request_id="warming", deadline=inf),
            caller=NOBODY,
            refusal=None,
            snapshot=self._router.snapshots.current,
            mode=ResponseMode.JSON,
        )
        document = await parse(received, self._router)
        prepared = await prepared_for(received, document, self._router)
        validated = Validated(
            operation=prepared.operation,
            fingerprint=prepared.fingerprint,
            selections=prepared.selections,
            variables={},
        )
        await plan(received, validated, prepared.operation, self._router)


def _documents(library: Library, most: int) -> Iterator[Registered]:
    """Each text once."""
    seen: set[str] = set()
    for client in library.clients():
        for registered in client.by_text.values():
            if len(seen) >= most:
                return
            if registered.body not in seen:
                seen.add(registered.body)
                yield registered


def names_in(text: str) -> list[str | None]:
    """What `operationName` may be: the operations' names, and none at all if there is only one."""
    named: list[str | None] = []
    for definition in definitions_of(text) or ():
        kind, _, rest = definition.partition(" ")
        if kind == "{":
            named.append(None)
        elif kind in OPERATIONS:
            word = rest.split(" ", 1)[0]
            named.append(word if word.isidentifier() else None)
    if len(named) == 1 and named[0] is not None:
        named.append(None)
    return named
