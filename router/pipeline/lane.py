"""The lane: the straight way for a query that has been answered before, and whose request is nothing special.

The stages find out the same about every request with the same document: what it means, how to fetch it, how
to print it. Here that is known from the one before. What is left of a request is its variables, and from the
bytes that come from the client to those that go to the subgraphs it is one call, without a coroutine.

Whatever is unusual goes through the stages instead: `board` says no, and nothing has happened yet. What turns
out to be unusual on the way (an error, a subgraph that is away) is the reference executor's, as ever.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from random import getrandbits
from typing import Any, Protocol

import orjson

from common.access.principal import ANONYMOUS
from common.values import value
from router.access.identity import NOBODY
from router.cache.flights import Flight, Landed
from router.cache.recent import Recent
from router.compiled.program import Program
from router.compiled.programs import Programs
from router.compiled.running import Running, Surroundings
from router.context import RequestContext
from router.errors import ClientError
from router.operation.model import OperationKind
from router.operation.variables import VariableCoercer
from router.pipeline.project import project
from router.pipeline.respond import failed, headers_of, refused, respond
from router.pipeline.router import Router
from router.pipeline.share import RequestSharing
from router.pipeline.subgraphs import clients_of
from router.pipeline.values import Planned, Received, Validated
from router.plan.result import Fetched
from router.prompt import Prompt
from router.settings import RouterSettings
from router.snapshot.build import Snapshot
from router.wire.encode import encode
from router.wire.exchange import Incoming, Outgoing
from router.wire.negotiate import ResponseMode
from router.wire.params import usual
from router.wire.request import GraphQLRequest, Transport


@value
class Way:
    """What is the same for all requests that come with one head: how they are to be answered, and who asks.

    `request_id`: the client's own. `accept_encoding`: which codings it takes.
    """

    mode: ResponseMode
    headers: Mapping[str, str]
    client_address: str | None
    user_agent: str | None
    traceparent: str | None
    request_id: str | None
    accept_encoding: str | None


class Taker(Protocol):
    """Where answers go."""

    def take(self, ride: "Ride", body: bytes) -> None:
        """The answer to a query: status 200, the headers that all such answers have."""
        ...

    def take_other(self, ride: "Ride", outgoing: Outgoing) -> None:
        """Any other answer."""
        ...


@value
class Known:
    """A document that was answered, in one of its operations."""

    snapshot: Snapshot
    validated: Validated
    planned: Planned
    programs: Programs
    coerce: VariableCoercer


class Lane:
    """The documents that may go straight, under the supergraph in use."""

    router: Router

    def __init__(self, settings: RouterSettings) -> None:
        sizes = settings.caches
        self._known: Recent[tuple[str, str | None], Known] = Recent(sizes.planned, sizes.selections)
        self._seconds = settings.timeouts.request
        self.answered = 0

    def open(self, router: Router) -> None:
        """Answer for this router."""
        self.router = router
        router.snapshots.on_swap(self._known.clear)

    def learn(self, received: Received, validated: Validated, planned: Planned) -> None:
        """The stages have answered this one: the next may go straight, if they would do the same for it."""
        request, operation, router = received.request, validated.operation, self.router
        key = request.query, request.operation_name
        if self._known.get(key) is not None:
            return
        if planned.programs is None or operation.kind is not OperationKind.QUERY or planned.withheld:
            return
        if validated.guarded is not None or received.snapshot.supergraph.override_labels:
            return
        if received.registered is not None or request.sha256 is not None or planned.parts is not None:
            return
        cookies = router.settings.cookie_subgraphs
        if cookies and any(fetch.subgraph in cookies for fetch in planned.plan.plan.fetches):
            return
        prepared = router.caches.operations.known((received.snapshot.id, request.query, key[1], False))
        if prepared is None or not router.snapshots.is_current(received.snapshot):
            return
        known = Known(
            snapshot=received.snapshot,
            validated=replace(validated, variables={}),
            planned=planned,
            programs=planned.programs,
            coerce=prepared.coerce,
        )
        self._known.put(key, known, planned.selections + len(request.query) // 100)

    def board(self, way: Way, body: bytes, taker: Taker) -> "Ride | None":
        """The ride of a request, not yet begun; None: it has to go through the stages."""
        if self.router.desk.library.is_strict:
            return None
        try:
            request = usual(orjson.loads(body), Transport.POST)
        except orjson.JSONDecodeError:
            return None
        if request is None:
            return None
        known = self._known.get((request.query, request.operation_name))
        if known is None:
            return None
        try:
            variables = known.coerce(request.variables)
        except ClientError:
            return None
        program = known.programs.get(known.programs.outcome(variables))
        if program is None:
            return None
        return Ride(self, known, program, way, request, variables, taker)

    def context_of(self, way: Way) -> RequestContext:
        """The context of a request that begins now."""
        return RequestContext(
            request_id=way.request_id or f"{getrandbits(128):032x}",
            deadline=asyncio.get_running_loop().time() + self._seconds,
            principal=ANONYMOUS,
            headers=way.headers,
            client_address=way.client_address,
            user_agent=way.user_agent,
            traceparent=way.traceparent,
        )


class Ride:
    """One request on the lane. Its taker hears of one answer, unless it leaves before."""

    __slots__ = (
        "_flight",
        "_is_over",
        "_key",
        "_known",
        "_lane",
        "_program",
        "_prompt",
        "_request",
        "_running",
        "_taker",
        "_variables",
        "context",
        "way",
    )

    def __init__(
        self,
        lane: Lane,
        known: Known,
        program: Program,
        way: Way,
        request: GraphQLRequest,
        variables: Mapping[str, Any],
        taker: Taker,
    ) -> None:
        self._lane = lane
        self._known = known
        self._program = program
        self._request = request
        self._variables = variables
        self._taker: Taker | None = taker
        self._running: Running | None = None
        self._prompt: Prompt | None = None
        self._flight: Flight[Outgoing] | None = None
        self._key: Any = None
        self._is_over = False
        self.way = way
        self.context = lane.context_of(way)

    def begin(self) -> None:
        """Ask, or wait for whoever asks the same."""
        sharing = self._lane.router.sharing
        if sharing is not None and self._boards_another(sharing):
            return
        router, known = self._lane.router, self._known
        given = Surroundings(
            prepared=known.planned.plan,
            variables=self._variables,
            clients=clients_of(known.snapshot, router),
            context=self.context,
        )
        self._running = Running(self._program, given)
        self._running.begin(self._ended)

    def leave(self) -> None:
        """The client has left: what was asked for it is given up, but for those who wait for the same."""
        self._taker = None
        self._close()
        if self._prompt is not None:
            self._prompt.cancel()
        if self._flight is not None and self._lane.router.sharing is not None:
            flight, self._flight = self._flight, None
            self._lane.router.sharing.lost(self._key, flight)

    def _boards_another(self, sharing: RequestSharing) -> bool:
        """Wait for the same answer if it is on its way; otherwise others may wait for this one."""
        self._key = key = sharing.key(self.way.mode, self._known.planned, self._variables, self.context)
        if key is None:
            return False
        flight = sharing.under_way(key)
        if flight is None:
            self._flight = sharing.begin(key, self.context.deadline)
        elif flight.deadline <= self.context.deadline:
            flight.waiting.append(self._landed)
            return True
        return False

    def _landed(self, landed: Landed[Outgoing] | None) -> None:
        """Somebody else's answer is there, or will not be."""
        taker, sharing = self._taker, self._lane.router.sharing
        if taker is None:
            return
        if landed is None or landed.value is None or sharing is None:
            self.begin()
            return
        sharing.took_another()
        shared = landed.value
        self._taker = None
        if shared.status == 200:
            taker.take(self, shared.body)
            return
        headers = headers_of(self.way.mode, self.context.request_id)
        taker.take_other(self, Outgoing(status=shared.status, body=shared.body, headers=headers))

    def _ended(self) -> None:
        """The run has ended: well, as nearly always, or there is more to do."""
        running = self._running
        assert running is not None
        data = running.project() if running.has_all else None
        if data is None:
            self._prompt = Prompt(self._slowly(running), self._slowly_ended)
            return
        router = self._lane.router
        router.counts.compiled += 1
        self._lane.answered += 1
        self._close()
        body = encode({"data": data})
        flight = self._flight
        if flight is not None and router.sharing is not None:
            self._flight = None
            router.sharing.landed(self._key, flight, body)
        taker, self._taker = self._taker, None
        if taker is not None:
            taker.take(self, body)

    async def _slowly(self, running: Running) -> None:
        """The same with the reference executor, as the stages do it."""
        known, router = self._known, self._lane.router
        incoming = Incoming(method="POST", headers=self.way.headers, request_id=self.context.request_id)
        received = Received(
            request=self._request,
            context=self.context,
            caller=NOBODY,
            refusal=None,
            snapshot=known.snapshot,
            mode=self.way.mode,
        )
        try:
            fetched: Fetched | None = await running.rest()
            if fetched is None:
                fetched = await running.taken_over()
            router.counts.take_over(running.reason, running.repeated)
            answer = await project(received, self._validated, known.planned, fetched, router)
            outgoing = await respond(received, answer)
        except ClientError as refusal:
            outgoing = refused(refusal, incoming)
        except Exception as failure:  # the last resort
            outgoing = failed(failure, incoming)
        self._close()
        flight = self._flight
        if flight is not None and router.sharing is not None:
            self._flight = None
            router.sharing.landed_as(self._key, flight, outgoing)
        taker, self._taker = self._taker, None
        if taker is not None:
            taker.take_other(self, outgoing)

    def _slowly_ended(self, _: Prompt, raised: BaseException | None) -> None:
        self._prompt = None

    @property
    def _validated(self) -> Validated:
        return replace(self._known.validated, variables=self._variables)

    def _close(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.over()
