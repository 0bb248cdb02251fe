"""One more try for queries whose connection broke, and a breaker so that a dead subgraph fails fast."""

from collections.abc import AsyncIterator, Callable, Coroutine
from enum import StrEnum
from time import monotonic
from typing import Any

from router.operation.model import OperationKind
from router.subgraph_client.asking import Asking, Executing, Waiting, straight_of
from router.subgraph_client.protocol import (
    Failure,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)

AWAY = frozenset({Failure.UNREACHABLE, Failure.TIMEOUT})


class BreakerState(StrEnum):
    """Whether a subgraph is asked: always, not at all, or by one request that tries."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """Opens after `threshold` failures in a row; after `pause` seconds one request may try."""

    def __init__(
        self, *, threshold: int = 5, pause: float = 1.0, clock: Callable[[], float] = monotonic
    ) -> None:
        self._threshold = threshold
        self._pause = pause
        self._clock = clock
        self._failures = 0
        self._opened_at = 0.0
        self._is_trying = False

    @property
    def state(self) -> BreakerState:
        """The state now."""
        if self._failures < self._threshold:
            return BreakerState.CLOSED
        return BreakerState.HALF_OPEN if self._clock() >= self._opened_at + self._pause else BreakerState.OPEN

    @property
    def is_at_rest(self) -> bool:
        """The last one asked has answered: there is nothing to admit."""
        return self._failures == 0

    def admit(self) -> bool:
        """May this request be sent? Whoever is admitted reports how it went, or `forget`s."""
        if self._failures < self._threshold:
            return True
        match self.state:
            case BreakerState.CLOSED:
                return True
            case BreakerState.HALF_OPEN if not self._is_trying:
                self._is_trying = True
                return True
            case _:
                return False

    def succeeded(self) -> None:
        """The subgraph answered."""
        self._failures = 0
        self._is_trying = False

    def failed(self) -> None:
        """The subgraph did not answer."""
        self._failures += 1
        self._is_trying = False
        if self._failures >= self._threshold:
            self._opened_at = self._clock()

    def forget(self) -> None:
        """The request was given up before it was known how it would end."""
        self._is_trying = False


Observe = Callable[[str, str, float], None]
"""(subgraph, outcome, seconds): told of every question; the outcome is `ok` or a Failure."""


class ResilientClient:
    """A client with a second try and a breaker around it."""

    def __init__(
        self, name: str, inner: SubgraphClient, breaker: Breaker, observe: Observe | None = None
    ) -> None:
        self._name = name
        self._inner = inner
        self._breaker = breaker
        self._observe = observe
        self._straight = straight_of(inner)

    def execute(self, request: SubgraphRequest) -> Coroutine[Any, Any, SubgraphResponse]:
        """Run a query or mutation; raises SubgraphUnavailable."""
        return self._execute(request) if self._observe is None else self._observed(request, self._observe)

    async def _observed(self, request: SubgraphRequest, observe: Observe) -> SubgraphResponse:
        begun, outcome = monotonic(), "cancelled"
        try:
            response = await self._execute(request)
            outcome = "ok"
            return response
        except SubgraphUnavailable as failure:
            outcome = failure.code
            raise
        finally:
            observe(self._name, outcome, monotonic() - begun)

    async def _execute(self, request: SubgraphRequest) -> SubgraphResponse:
        self._admit()
        try:
            try:
                response = await self._inner.execute(request)
            except SubgraphUnavailable as failure:
                if not failure.was_reset or request.kind is not OperationKind.QUERY:
                    raise
                response = await self._inner.execute(request)
        except SubgraphUnavailable as failure:
            self._report(failure)
            raise
        except BaseException:
            self._breaker.forget()
            raise
        self._breaker.succeeded()
        if response.set_cookies:
            request.context.set_cookies.extend(response.set_cookies)
        return response

    def ask(self, request: SubgraphRequest, waiting: Waiting) -> Asking | None:
        """Straight: a query to a subgraph that has answered well."""
        straight = self._straight
        if straight is None or not self._breaker.is_at_rest or request.kind is not OperationKind.QUERY:
            return None
        trial = _Trial(self, request, waiting)
        trial.asking = straight.ask(request, trial)
        return None if trial.asking is None else trial

    def answered(self, request: SubgraphRequest, response: SubgraphResponse, begun: float) -> None:
        """A question asked straight has its answer."""
        self._breaker.succeeded()
        if response.set_cookies:
            request.context.set_cookies.extend(response.set_cookies)
        if self._observe is not None:
            self._observe(self._name, "ok", monotonic() - begun)

    def unanswered(self, failure: SubgraphUnavailable, begun: float) -> None:
        """A question asked straight has none."""
        self._report(failure)
        if self._observe is not None:
            self._observe(self._name, failure.code, monotonic() - begun)

    def given_up(self, begun: float) -> None:
        """Nobody waited for the answer to a question asked straight."""
        if self._observe is not None:
            self._observe(self._name, "cancelled", monotonic() - begun)

    def once_more(self, request: SubgraphRequest, waiting: Waiting) -> Asking:
        """The second try of a question asked straight, whose connection broke."""
        return Executing(self._tried_again(request), waiting)

    async def _tried_again(self, request: SubgraphRequest) -> SubgraphResponse:
        return await self._inner.execute(request)

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """One response per event, until the source ends; raises SubgraphUnavailable."""
        # It may be silent for hours, so it is not the one request that tries: others would wait for it.
        if self._breaker.state is BreakerState.OPEN:
            raise self._away()
        events = self._inner.subscribe(request)
        try:
            async for response in events:
                self._breaker.succeeded()
                yield response
        except SubgraphUnavailable as failure:
            self._report(failure)
            raise
        finally:
            aclose = getattr(events, "aclose", None)
            if aclose is not None:
                await aclose()

    async def close(self) -> None:
        """Give back every connection."""
        await self._inner.close()

    def _admit(self) -> None:
        if not self._breaker.admit():
            raise self._away()

    def _away(self) -> SubgraphUnavailable:
        return SubgraphUnavailable(self._name, Failure.UNREACHABLE, "is away; it is tried again shortly")

    def _report(self, failure: SubgraphUnavailable) -> None:
        if failure.was_open:
            return  # one broken connection may be many subscriptions, and says little about the next request
        if failure.code in AWAY:
            self._breaker.failed()
        else:
            self._breaker.succeeded()


class _Trial:
    """A question asked straight, and how it went."""

    __slots__ = ("_begun", "_client", "_is_second", "_request", "_waiting", "asking")

    def __init__(self, client: ResilientClient, request: SubgraphRequest, waiting: Waiting) -> None:
        self._client = client
        self._request = request
        self._waiting = waiting
        self._is_second = False
        self._begun = monotonic()
        self.asking: Asking | None = None

    def answered(self, response: SubgraphResponse) -> None:
        """Waiting: it went well."""
        self.asking = None  # it knows this one: no work for the collector
        self._client.answered(self._request, response, self._begun)
        self._waiting.answered(response)

    def unanswered(self, failure: BaseException) -> None:
        """Waiting: one more try if the connection broke."""
        if isinstance(failure, SubgraphUnavailable):
            if failure.was_reset and not self._is_second:
                self._is_second = True
                self.asking = self._client.once_more(self._request, self)
                return
            self._client.unanswered(failure, self._begun)
        self.asking = None
        self._waiting.unanswered(failure)

    def give_up(self) -> None:
        """Asking: whatever is on its way."""
        if self.asking is not None:
            self.asking.give_up()
            self._client.given_up(self._begun)
