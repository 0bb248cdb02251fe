"""What every transport must do: run against a subgraph in process and the same one over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from router.context import RequestContext
from router.operation.model import OperationKind
from router.subgraph_client.headers import HeaderPolicy
from router.subgraph_client.http import HttpPool, HttpSubgraphClient
from router.subgraph_client.in_process import InProcessClient
from router.subgraph_client.protocol import (
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)
from tests.fakes.http_server import serving
from tests.fakes.scripted_subgraph import COOKIES, ScriptedSubgraph

REFRESH = "__Host-atrium-refresh=r1"


@dataclass(frozen=True)
class Reached:
    """A subgraph and a client for it; `opened` takes another policy or patience."""

    subgraph: ScriptedSubgraph
    url: str | None
    pool: HttpPool

    def opened(self, policy: HeaderPolicy | None = None, seconds: float = 5.0) -> SubgraphClient:
        policy = policy or HeaderPolicy()
        if self.url is None:
            return InProcessClient(name="s", subgraph=self.subgraph, policy=policy, seconds=seconds)
        return HttpSubgraphClient(name="s", url=self.url, pool=self.pool, policy=policy, seconds=seconds)


@pytest.fixture(params=["in process", "http"])
async def reached(request: pytest.FixtureRequest) -> AsyncIterator[Reached]:
    subgraph = ScriptedSubgraph()
    pool = HttpPool(connect_seconds=30, connections_per_host=10, max_answer_bytes=1_000_000)
    if request.param == "in process":
        yield Reached(subgraph, None, pool)
        return
    async with serving(subgraph.app()) as server:
        yield Reached(subgraph, server.url, pool)
        await pool.close()


def asking(
    document: str,
    *,
    kind: OperationKind = OperationKind.QUERY,
    headers: dict[str, str] | None = None,
    variables: dict[str, Any] | None = None,
    seconds: float = 30.0,
) -> SubgraphRequest:
    deadline = asyncio.get_running_loop().time() + seconds
    return SubgraphRequest(
        kind=kind,
        document=document,
        operation_name="Name",
        variables=variables or {},
        context=RequestContext(request_id="r-1", deadline=deadline, headers=headers or {}),
    )


def listening(document: str, **kwargs: Any) -> SubgraphRequest:
    return asking(document, kind=OperationKind.SUBSCRIPTION, **kwargs)


async def test_data_name_and_variables_go_through(reached: Reached) -> None:
    response = await reached.opened().execute(asking("{echo}", variables={"x": [1, None, "ü"]}))

    assert response == SubgraphResponse(data={"name": "Name", "variables": {"x": [1, None, "ü"]}})


async def test_errors_come_beside_data(reached: Reached) -> None:
    response = await reached.opened().execute(asking("{partly}"))

    assert response.data == {"a": 1, "b": None}
    assert response.errors == ({"message": "no", "path": ["b"], "extensions": {"code": "NOT_FOUND"}},)
    assert response.extensions == {"x": 1}


async def test_errors_come_without_data(reached: Reached) -> None:
    response = await reached.opened().execute(asking("{nothing}"))

    assert response == SubgraphResponse(data=None, errors=({"message": "no"},))


async def test_a_slow_subgraph_is_given_up(reached: Reached) -> None:
    with pytest.raises(SubgraphUnavailable) as away:
        await reached.opened(seconds=0.05).execute(asking("{slow}"))

    assert away.value.code == "SUBGRAPH_TIMEOUT"
    assert str(away.value) == "Subgraph 's' did not answer in time."


async def test_the_deadline_of_the_request_holds_too(reached: Reached) -> None:
    with pytest.raises(SubgraphUnavailable) as away:
        await reached.opened().execute(asking("{slow}", seconds=0.05))

    assert away.value.code == "SUBGRAPH_TIMEOUT"


async def test_a_crash_over_there_is_an_http_error_for_us(reached: Reached) -> None:
    with pytest.raises(SubgraphUnavailable) as away:
        await reached.opened().execute(asking("{crash}"))

    assert away.value.code == "SUBGRAPH_HTTP_ERROR"
    assert "ZeroDivisionError" not in str(away.value)


async def test_only_allowed_headers_of_the_client_are_seen(reached: Reached) -> None:
    headers = {
        "x-tenant": "t",
        "x-secret": "s",
        "authorization": "Bearer x",
        "cookie": f"{REFRESH}; a=b",
        "atrium-identity": "forged",
        "host": "evil.test",
    }
    policy = HeaderPolicy(forwarded=frozenset({"x-tenant", "atrium-identity", "cookie", "host"}))

    await reached.opened(policy).execute(asking("{echo}", headers=headers))

    [seen] = reached.subgraph.seen_headers
    assert seen["x-tenant"] == "t"
    for name in ("x-secret", "authorization", "cookie", "atrium-identity"):
        assert name not in seen
    assert seen.get("host") != "evil.test"


async def test_the_refresh_cookie_goes_to_its_owner_alone(reached: Reached) -> None:
    headers = {"cookie": f"a=b; {REFRESH}; c=d"}

    await reached.opened(HeaderPolicy(takes_cookies=True)).execute(asking("{echo}", headers=headers))

    assert reached.subgraph.seen_headers[0]["cookie"] == REFRESH


async def test_only_the_owner_hands_over_cookies_and_only_the_refresh_cookie(reached: Reached) -> None:
    owner = await reached.opened(HeaderPolicy(takes_cookies=True)).execute(asking("{cookies}"))
    other = await reached.opened().execute(asking("{cookies}"))

    assert owner.set_cookies == COOKIES[:1]
    assert other.set_cookies == ()


async def test_a_subscription_gives_its_events_and_ends(reached: Reached) -> None:
    events = reached.opened().subscribe(listening("subscription{three}"))

    assert [event.data async for event in events] == [{"n": 0}, {"n": 1}, {"n": 2}]


async def test_a_subscription_that_nobody_hears_any_more_is_closed_at_its_source(reached: Reached) -> None:
    events = reached.opened().subscribe(listening("subscription{endless}"))
    await anext(events)
    assert reached.subgraph.listeners == 1

    await events.aclose()  # type: ignore[attr-defined]

    async with asyncio.timeout(2):
        while reached.subgraph.listeners:
            await asyncio.sleep(0.001)


async def test_a_refused_subscription_says_why(reached: Reached) -> None:
    events = reached.opened().subscribe(listening("subscription{refused}"))

    assert [(event.data, event.errors) async for event in events] == [(None, ({"message": "no"},))]


async def test_a_source_that_breaks_is_told(reached: Reached) -> None:
    events = reached.opened().subscribe(listening("subscription{broken}"))
    await anext(events)

    with pytest.raises(SubgraphUnavailable):
        await anext(events)


async def test_headers_of_a_subscription_are_filtered_as_well(reached: Reached) -> None:
    headers = {"x-tenant": "t", "x-secret": "s"}
    policy = HeaderPolicy(forwarded=frozenset({"x-tenant"}))

    events = reached.opened(policy).subscribe(listening("subscription{three}", headers=headers))
    [_ async for _ in events]

    [seen] = reached.subgraph.seen_headers
    assert seen["x-tenant"] == "t"
    assert "x-secret" not in seen
