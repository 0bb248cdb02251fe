"""The lane: the straight way for a query that has been answered before, and whose request is nothing special.

The stages find out the same about every request with the same document: what it means, how to fetch it, how
to print it. Here that is known from the one before. What is left of a request is its variables, and from the
bytes that come from the client to those that go to the subgraphs it is one call, without a coroutine.

Whatever is unusual goes through the stages instead: `board` says no, and nothing has happened yet. What turns
out to be unusual on the way (an error, a subgraph that is away) is the reference executor's, as ever.
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from random import getrandbits
from typing import Any, Protocol

import orjson

from common.limits.standing import Standing
from common.values import value
from router.access.identity import NOBODY, Caller
from router.cache.flights import Flight, Landed
from router.cache.recent import Recent
from router.compiled.program import Program
from router.compiled.programs import Programs
from router.compiled.running import Running, Surroundings
from router.context import RequestContext
from router.errors import ClientError
from router.operation.model import Operation, OperationKind
from router.operation.variables import VariableCoercer
from router.persisted.library import Registered
from router.pipeline.caches import CHARACTERS_A_SELECTION
from router.pipeline.finish import ERRORS
from router.pipeline.respond import failed, headers_of, refused
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
from router.wire.params import from_payload, usual
from router.wire.request import GraphQLRequest, Transport

Observe = Callable[[float], None]
"""Hears of each request how many seconds it took."""

OK = 200
NONE: Mapping[str, Standing] = {}


@value
class Way:
    """What is the same for all requests that come with one head: how they are to be answered, and who asks.

    `request_id`: the client's own. `accept_encoding`: which codings it takes. `has_credentials`: whose they
    are is looked up anew for each request, since they may have been revoked.
    """

    mode: ResponseMode
    headers: Mapping[str, str]
    client_address: str | None
    user_agent: str | None
    traceparent: str | None
    request_id: str | None
    accept_encoding: str | None
    has_credentials: bool


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

    def __init__(self, settings: RouterSettings, observe: Observe | None = None) -> None:
        sizes = settings.caches
        self._known: Recent[tuple[str, str | None], Known] = Recent(sizes.planned, sizes.selections)
        self._seconds = settings.timeouts.request
        self._observe = observe
        self.answered = 0

    def open(self, router: Router) -> None:
        """Answer for this router."""
        self.router = router
        router.snapshots.on_swap(self._known.clear)

    def learn(self, received: Received, validated: Validated, planned: Planned) -> None:
        """The stages have answered this one: the next may go straight, if they would do the same for it."""
        registered, request = received.registered, received.request
        text = request.query if registered is None else registered.body
        key = text, request.operation_name
        if planned.programs is None or validated.coerce is None or self._known.get(key) is not None:
            return
        if validated.operation.kind is not OperationKind.QUERY or planned.parts is not None:
            return
        if validated.guarded is not None or received.snapshot.supergraph.override_labels:
            return
        router = self.router
        if planned.asks(router.settings.cookie_subgraphs):
            return
        if not router.snapshots.is_current(received.snapshot):
            return
        known = Known(
            snapshot=received.snapshot,
            validated=replace(validated, variables={}, cost=None),
            planned=planned,
            programs=planned.programs,
            coerce=validated.coerce,
        )
        self._known.put(key, known, planned.selections + len(text) // CHARACTERS_A_SELECTION)

    def board(self, way: Way, body: bytes, taker: Taker) -> "Ride | None":
        """The ride of a request, not yet begun; None: it has to go through the stages."""
        router = self.router
        caller = router.door.known(way.headers) if way.has_credentials else NOBODY
        if caller is None:
            return None
        try:
            request, registered, client = self._asked(body, caller, way.headers)
            text = request.query if registered is None else registered.body
            known = self._known.get((text, request.operation_name))
            if known is None:
                return None
            variables = known.coerce(request.variables)
        except (ClientError, orjson.JSONDecodeError, _Unusual):
            return None
        program = known.programs.ready(known.programs.outcome(variables))
        if program is None:
            return None
        context = RequestContext(
            request_id=way.request_id or f"{getrandbits(128):032x}",
            deadline=asyncio.get_running_loop().time() + self._seconds,
            principal=caller.principal,
            headers=way.headers,
            client_address=way.client_address,
            user_agent=way.user_agent,
            traceparent=way.traceparent,
        )
        ride = Ride(self, known, program, way, taker, context, caller)
        ride.request, ride.registered, ride.variables = request, registered, variables
        if not self._is_paid(ride):
            return None
        if client is not None:
            router.desk.gave(client)
        return ride

    def count(self, ride: "Ride", *, has_errors: bool) -> None:
        """One answer more."""
        router = self.router
        if self._observe is not None:
            begun = ride.context.deadline - self._seconds
            self._observe(asyncio.get_running_loop().time() - begun)
        if router.finish is not None:
            router.finish.count(ride.received, ride.operation, has_errors=has_errors)

    def _asked(
        self, body: bytes, caller: Caller, headers: Mapping[str, str]
    ) -> tuple[GraphQLRequest, Registered | None, str | None]:
        """The request; the document that it names, and whose that is. Raises _Unusual, or what is wrong."""
        payload = orjson.loads(body)
        request, desk = usual(payload, Transport.POST), self.router.desk
        if request is not None:
            if desk.library.is_strict:
                raise _Unusual
            return request, None, None
        request = from_payload(payload, Transport.POST)
        id = request.document_id or request.sha256
        if id is None or request.query or len(request.extensions) > (request.sha256 is not None):
            raise _Unusual
        found = desk.known(id, caller.principal, headers)
        if found is None:
            raise _Unusual
        return request, *found

    def _is_paid(self, ride: "Ride") -> bool:
        """What it may cost is in bounds, and counted by the limits that hold for it."""
        router, known, context = self.router, ride.validated, ride.context
        costs, protection = router.costs, router.protection
        if costs is not None and known.pricing is not None:
            try:
                ride.cost = costs.price(known.pricing, ride.variables)
            except ClientError:
                return False
            if not costs.is_allowed(ride.cost):
                return False
        if protection is not None:
            address, cost = context.client_address, ride.cost or 1
            standings = protection.pay_here(context.principal, address, known.operation, cost)
            if standings is None:
                return False
            ride.standings = standings
        if costs is not None and ride.cost is not None:
            costs.estimated(ride.cost)
        return True


class _Unusual(Exception):
    """Something for the stages."""


class Ride:
    """One request on the lane. Its taker hears of one answer, unless it leaves before.

    `standings`: how the limits stand that it was counted by.
    """

    __slots__ = (
        "_flight",
        "_key",
        "_known",
        "_lane",
        "_program",
        "_prompt",
        "_running",
        "_taker",
        "caller",
        "context",
        "cost",
        "registered",
        "request",
        "standings",
        "variables",
        "way",
    )

    request: GraphQLRequest
    registered: Registered | None
    variables: Mapping[str, Any]

    def __init__(
        self,
        lane: Lane,
        known: Known,
        program: Program,
        way: Way,
        taker: Taker,
        context: RequestContext,
        caller: Caller,
    ) -> None:
        self._lane = lane
        self._known = known
        self._program = program
        self._taker: Taker | None = taker
        self._running: Running | None = None
        self._prompt: Prompt | None = None
        self._flight: Flight[Outgoing] | None = None
        self._key: Hashable = None
        self.way = way
        self.context = context
        self.caller = caller
        self.cost: int | None = None
        self.standings: Mapping[str, Standing] = NONE

    @property
    def operation(self) -> Operation:
        """What is asked."""
        return self._known.validated.operation

    @property
    def validated(self) -> Validated:
        """What the stages found, but for variables and cost."""
        return self._known.validated

    @property
    def received(self) -> Received:
        """The request as the stages know it."""
        return Received(
            request=self.request,
            context=self.context,
            caller=self.caller,
            refusal=None,
            snapshot=self._known.snapshot,
            mode=self.way.mode,
            registered=self.registered,
        )

    def begin(self) -> None:
        """Ask, or wait for whoever asks the same."""
        sharing = self._lane.router.sharing
        if sharing is not None and self._boards_another(sharing):
            return
        router, known = self._lane.router, self._known
        given = Surroundings(
            prepared=known.planned.plan,
            variables=self.variables,
            clients=clients_of(known.snapshot, router),
            context=self.context,
        )
        self._running = Running(self._program, given)
        self._running.begin(self._ended)

    def leave(self) -> None:
        """The client has left: what was asked for it is given up; who waits for the same asks anew."""
        self._taker = None
        self._close()
        if self._prompt is not None:
            self._prompt.cancel()
        flight, sharing = self._flight, self._lane.router.sharing
        if flight is not None and sharing is not None:
            self._flight = None
            sharing.lost(self._key, flight)

    def _boards_another(self, sharing: RequestSharing) -> bool:
        """Wait for the same answer if it is on its way; otherwise others may wait for this one."""
        self._key = key = sharing.key(self.way.mode, self._known.planned, self.variables, self.context)
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
        sharing = self._lane.router.sharing
        if self._taker is None:
            return
        if landed is None or landed.value is None or sharing is None:
            self.begin()
            return
        sharing.took_another()
        shared = landed.value
        if shared.status == OK and not shared.body.startswith(ERRORS):
            self._take(shared.body)
            return
        headers = headers_of(self.way.mode, self.context.request_id)
        self._take_other(Outgoing(status=shared.status, body=shared.body, headers=headers))

    def _ended(self) -> None:
        """The run has ended: well, as nearly always, or there is more to do."""
        running, sharing = self._running, self._lane.router.sharing
        assert running is not None
        failure: Exception | None = None
        body: bytes | None = None
        try:
            body = self._body(running)
        except Exception as raised:  # answered as any failure of ours
            failure = raised
        if body is None:
            self._prompt = Prompt(self._slowly(running, failure), self._slowly_ended)
            return
        self._lane.answered += 1
        self._close()
        flight = self._flight
        if flight is not None and sharing is not None:
            self._flight = None
            sharing.landed(self._key, flight, body)
        self._take(body)

    def _body(self, running: Running) -> bytes | None:
        """The response, if all is as it should be."""
        data = running.project() if running.has_all else None
        if data is None:
            return None
        self._lane.router.counts.compiled += 1
        response: dict[str, Any] = {"data": data}
        if self.cost is not None:
            self._tell_cost(response)
        return encode(response)

    def _tell_cost(self, response: dict[str, Any]) -> None:
        costs, known = self._lane.router.costs, self._known.validated
        if costs is not None and known.pricing is not None and self.cost is not None:
            data, headers = response["data"], self.way.headers
            told = costs.counted(known.pricing, self.cost, data, self.variables, headers)
            if told is not None:
                response["extensions"] = {"cost": told}

    async def _slowly(self, running: Running, failure: Exception | None) -> None:
        """The same with the reference executor, as the stages do it."""
        known, router = self._known, self._lane.router
        received = self.received
        validated = replace(known.validated, variables=self.variables, cost=self.cost)
        try:
            if failure is not None:
                raise failure
            fetched: Fetched | None = await running.rest()
            if fetched is None:
                fetched = await running.taken_over()
            router.counts.take_over(running.reason, running.repeated)
            answer = await router.stages.project(received, validated, known.planned, fetched, router)
            outgoing = await router.stages.respond(received, answer)
        except ClientError as refusal:
            outgoing = refused(refusal, self._incoming)
        except Exception as raised:  # the last resort
            outgoing = failed(raised, self._incoming)
        self._close()
        flight, sharing = self._flight, router.sharing
        if flight is not None and sharing is not None:
            self._flight = None
            sharing.landed_as(self._key, flight, outgoing)
        self._take_other(outgoing)

    def _slowly_ended(self, _: Prompt, raised: BaseException | None) -> None:
        self._prompt = None

    @property
    def _incoming(self) -> Incoming:
        return Incoming(method="POST", headers=self.way.headers, request_id=self.context.request_id)

    def _take(self, body: bytes) -> None:
        taker, self._taker = self._taker, None
        if taker is not None:
            self._lane.count(self, has_errors=False)
            taker.take(self, body)

    def _take_other(self, outgoing: Outgoing) -> None:
        taker, self._taker = self._taker, None
        if taker is not None:
            self._lane.count(self, has_errors=outgoing.body.startswith(ERRORS))
            taker.take_other(self, outgoing)

    def _close(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.over()
