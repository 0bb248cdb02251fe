"""An answer is ready: what it took is counted, and caches on the way are told whether they may keep it.

Nothing of this is there unless something is counted or public.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from hashlib import blake2b
from time import time

from common.access.principal import PrincipalKind
from common.operations.documents import DEFAULT_CLIENT
from router.operation.model import Operation, OperationKind
from router.persisted.desk import Desk
from router.persisted.library import APOLLO_NAME_HEADER, NAME_HEADER, NAME_HEADERS, VERSION_HEADERS, header_of
from router.pipeline.respond import NEVER_CACHED, VARIES
from router.pipeline.values import Received, Validated
from router.settings import RouterSettings
from router.usage.counting import Asked, UsageCounter
from router.wire.encode import FRAMINGS
from router.wire.event import Event
from router.wire.exchange import HeaderList, Outgoing
from router.wire.request import Transport

ERRORS = b'{"errors"'
FRAMED = 200
"""Within so many bytes of a framed answer its JSON begins."""
CREDENTIALS = ("authorization", "x-api-key", "cookie")


class Finish:
    """What happens to answers besides being written."""

    def __init__(self, settings: RouterSettings, desk: Desk, counter: UsageCounter | None) -> None:
        self._desk = desk
        self._counter = counter
        self._request_seconds = settings.timeouts.request
        self._public = dict(settings.persisted.public_seconds)
        varies = (*CREDENTIALS, *NAME_HEADERS, *sorted(settings.forwarded_headers))
        self._varies = (b"vary", VARIES[1] + b", " + ", ".join(dict.fromkeys(varies)).encode())

    def answered(self, received: Received, validated: Validated, outgoing: Outgoing) -> Outgoing:
        """The answer as it goes out."""
        body = outgoing.body
        has_errors = body.startswith(ERRORS) or (received.mode in FRAMINGS and ERRORS in body[:FRAMED])
        self.count(received, validated.operation, has_errors=has_errors)
        if self._public and received.request.transport is Transport.GET and not has_errors:
            return self._shown(received, validated.operation, outgoing)
        return outgoing

    def count(self, received: Received, operation: Operation, *, has_errors: bool = False) -> None:
        """One request more, which took until now."""
        counter = self._counter
        if counter is None:
            return
        context, now = received.context, time()
        ms = (asyncio.get_running_loop().time() - context.deadline + self._request_seconds) * 1000
        headers, registered, principal = context.headers, received.registered, received.caller.principal
        key = (
            principal.id if principal.kind is PrincipalKind.APPLICATION else None,
            headers.get(NAME_HEADER),
            headers.get(APOLLO_NAME_HEADER),
            header_of(headers, VERSION_HEADERS),
            received.request.query if registered is None else registered.body,
            operation.name,
        )
        if not counter.add_known(key, ms, now, has_errors=has_errors):
            counter.add(self._asked(received, operation), ms, now, has_errors=has_errors, key=key)

    async def counted(
        self, received: Received, operation: Operation, events: AsyncGenerator[Event, None]
    ) -> AsyncGenerator[Event, None]:
        """The parts of an answer, counted when the last one is there."""
        has_errors = False
        try:
            async with aclosing(events) as found:
                async for event in found:
                    has_errors = has_errors or "errors" in event.response
                    yield event
        finally:
            self.count(received, operation, has_errors=has_errors)

    def _asked(self, received: Received, operation: Operation) -> Asked:
        headers, principal = received.context.headers, received.caller.principal
        if principal.kind is PrincipalKind.APPLICATION:
            bound = self._desk.library.by_application.get(principal.id) if principal.id else None
            client = f"application:{principal.id}" if bound is None else bound.name
        else:
            client = header_of(headers, NAME_HEADERS) or DEFAULT_CLIENT
        version, registered = header_of(headers, VERSION_HEADERS) or "", received.registered
        if registered is not None:
            text, is_registered = registered.body, True
        else:
            text, is_registered = received.request.query, self._is_registered(received)
        return Asked(client, version, text, operation.name or "", operation.kind.value, is_registered)

    def _is_registered(self, received: Received) -> bool:
        library = self._desk.library
        if not library.has_documents:
            return False
        client = library.client_of(received.caller.principal, received.context.headers)
        return client.with_text(received.request.query) is not None

    def _shown(self, received: Received, operation: Operation, outgoing: Outgoing) -> Outgoing:
        """The answer for everybody to keep, if it is the same for everybody; 304 if the client has it."""
        seconds = self._public.get(operation.name or "")
        if seconds is None or not self._is_public(received, operation, outgoing):
            return outgoing
        tag = b'W/"' + blake2b(outgoing.body, digest_size=16).hexdigest().encode() + b'"'
        headers = (
            *(header for header in outgoing.headers if header not in (NEVER_CACHED, VARIES)),
            (b"cache-control", b"public, max-age=%d" % seconds),
            (b"etag", tag),
            self._varies,
        )
        if _has(received.context.headers, tag.decode()):
            return Outgoing(status=304, body=b"", headers=_without_content(headers))
        return Outgoing(status=outgoing.status, body=outgoing.body, headers=headers)

    def _is_public(self, received: Received, operation: Operation, outgoing: Outgoing) -> bool:
        headers = received.context.headers
        return (
            received.registered is not None
            and operation.kind is OperationKind.QUERY
            and outgoing.status == 200
            and received.mode not in FRAMINGS
            and received.caller.principal.is_anonymous
            and received.record is None
            and not received.context.set_cookies
            and not any(name in headers for name in CREDENTIALS)
        )


def _has(headers: Mapping[str, str], tag: str) -> bool:
    """Whether the client has this answer already (RFC 9110 §13.1.2)."""
    given = headers.get("if-none-match")
    if given is None:
        return False
    return given.strip() == "*" or tag in (each.strip() for each in given.split(","))


def _without_content(headers: HeaderList) -> HeaderList:
    return tuple(header for header in headers if header[0] != b"content-type")
