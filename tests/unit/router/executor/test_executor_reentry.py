"""Root fetches below a field that returned the root type itself."""

import asyncio
from typing import Any

from router.context import RequestContext
from router.executor.executor import execute
from router.operation.model import OperationKind
from router.plan.nodes import Fetch, Plan
from router.plan.paths import Each, Key
from router.plan.result import Fetched
from router.subgraph_client.protocol import Failure as Unanswered
from router.subgraph_client.protocol import SubgraphRequest, SubgraphUnavailable
from tests.fakes.subgraph_client import FakeSubgraphClient

FIRST = Fetch(
    id=0, subgraph="orders", kind=OperationKind.MUTATION, document="mutation{orders{id query{__typename}}}"
)
SECOND = Fetch(
    id=1,
    after=(0,),
    subgraph="people",
    kind=OperationKind.QUERY,
    document="{me}",
    path=(Key("orders"), Each(), Key("query")),
)


async def run(orders: Any, people: Any) -> Fetched:
    plan = Plan(kind=OperationKind.MUTATION, fetches=(FIRST, SECOND))
    context = RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + 10)
    clients = {"orders": FakeSubgraphClient(lambda _: orders), "people": people}
    return await execute(plan, {}, clients, context)


async def test_the_answer_goes_into_every_object_at_the_path() -> None:
    fetched = await run(
        {"orders": [{"id": 1, "query": {"__typename": "Query"}}, {"id": 2, "query": None}]},
        FakeSubgraphClient(lambda _: {"me": "ada"}),
    )

    assert fetched.data == {
        "orders": [{"id": 1, "query": {"__typename": "Query", "me": "ada"}}, {"id": 2, "query": None}]
    }
    assert fetched.errors == []


async def test_nobody_is_asked_when_nothing_is_at_the_path() -> None:
    asked: list[SubgraphRequest] = []

    def answer(request: SubgraphRequest) -> dict[str, Any]:
        asked.append(request)
        return {"me": "ada"}

    await run({"orders": []}, FakeSubgraphClient(answer))

    assert asked == []


async def test_a_failure_is_told_at_every_place() -> None:
    def fail(_: SubgraphRequest) -> dict[str, Any]:
        raise SubgraphUnavailable("people", Unanswered.UNREACHABLE, "is away")

    fetched = await run({"orders": [{"query": {}}, {"query": {}}]}, FakeSubgraphClient(fail))

    assert [error.path for error in fetched.errors] == [
        ("orders", 0, "query", "me"),
        ("orders", 1, "query", "me"),
    ]
