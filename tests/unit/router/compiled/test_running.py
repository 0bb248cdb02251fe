"""The fast path over subgraphs that dawdle, fail and lie: who takes over, and that nobody is asked twice."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import parse

from router.compiled.counts import Reason
from router.compiled.programs import Programs
from router.compiled.running import Running, Surroundings
from router.context import RequestContext
from router.executor.executor import prepare
from router.operation.normalise import normalise
from router.plan.result import Fetched
from router.planner.planner import plan
from router.projection.project import Result, project
from router.projection.shape import Shape, shape_of
from router.snapshot.build import build_snapshot
from router.subgraph_client.protocol import Failure, SubgraphRequest, SubgraphResponse, SubgraphUnavailable
from schema.compose import Subgraph, compose
from tests.fakes.subgraph_client import FakeSubgraphClient

_LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n'
SNAPSHOT = build_snapshot(
    compose(
        [
            Subgraph(
                name="a",
                url="",
                sdl=_LINK
                + 'type Query { tops: [Top!] } type Top @key(fields: "id") { id: ID! name: String! }',
            ),
            Subgraph(name="b", url="", sdl=_LINK + 'type Top @key(fields: "id") { id: ID! price: Int }'),
            Subgraph(
                name="c",
                url="",
                sdl=_LINK + 'type Top @key(fields: "id") { id: ID! of: Maker } '
                'type Maker @key(fields: "id") { id: ID! }',
            ),
            Subgraph(name="d", url="", sdl=_LINK + 'type Maker @key(fields: "id") { id: ID! city: String! }'),
        ]
    ).supergraph_sdl
)
QUERY = "{ tops { name price of { city } } }"
TOPS = {"tops": [{"id": "1", "name": "x"}, {"id": "2", "name": "y"}, {"id": "1", "name": "z"}]}
ANSWER = {
    "tops": [
        {"name": "x", "price": 10, "of": {"city": "here"}},
        {"name": "y", "price": 20, "of": None},
        {"name": "z", "price": 10, "of": {"city": "here"}},
    ]
}


def entities(**by_id: Any) -> FakeSubgraphClient:
    """A subgraph that knows these."""

    def answer(request: SubgraphRequest) -> dict[str, Any]:
        return {"_entities": [by_id[each["id"]] for each in request.variables["representations"]]}

    return FakeSubgraphClient(answer)


def shop(**others: FakeSubgraphClient) -> dict[str, FakeSubgraphClient]:
    """All is well, but for these."""
    return {
        "a": FakeSubgraphClient(TOPS),
        "b": entities(**{"1": {"price": 10}, "2": {"price": 20}}),
        "c": entities(**{"1": {"of": {"id": "m"}}, "2": {"of": None}}),
        "d": entities(m={"city": "here"}),
        **others,
    }


def running(
    clients: Mapping[str, FakeSubgraphClient], seconds: float = 10.0, query: str = QUERY
) -> tuple[Running, Shape]:
    operation = normalise(parse(query), None, SNAPSHOT.schema)
    prepared, shape = prepare(plan(operation, SNAPSHOT.query_graph)), shape_of(operation, SNAPSHOT.schema)
    program = Programs(prepared, shape, SNAPSHOT.supergraph).make(())
    assert program is not None
    context = RequestContext(request_id="r", deadline=asyncio.get_running_loop().time() + seconds)
    given = Surroundings(prepared=prepared, variables={}, clients=clients, context=context)
    return Running(program, given), shape


async def answered(run: Running, shape: Shape) -> Result:
    fetched = await run.fetch()
    data = run.project() if fetched is None else None
    return Result(data=data) if data is not None else project(fetched or await run.taken_over(), shape, {})


def asked(clients: Mapping[str, FakeSubgraphClient]) -> dict[str, int]:
    return {name: len(client.requests) for name, client in clients.items()}


async def test_entities_are_asked_once_and_joined_where_they_belong() -> None:
    clients = shop()
    run, shape = running(clients)

    result = await answered(run, shape)

    assert result == Result(data=ANSWER)
    assert run.reason is None
    assert clients["b"].requests[0].variables["representations"] == [
        {"__typename": "Top", "id": "1"},
        {"__typename": "Top", "id": "2"},
    ]


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        (FakeSubgraphClient(SubgraphUnavailable("b", Failure.TIMEOUT, "took too long")), Reason.UNAVAILABLE),
        (FakeSubgraphClient(SubgraphResponse(data=None, errors=({"message": "no"},))), Reason.ERRORS),
        (FakeSubgraphClient({"_entities": [{"price": 10}]}), Reason.DATA),
        (FakeSubgraphClient({"_entities": None}), Reason.DATA),
        (FakeSubgraphClient({"_entities": [{"price": 10}, None]}), Reason.DATA),
        (FakeSubgraphClient({"_entities": [{"price": "ten"}, {"price": 20}]}), Reason.DATA),
    ],
)
async def test_a_surprise_is_the_reference_executors_and_nobody_is_asked_twice(
    price: FakeSubgraphClient, reason: Reason
) -> None:
    price.requests.clear()
    clients = shop(b=price)
    run, shape = running(clients)

    result = await answered(run, shape)

    assert run.reason is reason
    assert asked(clients) == {"a": 1, "b": 1, "c": 1, "d": 1}
    assert run.repeated == 0
    assert result.data is not None
    assert [each["of"] for each in result.data["tops"]] == [each["of"] for each in ANSWER["tops"]]
    assert result.data["tops"][2]["price"] in (None, 10)


async def test_it_goes_on_beside_what_is_on_its_way() -> None:
    gate = asyncio.Event()
    slow = FakeSubgraphClient({"_entities": [{"price": 10}, {"price": 20}]}, gate=gate)
    failing = FakeSubgraphClient(SubgraphResponse(data=None, errors=({"message": "no"},)))
    clients = shop(b=slow, c=failing)
    run, shape = running(clients)

    answering = asyncio.create_task(answered(run, shape))
    await slow.asked.wait()
    await failing.asked.wait()
    gate.set()
    result = await answering

    assert asked(clients) == {"a": 1, "b": 1, "c": 1, "d": 0}
    assert result.data is not None
    assert [each["price"] for each in result.data["tops"]] == [10, 20, 10]
    assert {error.message for error in result.errors} == {"no"}


async def test_what_has_come_by_the_deadline_is_there() -> None:
    never = FakeSubgraphClient(gate=asyncio.Event())
    clients = shop(b=never)
    run, shape = running(clients, seconds=0.05)

    result = await answered(run, shape)

    assert run.reason is Reason.DEADLINE
    assert asked(clients) == {"a": 1, "b": 1, "c": 1, "d": 1}
    assert result.data is not None
    assert [each["of"] for each in result.data["tops"]] == [each["of"] for each in ANSWER["tops"]]
    assert {error.extensions["code"] for error in result.errors} == {"REQUEST_TIMEOUT"}


@pytest.mark.parametrize("slow", ["a", "b", "c"])
async def test_who_leaves_leaves_nothing_behind(slow: str) -> None:
    waiting = FakeSubgraphClient(gate=asyncio.Event())
    before = asyncio.all_tasks()
    run, shape = running(shop(**{slow: waiting}))
    answering = asyncio.create_task(answered(run, shape))
    await waiting.asked.wait()

    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    await asyncio.sleep(0)

    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("broken", ["a", "b", "c", "d"])
async def test_a_fault_of_our_own_is_not_swallowed(broken: str) -> None:
    def fail(request: SubgraphRequest) -> dict[str, Any]:
        raise ZeroDivisionError

    run, shape = running(shop(**{broken: FakeSubgraphClient(fail)}))

    with pytest.raises(ZeroDivisionError):
        await answered(run, shape)


async def test_more_entities_than_fit_into_one_request_are_sent_in_portions() -> None:
    tops = [{"id": str(number), "name": "x"} for number in range(1_001)]
    prices = entities(**{each["id"]: {"price": 1} for each in tops})
    clients = shop(a=FakeSubgraphClient({"tops": tops}), b=prices)
    run, shape = running(clients, query="{ tops { name price } }")

    result = await answered(run, shape)

    assert run.reason is Reason.LARGE
    assert asked(clients) == {"a": 1, "b": 2, "c": 0, "d": 0}
    assert result == Result(data={"tops": [{"name": "x", "price": 1}] * 1_001})


async def test_no_entities_no_request() -> None:
    clients = shop(a=FakeSubgraphClient({"tops": []}))
    run, shape = running(clients)

    assert await answered(run, shape) == Result(data={"tops": []})
    assert asked(clients) == {"a": 1, "b": 0, "c": 0, "d": 0}


async def test_an_answer_seen_in_another_way_is_asked_for_again_and_counted() -> None:
    clients = shop()
    run, _ = running(clients)
    await run.fetch()
    run._kept._questions[1].representations = {}

    fetched = await run.taken_over()

    assert isinstance(fetched, Fetched)
    assert run.repeated == 1


async def test_a_missing_subgraph_is_unavailable() -> None:
    clients = shop()
    del clients["d"]
    run, shape = running(clients)

    result = await answered(run, shape)

    assert run.reason is Reason.UNAVAILABLE
    assert {error.extensions["code"] for error in result.errors} == {"SUBGRAPH_UNREACHABLE"}
