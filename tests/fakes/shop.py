"""Two subgraphs of a shop and their supergraph: what tests of the router's edges run against."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from tests.fakes.executable_subgraph import ExecutableSubgraph

Info = GraphQLResolveInfo[Any]

SUPERGRAPH = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
{ query: Query mutation: Mutation subscription: Subscription }

directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String, contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

input join__ContextArgument { name: String! type: String! context: String! selection: join__FieldValue! }
scalar join__DirectiveArguments
scalar join__FieldSet
scalar join__FieldValue
enum join__Graph {
  PRODUCTS @join__graph(name: "products", url: "%(products)s")
  REVIEWS @join__graph(name: "reviews", url: "%(reviews)s")
}
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }

type Query @join__type(graph: PRODUCTS) @join__type(graph: REVIEWS) {
  product(id: ID!): Product @join__field(graph: PRODUCTS)
  products: [Product!]! @join__field(graph: PRODUCTS)
  echo(text: String!): String! @join__field(graph: PRODUCTS)
  fail(code: String): String @join__field(graph: PRODUCTS)
  wait: String @join__field(graph: PRODUCTS)
  caller: String @join__field(graph: PRODUCTS)
}
type Mutation @join__type(graph: PRODUCTS) @join__type(graph: REVIEWS) {
  rename(id: ID!, name: String!): Product! @join__field(graph: PRODUCTS)
  signIn: Boolean! @join__field(graph: PRODUCTS)
  renameLater(id: ID!, name: String!): Boolean @join__field(graph: PRODUCTS)
  review(product: ID!, text: String!): Review! @join__field(graph: REVIEWS)
}
type Subscription @join__type(graph: PRODUCTS) @join__type(graph: REVIEWS) {
  reviewAdded: Review! @join__field(graph: REVIEWS)
  refused: Int @join__field(graph: REVIEWS)
}
type Product @join__type(graph: PRODUCTS, key: "id") @join__type(graph: REVIEWS, key: "id") {
  id: ID!
  name: String! @join__field(graph: PRODUCTS)
  child: Product @join__field(graph: PRODUCTS)
  reviews: [Review!] @join__field(graph: REVIEWS)
}
type Review @join__type(graph: REVIEWS) {
  id: ID!
  text: String!
  product: Product!
}
"""  # noqa: E501

PRODUCTS = """
scalar _Any
union _Entity = Product
type Query {
  _entities(representations: [_Any!]!): [_Entity]!
  product(id: ID!): Product
  products: [Product!]!
  echo(text: String!): String!
  fail(code: String): String
  wait: String
  caller: String
}
type Mutation {
  rename(id: ID!, name: String!): Product!
  signIn: Boolean!
  renameLater(id: ID!, name: String!): Boolean
}
type Product { id: ID! name: String! child: Product }
"""

REVIEWS = """
scalar _Any
union _Entity = Product
type Query { _entities(representations: [_Any!]!): [_Entity]! }
type Mutation { review(product: ID!, text: String!): Review! }
type Subscription { reviewAdded: Review! refused: Int }
type Product { id: ID! reviews: [Review!] }
type Review { id: ID! text: String! product: Product! }
"""

REFRESH_COOKIE = "__Host-atrium-refresh=r2; Path=/; Secure; HttpOnly; SameSite=Strict"


@dataclass(slots=True)
class Shop:
    """The data of both subgraphs, and the subgraphs."""

    names: dict[str, str] = field(default_factory=lambda: {"1": "Chair", "2": "Desk", "3": "Lamp"})
    reviews: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"id": "r1", "text": "Sits well", "product": {"id": "1"}},
            {"id": "r2", "text": "Wobbles", "product": {"id": "2"}},
        ]
    )
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    added: list["asyncio.Queue[dict[str, Any]]"] = field(default_factory=list)

    def supergraph(self, products: str = "", reviews: str = "") -> str:
        """The supergraph with these addresses."""
        return SUPERGRAPH % {"products": products, "reviews": reviews}

    def products_subgraph(self) -> ExecutableSubgraph:
        """Names of products."""
        return ExecutableSubgraph(
            PRODUCTS,
            {
                "Query.product": lambda source, info, id: self._product(id),
                "Query.products": lambda source, info: [self._product(id) for id in self.names],
                "Query.echo": lambda source, info, text: text,
                "Query.fail": _fail,
                "Query.wait": self._wait,
                "Query.caller": _caller,
                "Mutation.rename": self._rename,
                "Mutation.signIn": _sign_in,
                "Mutation.renameLater": self._rename_later,
            },
            {"Product": lambda representation: self._product(representation["id"])},
        )

    def reviews_subgraph(self) -> ExecutableSubgraph:
        """Reviews of products."""
        return ExecutableSubgraph(
            REVIEWS,
            {
                "Mutation.review": self._review,
                "Subscription.reviewAdded": self._review_added,
                "Subscription.refused": _refused,
            },
            {"Product": self._reviewed},
        )

    def _product(self, id: str) -> dict[str, Any] | None:
        if id not in self.names:
            return None
        child = str(int(id) + 1)
        return {
            "id": id,
            "name": self.names[id],
            "child": lambda info: self._product(child),
        }

    def _reviewed(self, representation: Mapping[str, Any]) -> dict[str, Any]:
        id = representation["id"]
        return {"id": id, "reviews": [each for each in self.reviews if each["product"]["id"] == id]}

    async def _wait(self, source: object, info: Info) -> str:
        self.waiting += 1
        try:
            await self.may_answer.wait()
        finally:
            self.waiting -= 1
        return "waited"

    def _rename(self, source: object, info: Info, id: str, name: str) -> Any:
        self.names[id] = name
        return self._product(id)

    async def _rename_later(self, source: object, info: Info, id: str, name: str) -> bool:
        await self.may_answer.wait()
        self.names[id] = name
        return True

    def _review(self, source: object, info: Info, product: str, text: str) -> dict[str, Any]:
        review = {"id": f"r{len(self.reviews) + 1}", "text": text, "product": {"id": product}}
        self.reviews.append(review)
        for queue in self.added:
            queue.put_nowait(review)
        return review

    async def _review_added(self, source: object, info: Info) -> AsyncIterator[dict[str, Any]]:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.added.append(queue)
        try:
            while True:
                yield {"reviewAdded": await queue.get()}
        finally:
            self.added.remove(queue)


def _fail(source: object, info: Info, code: str | None = None) -> str:
    if code is None:
        raise ValueError("password is hunter2")
    extensions = {"code": code, "stacktrace": ["secret.py"], "field": "x"}
    raise GraphQLError(f"It is {code}", extensions=extensions)


def _caller(source: object, info: Info) -> str:
    principal = info.context.principal
    return "over http" if principal is None else f"{principal.kind} {principal.id}"


def _sign_in(source: object, info: Info) -> bool:
    info.context.set_cookies.extend((REFRESH_COOKIE, "tracking=1"))
    return "__Host-atrium-refresh" in info.context.headers.get("cookie", "")


async def _refused(source: object, info: Info) -> AsyncIterator[dict[str, Any]]:
    raise GraphQLError("Not you", extensions={"code": "FORBIDDEN"})
    yield {}
