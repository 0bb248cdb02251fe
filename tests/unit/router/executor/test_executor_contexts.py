"""Variables that stand in an object around the entities."""

import asyncio
from typing import Any

from router.context import RequestContext
from router.executor.executor import execute
from router.operation.model import OperationKind
from router.plan.nodes import ContextVariable, EntityCall, Fetch, Plan, Representation, RequiredField
from router.plan.paths import Each, Key
from router.plan.result import Fetched
from router.subgraph_client.protocol import SubgraphRequest
from tests.fakes.subgraph_client import FakeSubgraphClient

USERS = Fetch(id=0, subgraph="people", kind=OperationKind.QUERY, document="{users{money{code} accounts{id}}}")
CODE = RequiredField(key="money", name="money", selections=(RequiredField(key="code", name="code"),))
BALANCES = Fetch(
    id=1,
    after=(0,),
    subgraph="banks",
    kind=OperationKind.QUERY,
    document=(
        "query($representations:[_Any!]!,$in:String)"
        "{_entities(representations:$representations){...on Account{balance(in:$in)}}}"
    ),
    calls=(
        EntityCall(
            alias="_entities",
            variable="representations",
            paths=((Key("users"), Each(), Key("accounts"), Each()),),
            representations=(
                Representation(type=None, typename="Account", fields=(RequiredField(key="id", name="id"),)),
            ),
            contexts=(ContextVariable(variable="in", depth=2, fields=(CODE,)),),
        ),
    ),
)


async def run(users: list[Any], banks: FakeSubgraphClient) -> Fetched:
    plan = Plan(kind=OperationKind.QUERY, fetches=(USERS, BALANCES))
    context = RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + 10)
    clients = {"people": FakeSubgraphClient(lambda _: {"users": users}), "banks": banks}
    return await execute(plan, {}, clients, context)


def balances(request: SubgraphRequest) -> dict[str, Any]:
    told = request.variables["in"]
    return {
        "_entities": [{"balance": f"{each['id']} {told}"} for each in request.variables["representations"]]
    }


def user(code: str | None, *accounts: str) -> dict[str, Any]:
    return {"money": code and {"code": code}, "accounts": [{"id": each} for each in accounts]}


async def test_every_entity_is_asked_with_what_stands_around_it() -> None:
    banks = FakeSubgraphClient(balances)

    fetched = await run([user("EUR", "1", "2"), user("USD", "1"), user("EUR", "3"), user(None, "4")], banks)

    assert [[each["balance"] for each in one["accounts"]] for one in fetched.data["users"]] == [
        ["1 EUR", "2 EUR"],
        ["1 USD"],
        ["3 EUR"],
        ["4 None"],
    ]


async def test_objects_with_equal_contexts_share_a_request() -> None:
    asked: list[tuple[Any, int]] = []

    def answer(request: SubgraphRequest) -> dict[str, Any]:
        asked.append((request.variables["in"], len(request.variables["representations"])))
        return balances(request)

    await run([user("EUR", "1", "2"), user("USD", "1"), user("EUR", "2", "3")], FakeSubgraphClient(answer))

    assert sorted(asked) == [("EUR", 3), ("USD", 1)]


async def test_nothing_to_ask_is_not_asked() -> None:
    def answer(_: SubgraphRequest) -> dict[str, Any]:
        raise AssertionError

    fetched = await run([user("EUR")], FakeSubgraphClient(answer))

    assert fetched.errors == []
