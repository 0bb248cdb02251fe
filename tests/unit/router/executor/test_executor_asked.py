"""A subgraph fills what it was asked for, on every level, and nothing that is another one's."""

import asyncio
from typing import Any

import pytest

from router.context import RequestContext
from router.executor.asked import AskedOfPlan, within
from router.executor.executor import execute
from router.operation.model import OperationKind
from router.plan.nodes import EntityCall, Fetch, OutputRewrite, Plan, Representation, RequiredField
from router.plan.paths import Each, Key
from tests.fakes.subgraph_client import FakeSubgraphClient

QUERY = OperationKind.QUERY
LIST = Fetch(id=0, subgraph="list", kind=QUERY, document="{pages{items{id owner{name}}}total}")
STOCK = Fetch(
    id=1,
    after=(0,),
    subgraph="stock",
    kind=QUERY,
    document="query($r:[_Any!]!){_entities(representations:$r){...on Item{_a:stock owner{mail}}}}",
    calls=(
        EntityCall(
            alias="_entities",
            variable="r",
            paths=((Key("pages"), Each(), Key("items"), Each()),),
            representations=(
                Representation(type=None, typename="Item", fields=(RequiredField(key="id", name="id"),)),
            ),
            rewrites=(OutputRewrite(path=(), alias="_a", name="stock"),),
        ),
    ),
)


async def fetched(pages: Any, entity: Any) -> Any:
    context = RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + 20)
    clients = {
        "list": FakeSubgraphClient({"pages": pages, "total": 1}),
        "stock": FakeSubgraphClient({"_entities": [entity]}),
    }
    return (await execute(Plan(kind=QUERY, fetches=(LIST, STOCK)), {}, clients, context)).data


@pytest.mark.parametrize("leak", [{"stock": 7}, {"owner": {"name": "x", "mail": "theirs"}}])
async def test_nobody_fills_what_another_one_answers_with_null(leak: dict[str, Any]) -> None:
    item = {"id": "1", "owner": {"name": "x"}}

    data = await fetched([{"items": [{**item, **leak}]}], {"_a": None, "owner": {"mail": None}})

    assert data["pages"][0]["items"] == [{"id": "1", "owner": {"name": "x", "mail": None}, "stock": None}]


async def test_a_later_answer_changes_nothing_of_an_earlier_one() -> None:
    item = {"id": "1", "owner": {"name": "x"}}

    data = await fetched(
        [{"items": [item]}], {"_a": 3, "stock": 4, "id": "2", "owner": {"mail": "m", "name": "y"}}
    )

    assert data["pages"][0]["items"] == [{"id": "1", "owner": {"name": "x", "mail": "m"}, "stock": 3}]


def test_only_what_several_fetches_fill_is_looked_at_and_nothing_is_copied_in_vain() -> None:
    alone = AskedOfPlan([LIST])
    both = AskedOfPlan([LIST, STOCK])
    good = {"pages": [{"items": [{"id": "1", "owner": {"name": "x"}}]}, None], "total": 1}

    assert alone.limit(0) is None
    limit = both.limit(0)
    assert limit is not None
    assert limit.keys is None
    assert within(good, limit) is good
    assert within({"pages": [{"items": [{"stock": 1}], "other": 2}]}, limit) == {
        "pages": [{"items": [{}], "other": 2}]
    }
