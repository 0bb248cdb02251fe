"""A router on one API variant: what the contract hides serves the plan, and no client can see or ask it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from router.app import Surroundings, build_app
from router.settings import RouterSettings
from router.snapshot.load import TextSource
from schema.compose import Subgraph, compose
from schema.contracts.contract import apply
from schema.contracts.filter import Filter
from tests.fakes.executable_subgraph import ExecutableSubgraph
from tests.fakes.http_server import serving

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",'
    ' import: ["@key", "@tag", "@requires", "@external"])\n'
)
USERS = """
type Query { user: User, actors: [Actor], role: Role, ban(id: ID!): Int @tag(name: "internal") }
type Mutation { wipe: Boolean @tag(name: "internal") }
type Subscription @tag(name: "internal") { wiped: Boolean }
interface Actor { name: String }
type User implements Actor @key(fields: "number") {
  number: ID! @tag(name: "internal")
  name: String
  weight: Int @tag(name: "internal")
}
type Robot implements Actor @tag(name: "internal") { name: String }
enum Role { MEMBER, ROOT @tag(name: "internal") }
"""
SHOP = """
type User @key(fields: "number") {
  number: ID!
  weight: Int @external
  shipping: Int @requires(fields: "weight")
}
"""
EXECUTABLE_USERS = """
scalar _Any
union _Entity = User
type Query {
  _entities(representations: [_Any!]!): [_Entity]!
  user: User
  actors: [Actor]
  role: Role
  ban(id: ID!): Int
}
interface Actor { name: String }
type User implements Actor { number: ID!, name: String, weight: Int }
type Robot implements Actor { name: String }
enum Role { MEMBER, ROOT }
"""
EXECUTABLE_SHOP = """
scalar _Any
union _Entity = User
type Query { _entities(representations: [_Any!]!): [_Entity]! }
type User { number: ID!, weight: Int, shipping: Int }
"""
ADA = {"__typename": "User", "number": "7", "name": "Ada", "weight": 3}
ROBOT = {"__typename": "Robot", "name": "R2"}


def shop_user(representation: Mapping[str, Any]) -> dict[str, Any]:
    assert representation["number"] == "7"
    return {"number": "7", "shipping": representation["weight"] * 100}


@dataclass(kw_only=True)
class Variant:
    """A running router on the variant, and its subgraphs."""

    url: str
    session: aiohttp.ClientSession
    users: ExecutableSubgraph
    shop: ExecutableSubgraph

    async def ask(self, query: str) -> dict[str, Any]:
        async with self.session.post(f"{self.url}/graphql", json={"query": query}) as answer:
            found: dict[str, Any] = await answer.json()
            return found


@pytest.fixture
async def variant() -> AsyncIterator[Variant]:
    supergraph = compose(
        [
            Subgraph(name="users", url="http://users.test", sdl=LINK + USERS),
            Subgraph(name="shop", url="http://shop.test", sdl=LINK + SHOP),
        ]
    ).supergraph_sdl
    public = apply(supergraph, Filter(exclude=frozenset({"internal"}))).supergraph_sdl
    resolvers = {
        "Query.user": lambda *_: ADA,
        "Query.actors": lambda *_: [ADA, ROBOT],
        "Query.role": lambda *_: "ROOT",
    }
    users = ExecutableSubgraph(EXECUTABLE_USERS, resolvers, {"User": lambda _: ADA})
    shop = ExecutableSubgraph(EXECUTABLE_SHOP, {}, {"User": shop_user})
    surroundings = Surroundings(subgraphs={"users": users, "shop": shop})
    app = build_app(RouterSettings(is_development=True), TextSource(public), surroundings)
    async with serving(app) as server, aiohttp.ClientSession() as session:
        yield Variant(url=server.url, session=session, users=users, shop=shop)


async def test_plans_go_through_hidden_keys_and_requirements(variant: Variant) -> None:
    answer = await variant.ask("{ user { name shipping } }")

    assert answer == {"data": {"user": {"name": "Ada", "shipping": 300}}}
    assert "number" in variant.users.calls[0].document
    assert len(variant.shop.calls) == 1


@pytest.mark.parametrize(
    "query",
    [
        "{ user { number } }",
        "{ user { weight } }",
        '{ ban(id: "7") }',
        "{ actors { ... on Robot { name } } }",
        "{ actors { ...R } } fragment R on Robot { name }",
    ],
)
async def test_what_is_hidden_is_unknown(variant: Variant, query: str) -> None:
    (error,) = (await variant.ask(query))["errors"]

    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert error["message"].startswith(("Cannot query field", "Unknown type"))
    assert variant.users.calls == []


@pytest.mark.parametrize("query", ["mutation { wipe }", "subscription { wiped }", "mutation { __typename }"])
async def test_a_hidden_root_is_no_root(variant: Variant, query: str) -> None:
    answer = await variant.ask(query)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
    assert variant.users.calls == []


async def test_introspection_shows_nothing_hidden(variant: Variant) -> None:
    answer = await variant.ask(
        "{ __schema { types { name fields { name } enumValues { name } } }"
        '  robot: __type(name: "Robot") { name } }'
    )

    types = {each["name"]: each for each in answer["data"]["__schema"]["types"]}
    assert answer["data"]["robot"] is None
    assert "Robot" not in types
    assert [field["name"] for field in types["User"]["fields"]] == ["shipping", "name"]
    assert [value["name"] for value in types["Role"]["enumValues"]] == ["MEMBER"]
    assert "ban" not in {field["name"] for field in types["Query"]["fields"]}


async def test_a_hidden_type_or_value_never_leaves_the_router(variant: Variant) -> None:
    answer = await variant.ask("{ actors { __typename name } role }")

    assert answer["data"] == {"actors": [{"__typename": "User", "name": "Ada"}, None], "role": None}
    assert "Robot" not in str(answer)
    assert "ROOT" not in str(answer)
