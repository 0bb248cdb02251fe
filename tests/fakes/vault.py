"""Two subgraphs of a company with guarded fields and types, and a router over them for a caller of choice."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from graphql import print_schema
from httpx2 import ASGITransport, AsyncClient

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from router.access.identity import Caller
from router.app import RouterApp, Surroundings, build_app
from router.pipeline.authorise import GrantPolicies
from router.settings import RouterSettings, Timeouts
from router.snapshot.load import TextSource
from schema.compose import compose
from schema.subgraph.model import Subgraph
from schema.supergraph.parse import parse_supergraph
from tests.factories.subgraph_schemas import subgraph_schema
from tests.fakes.executable_subgraph import ExecutableSubgraph

_LINK = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external",
  "@requires", "@authenticated", "@requiresScopes", "@policy", "@shareable"])
"""

PEOPLE = (
    _LINK
    + """
type Query {
  me: Person
  people: [Person!]!
  secrets: [Secret!]! @authenticated
  thing(of: String): Thing
  actor(of: String): Actor
  count: Int! @requiresScopes(scopes: [["count:read"]])
}
type Mutation { burn: Boolean! @authenticated  rename(name: String!): Person }
type Subscription { joined: Person  left: Person @authenticated }
interface Actor { id: ID! email: String }
type Person implements Actor @key(fields: "id") {
  id: ID!
  name: String!
  email: String @authenticated
  salary: Int @requiresScopes(scopes: [["salary:read", "hr"], ["admin"]])
  badge: String! @policy(policies: [["in-house"]])
  boss: Person
  secret: Secret
}
type Robot implements Actor { id: ID! email: String model: String! }
type Secret @authenticated { id: ID! text: String! }
union Thing = Person | Secret
"""
)
PAY = (
    _LINK
    + """
type Person @key(fields: "id") {
  id: ID!
  salary: Int @external
  bonus: Int @requires(fields: "salary") @requiresScopes(scopes: [["salary:read", "hr"], ["admin"]])
  rank: Int
}
"""
)

PEOPLE_DATA: Mapping[str, dict[str, Any]] = {
    "1": {"id": "1", "name": "Ann", "email": "ann@a", "salary": 10, "badge": "A1", "__typename": "Person"},
    "2": {"id": "2", "name": "Bob", "email": "bob@a", "salary": 20, "badge": "B2", "__typename": "Person"},
}
SECRET = {"id": "9", "text": "hush", "__typename": "Secret"}
SUPERGRAPH = compose(
    [
        Subgraph(name="people", url="http://people", sdl=PEOPLE),
        Subgraph(name="pay", url="http://pay", sdl=PAY),
    ]
).supergraph_sdl


def caller(*scopes: str) -> Principal:
    """Somebody who has signed in."""
    return Principal(kind=PrincipalKind.USER, id=UUID(int=7), scopes=frozenset(scopes))


@dataclass(kw_only=True)
class Vault:
    """The router, and who asks next."""

    app: RouterApp
    people: ExecutableSubgraph
    pay: ExecutableSubgraph
    http: AsyncClient
    principal: Principal = ANONYMOUS

    async def ask(self, query: str, accept: str = "application/json", **members: Any) -> dict[str, Any]:
        """The answer to an operation."""
        headers = {"accept": accept}
        response = await self.http.post("/graphql", json={"query": query, **members}, headers=headers)
        answer: dict[str, Any] = response.json()
        return answer


@asynccontextmanager
async def vault(
    settings: RouterSettings | None = None, grant_policies: GrantPolicies | None = None
) -> AsyncIterator[Vault]:
    """Within it, the router runs."""
    supergraph = parse_supergraph(SUPERGRAPH)
    people = ExecutableSubgraph(print_schema(subgraph_schema(supergraph, "people")), _people(), _entities())
    pay = ExecutableSubgraph(
        print_schema(subgraph_schema(supergraph, "pay")),
        {"Person.bonus": lambda source, info: source["salary"] * 2, "Person.rank": lambda source, info: 3},
        {"Person": dict},
    )
    surroundings = Surroundings(subgraphs={"people": people, "pay": pay}, grant_policies=grant_policies)
    settings = replace(settings or RouterSettings(), timeouts=Timeouts(plan=30, subgraph=30, request=60))
    app = build_app(settings, TextSource(SUPERGRAPH), surroundings)
    await app.start()
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://router") as http:
        found = Vault(app=app, people=people, pay=pay, http=http)
        app.router.door.identify = _Identify(found)  # type: ignore[method-assign]
        try:
            yield found
        finally:
            await app.stop()


class _Identify:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def __call__(self, headers: Mapping[str, str]) -> Any:
        return Caller(principal=self._vault.principal)


def _people() -> dict[str, Any]:
    def actor(source: object, info: object, of: str | None = None) -> Any:
        return {"id": "r", "email": None, "model": "R2", "__typename": "Robot"} if of == "robot" else _ann()

    def thing(source: object, info: object, of: str | None = None) -> Any:
        return SECRET if of == "secret" else _ann()

    async def joined(source: object, info: object) -> AsyncIterator[dict[str, Any]]:
        for each in PEOPLE_DATA.values():
            yield {"joined": each}

    return {
        "Query.me": lambda source, info: _ann(),
        "Query.people": lambda source, info: list(PEOPLE_DATA.values()),
        "Query.secrets": lambda source, info: [SECRET],
        "Query.thing": thing,
        "Query.actor": actor,
        "Query.count": lambda source, info: 2,
        "Mutation.burn": lambda source, info: True,
        "Mutation.rename": lambda source, info, name: {**_ann(), "name": name},
        "Subscription.joined": joined,
        "Person.boss": lambda source, info: PEOPLE_DATA["2"],
        "Person.secret": lambda source, info: SECRET,
    }


def _ann() -> dict[str, Any]:
    return dict(PEOPLE_DATA["1"])


def _entities() -> dict[str, Any]:
    return {"Person": lambda representation: PEOPLE_DATA[representation["id"]]}
