"""A broken connection costs a query nothing; a dead subgraph fails fast and is used again when it is back."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from router.context import RequestContext
from router.operation.model import OperationKind
from router.subgraph_client.clients import SubgraphClients
from router.subgraph_client.protocol import (
    Failure,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)
from router.subgraph_client.retry import Breaker, BreakerState, ResilientClient


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Flaky:
    """Fails as often as it is told to."""

    def __init__(self, *failures: SubgraphUnavailable) -> None:
        self.failures = list(failures)
        self.asked = 0
        self.is_closed = False

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return SubgraphResponse(data={}, set_cookies=("c",))

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        yield SubgraphResponse(data={})

    async def close(self) -> None:
        self.is_closed = True


def reset() -> SubgraphUnavailable:
    return SubgraphUnavailable("s", Failure.UNREACHABLE, "closed the connection", was_reset=True)


def away() -> SubgraphUnavailable:
    return SubgraphUnavailable("s", Failure.UNREACHABLE, "could not be reached")


def ask(kind: OperationKind = OperationKind.QUERY) -> SubgraphRequest:
    context = RequestContext(request_id="r", deadline=0.0)
    return SubgraphRequest(kind=kind, document="{a}", operation_name=None, variables={}, context=context)


def resilient(inner: SubgraphClient, clock: Clock | None = None) -> ResilientClient:
    return ResilientClient("s", inner, Breaker(threshold=3, pause=1.0, clock=clock or Clock()))


async def test_a_query_is_asked_once_more_when_its_connection_broke() -> None:
    inner = Flaky(reset())

    response = await resilient(inner).execute(ask())

    assert response.data == {}
    assert inner.asked == 2


async def test_a_mutation_is_never_sent_twice() -> None:
    inner = Flaky(reset())

    with pytest.raises(SubgraphUnavailable):
        await resilient(inner).execute(ask(OperationKind.MUTATION))

    assert inner.asked == 1


async def test_only_broken_connections_are_tried_again() -> None:
    inner = Flaky(SubgraphUnavailable("s", Failure.TIMEOUT, "did not answer in time"))

    with pytest.raises(SubgraphUnavailable):
        await resilient(inner).execute(ask())

    assert inner.asked == 1


async def test_a_dead_subgraph_is_left_alone_until_one_request_may_try() -> None:
    clock, inner = Clock(), Flaky(*(away() for _ in range(4)))
    client = resilient(inner, clock)
    for _ in range(10):
        with pytest.raises(SubgraphUnavailable) as refused:
            await client.execute(ask())
        assert refused.value.code == "SUBGRAPH_UNREACHABLE"
    assert inner.asked == 3

    clock.now = 1.0
    for _ in range(2):
        with pytest.raises(SubgraphUnavailable):
            await client.execute(ask())
    assert inner.asked == 4

    clock.now = 2.0
    for _ in range(2):
        await client.execute(ask())
    assert inner.asked == 6


async def test_a_subgraph_that_answers_wrongly_is_not_dead() -> None:
    inner = Flaky(*(SubgraphUnavailable("s", Failure.HTTP_ERROR, "x") for _ in range(10)))
    client = resilient(inner)

    for _ in range(10):
        with pytest.raises(SubgraphUnavailable):
            await client.execute(ask())

    assert inner.asked == 10


async def test_a_request_that_is_given_up_lets_another_one_try() -> None:
    clock = Clock()
    breaker = Breaker(threshold=1, pause=1.0, clock=clock)
    breaker.failed()
    clock.now = 1.0
    never = asyncio.Event()

    class Hanging(Flaky):
        async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
            await never.wait()
            return SubgraphResponse(data={})

    trying = asyncio.create_task(ResilientClient("s", Hanging(), breaker).execute(ask()))
    await asyncio.sleep(0)
    assert not breaker.admit()

    trying.cancel()
    await asyncio.wait([trying])

    assert breaker.admit()


async def test_subscriptions_share_the_breaker() -> None:
    inner = Flaky(away(), away(), away())
    client = resilient(inner)
    for _ in range(5):
        with pytest.raises(SubgraphUnavailable):
            [_ async for _ in client.subscribe(ask(OperationKind.SUBSCRIPTION))]

    assert inner.asked == 3


async def test_a_silent_subscription_is_not_the_request_that_tries() -> None:
    class Silent(Flaky):
        async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
            await asyncio.Event().wait()
            yield SubgraphResponse(data={})

    inner, clock = Silent(away(), away(), away()), Clock()
    client = resilient(inner, clock)
    for _ in range(3):
        with pytest.raises(SubgraphUnavailable):
            await client.execute(ask())
    clock.now += 10

    async def hear() -> None:
        [_ async for _ in client.subscribe(ask(OperationKind.SUBSCRIPTION))]

    listening = asyncio.create_task(hear())
    await asyncio.sleep(0)

    assert await client.execute(ask()) == SubgraphResponse(data={}, set_cookies=("c",))
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_many_subscriptions_that_break_at_once_leave_the_breaker_closed() -> None:
    broken = SubgraphUnavailable("s", Failure.UNREACHABLE, "went away", was_open=True)
    client = resilient(Flaky(*[broken.again() for _ in range(10)]))
    for _ in range(10):
        with pytest.raises(SubgraphUnavailable):
            [_ async for _ in client.subscribe(ask(OperationKind.SUBSCRIPTION))]

    assert (await client.execute(ask())).data == {}


async def test_cookies_are_collected_for_the_answer() -> None:
    request = ask()

    await resilient(Flaky()).execute(request)

    assert request.context.set_cookies == ["c"]


async def test_a_new_supergraph_keeps_the_clients_whose_address_stays() -> None:
    made: list[tuple[str, str]] = []

    def make(name: str, url: str) -> SubgraphClient:
        made.append((name, url))
        return Flaky()

    clients = SubgraphClients(make)
    before = clients.of({"a": "http://a", "b": "http://b"})
    after = clients.of({"a": "http://a", "b": "http://b2"})

    assert made == [("a", "http://a"), ("b", "http://b"), ("b", "http://b2")]
    assert before["a"] is after["a"]
    assert clients.states == {"a": BreakerState.CLOSED, "b": BreakerState.CLOSED}
