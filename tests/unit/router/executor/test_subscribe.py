"""One answer per event; the stream is closed whatever happens."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from router.context import RequestContext
from router.executor.subscribe import subscribe
from router.operation.model import OperationKind
from router.plan.nodes import EntityCall, Fetch, Plan, Representation, RequiredField
from router.plan.paths import Key
from router.plan.result import Fetched
from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse, SubgraphUnavailable
from tests.fakes.subgraph_client import Answer, FakeSubgraphClient

PLAN = Plan(
    kind=OperationKind.SUBSCRIPTION,
    fetches=(
        Fetch(
            id=0,
            subgraph="users",
            kind=OperationKind.SUBSCRIPTION,
            document="subscription{changed{__typename id}}",
        ),
        Fetch(
            id=1,
            after=(0,),
            subgraph="names",
            kind=OperationKind.QUERY,
            document="query($r:[_Any!]!){_entities(representations:$r){...on User{name}}}",
            calls=(
                EntityCall(
                    alias="_entities",
                    variable="r",
                    paths=((Key("changed"),),),
                    representations=(
                        Representation(
                            type="User", typename="User", fields=(RequiredField(key="id", name="id"),)
                        ),
                    ),
                ),
            ),
        ),
    ),
)


def user(id: str) -> dict[str, Any]:
    return {"changed": {"__typename": "User", "id": id}}


def names(request: SubgraphRequest) -> dict[str, Any]:
    return {"_entities": [{"name": f"name of {each['id']}"} for each in request.variables["r"]]}


def start(*events: Answer) -> tuple[AsyncGenerator[Fetched, None], FakeSubgraphClient, FakeSubgraphClient]:
    source, entities = FakeSubgraphClient(events=events), FakeSubgraphClient(names)
    context = RequestContext(request_id="r1", deadline=asyncio.get_running_loop().time() - 1)
    stream = subscribe(PLAN, {}, {"users": source, "names": entities}, context)
    return stream, source, entities


async def test_every_event_runs_the_rest_of_the_plan() -> None:
    stream, source, entities = start(user("1"), user("2"))

    answers = [fetched async for fetched in stream]

    assert [each.data["changed"]["name"] for each in answers] == ["name of 1", "name of 2"]
    assert len(source.requests) == 1
    assert len(entities.requests) == 2
    assert source.open_streams == 0


async def test_an_event_with_errors_does_not_end_the_stream() -> None:
    stream, _, _ = start(SubgraphResponse(data=None, errors=({"message": "no"},)), user("2"))

    first, second = [fetched async for fetched in stream]

    assert (first.data, [error.path for error in first.errors]) == ({}, [("changed",)])
    assert second.errors == []


async def test_a_source_that_breaks_says_so_last() -> None:
    stream, source, _ = start(user("1"), SubgraphUnavailable("users", "SUBGRAPH_UNREACHABLE", "went away"))

    first, last = [fetched async for fetched in stream]

    assert first.errors == []
    assert [(error.path, error.extensions["code"]) for error in last.errors] == [
        (("changed",), "SUBGRAPH_UNREACHABLE")
    ]
    assert source.open_streams == 0


async def test_a_client_that_leaves_closes_the_source() -> None:
    stream, source, _ = start(user("1"), user("2"))
    await anext(stream)
    assert source.open_streams == 1

    await stream.aclose()

    assert source.open_streams == 0
