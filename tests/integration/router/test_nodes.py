"""`node(id)` and `nodes(ids)`: the router asks who owns the type, and believes nobody else."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from graphql import GraphQLError

from common.ids import to_global_id
from router.app import Surroundings, build_app
from router.settings import OperationLimits, RouterSettings
from router.snapshot.load import TextSource
from schema.compose import Subgraph, compose
from schema.nodes import with_nodes
from tests.fakes.executable_subgraph import ExecutableSubgraph
from tests.fakes.http_server import HttpServer, serving

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'
ITEMS = (
    LINK
    + """
type Query { items: [Item!]! }
interface Node { id: ID! }
type Item implements Node @key(fields: "id") { id: ID! name: String! }
type Box implements Node @key(fields: "id") { id: ID! }
"""
)
PRICES = (
    LINK
    + """
type Query { prices: Int }
type Item @key(fields: "id") { id: ID! price: Int! }
"""
)
ITEMS_SERVED = """
scalar _Any
union _Entity = Item | Box
type Query { _entities(representations: [_Any!]!): [_Entity]! items: [Item!]! }
interface Node { id: ID! }
type Item implements Node { id: ID! name: String! }
type Box implements Node { id: ID! }
"""
PRICES_SERVED = """
scalar _Any
union _Entity = Item
type Query { _entities(representations: [_Any!]!): [_Entity]! prices: Int }
type Item { id: ID! price: Int! }
"""
CHAIR, DESK, HIDDEN, CRATE = (UUID(int=number, version=4) for number in range(4))
NAMES = {CHAIR: "Chair", DESK: "Desk"}


def item(id: UUID) -> str:
    return to_global_id("Item", id)


def box(id: UUID) -> str:
    return to_global_id("Box", id)


def find_item(representation: Mapping[str, Any]) -> Any:
    name = next((name for id, name in NAMES.items() if item(id) == representation["id"]), None)
    if representation["id"] == item(HIDDEN):
        return GraphQLError("Not for you", extensions={"code": "FORBIDDEN"})
    return None if name is None else {"id": representation["id"], "name": name}


@dataclass
class Router:
    url: str
    session: aiohttp.ClientSession
    items: ExecutableSubgraph
    server: HttpServer

    async def ask(self, query: str, **variables: Any) -> Any:
        """The whole answer."""
        async with self.session.post(self.url, json={"query": query, "variables": variables}) as answer:
            return await answer.json()


def items_subgraph() -> ExecutableSubgraph:
    found: dict[str, Callable[[Mapping[str, Any]], Any]] = {
        "Item": find_item,
        "Box": lambda representation: {"id": representation["id"]},
    }
    subgraph = ExecutableSubgraph(ITEMS_SERVED, {}, {})
    query = subgraph.schema.query_type
    assert query is not None

    def entities(source: object, info: object, representations: list[dict[str, Any]]) -> list[Any]:
        answers = []
        for each in representations:
            entity = found[each["__typename"]](each)
            is_found = isinstance(entity, dict)
            answers.append({"__typename": each["__typename"], **entity} if is_found else entity)
        return answers

    query.fields["_entities"].resolve = entities
    return subgraph


@pytest.fixture(params=["in process", "http"])
async def router(request: pytest.FixtureRequest) -> AsyncIterator[Router]:
    items = items_subgraph()
    # It knows a price for anything that it is asked about: a reference is no proof that a thing exists.
    prices = ExecutableSubgraph(PRICES_SERVED, {}, {"Item": lambda each: {"id": each["id"], "price": 7}})
    async with (
        serving(items.app()) as items_server,
        serving(prices.app()) as prices_server,
        aiohttp.ClientSession() as session,
    ):
        subgraphs = [
            Subgraph(name="items", url=f"{items_server.url}/graphql", sdl=ITEMS),
            Subgraph(name="prices", url=f"{prices_server.url}/graphql", sdl=PRICES),
        ]
        here = {"items": items, "prices": prices} if request.param == "in process" else {}
        settings = RouterSettings(is_development=True, limits=OperationLimits(max_node_ids=5))
        supergraph = compose(with_nodes(subgraphs)).supergraph_sdl
        app = build_app(settings, TextSource(supergraph), Surroundings(subgraphs=here))
        async with serving(app) as server:
            yield Router(f"{server.url}/graphql", session, items, items_server)


async def test_a_node_is_read_from_every_subgraph_that_knows_it(router: Router) -> None:
    query = "query($id: ID!) { node(id: $id) { __typename id ... on Item { name price } } }"

    answer = await router.ask(query, id=item(CHAIR))

    node = {"__typename": "Item", "id": item(CHAIR), "name": "Chair", "price": 7}
    assert answer == {"data": {"node": node}}


async def test_what_its_owner_does_not_know_does_not_exist_whatever_others_say(router: Router) -> None:
    query = "query($id: ID!) { node(id: $id) { __typename ... on Item { price } } }"

    assert await router.ask(query, id=item(uuid4())) == {"data": {"node": None}}


@pytest.mark.parametrize(
    "id", ["", "x", "no id at all", to_global_id("Unknown", CHAIR), to_global_id("Query", CHAIR), "SXRlbTox"]
)
async def test_what_is_no_id_is_null_and_asks_nobody(router: Router, id: str) -> None:
    assert await router.ask("query($id: ID!) { node(id: $id) { id } }", id=id) == {"data": {"node": None}}
    assert router.items.calls == []


async def test_nodes_keep_the_order_and_are_looked_up_together(router: Router) -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Item { name } } }"
    crate = box(CRATE)

    answer = await router.ask(query, ids=[item(DESK), "x", crate, item(uuid4()), item(CHAIR)])

    assert answer["data"]["nodes"] == [
        {"id": item(DESK), "name": "Desk"},
        None,
        {"id": crate},
        None,
        {"id": item(CHAIR), "name": "Chair"},
    ]
    assert len(router.items.calls) == 2, "once to know which exist, once for their names"


async def test_aliases_share_one_look_up(router: Router) -> None:
    query = "query($a: ID!, $b: ID!) { a: node(id: $a) { id } b: node(id: $b) { id } c: node(id: $a) { id } }"

    answer = await router.ask(query, a=item(CHAIR), b=item(DESK))

    chair, desk = {"id": item(CHAIR)}, {"id": item(DESK)}
    assert answer["data"] == {"a": chair, "b": desk, "c": chair}
    assert len(router.items.calls) == 1


async def test_what_the_owner_refuses_is_an_error_at_the_node(router: Router) -> None:
    answer = await router.ask(
        "query($a: ID!, $b: ID!) { a: node(id: $a) { id } b: node(id: $b) { id } }",
        a=item(HIDDEN),
        b=item(DESK),
    )

    assert answer["data"] == {"a": None, "b": {"id": item(DESK)}}
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["a"], "FORBIDDEN")


async def test_an_owner_that_is_away_is_an_error_and_no_proof(router: Router) -> None:
    router.items.execute = None  # type: ignore[method-assign,assignment]
    await router.server.stop()

    answer = await router.ask("query($id: ID!) { node(id: $id) { id } }", id=item(CHAIR))

    assert answer["data"] == {"node": None}
    assert answer["errors"][0]["path"] == ["node"]


async def test_too_many_are_refused_with_the_limit_named(router: Router) -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    answer = await router.ask(query, ids=[item(uuid4()) for _ in range(6)])

    assert answer["data"] is None
    assert "max_node_ids" in answer["errors"][0]["message"]
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert router.items.calls == []


async def test_fields_that_are_skipped_are_not_fetched(router: Router) -> None:
    query = "query($id: ID!, $yes: Boolean!) { node(id: $id) { id ... on Item @include(if: $yes) { name } } }"

    assert (await router.ask(query, id=item(CHAIR), yes=False))["data"]["node"] == {"id": item(CHAIR)}
    assert len(router.items.calls) == 1


async def test_introspection_shows_both(router: Router) -> None:
    answer = await router.ask("{ __schema { queryType { fields { name } } } }")

    names = {field["name"] for field in answer["data"]["__schema"]["queryType"]["fields"]}
    assert {"node", "nodes"} <= names
