"""Arguments that come from an object around: the answer is that of one schema that knows what is around.

Shops and areas set the context, at several distances and inside each other; what a shop counts in is known to
another subgraph only. The price of an item says which currency it was asked in.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLResolveInfo, execute_sync, parse, validate
from hypothesis import HealthCheck, given, settings

from router.subgraph_client.protocol import SubgraphClient, SubgraphRequest, SubgraphResponse
from tests.factories.documents import condition_values, operations
from tests.factories.subgraph_parts import Part
from tests.federation.answered import both_ways, federation_of

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", '
    'import: ["@key", "@external", "@context", "@fromContext"])\n'
)
SDL: Mapping[str, str] = {
    "shops": LINK
    + """
    type Query { shops: [Shop!]! area: Area }
    type Shop @key(fields: "id") @context(name: "place") {
      id: ID! currency: String @external items: [Item] best: Item shelf: Shelf next: Shop area: Area
    }
    type Area @context(name: "place") { name: String currency: String items: [[Item!]] centre: Shop }
    type Shelf { width: Int items: [Item!]! }
    type Item @key(fields: "id") {
      id: ID!
      price(in: String @fromContext(field: "$place { currency }"), net: Boolean = false): String
      like: Item
      maker: Shop
    }
    """,
    "money": LINK + 'type Shop @key(fields: "id") { id: ID! currency: String }',
}
FEDERATION = federation_of(SDL)
KINDS = {"shops": "Shop", "next": "Shop", "maker": "Shop", "centre": "Shop", "area": "Area", "shelf": "Shelf"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One object; `around`: what it takes its currency from, as far as the schema knows it."""

    kind: str
    number: int
    around: "Thing | None" = None

    @property
    def currency(self) -> str | None:
        """What one counts in there; nobody knows it of every third shop."""
        return None if self.kind == "Shop" and self.number % 3 == 2 else f"{self.kind} {self.number}"


def value_of(thing: Thing, name: str, arguments: Mapping[str, Any]) -> Any:
    """What is in a field: the same wherever it is asked, but for the price."""
    around = thing if thing.kind in ("Shop", "Area") else thing.around
    number = thing.number * 3 + len(name)
    match name:
        case "id":
            return str(thing.number)
        case "name" | "width":
            return thing.number
        case "currency":
            return thing.currency
        case "price":
            return f"{thing.number} in {arguments.get('in')}{' net' if arguments.get('net') else ''}"
        case "shops":
            return [Thing(kind="Shop", number=each) for each in range(4)]
        case "items" if thing.kind == "Area":
            return [None, [Thing(kind="Item", number=each % 7, around=around) for each in (number, 2)]]
        case "items":
            return [Thing(kind="Item", number=each % 7, around=around) for each in (number, number + 2, 1)]
        case "next" if number % 4 == 0:
            return None
        case _:
            return Thing(kind=KINDS.get(name, "Item"), number=number % 7, around=around)


def root_or(source: Any) -> Thing:
    return source if isinstance(source, Thing) else Thing(kind="Query", number=0)


def of_all(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """One schema: it sees what is around."""
    thing = root_or(source)
    if info.field_name == "price" and thing.around is not None:
        arguments["in"] = thing.around.currency
    return value_of(thing, info.field_name, arguments)


class Subgraph:
    """One of the two: it sees nothing but what it is told."""

    def __init__(self, name: str) -> None:
        self._schema = Part(name, SDL[name]).schema

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        document = parse(request.document)
        assert validate(self._schema, document) == [], request.document
        result = execute_sync(
            self._schema,
            document,
            variable_values=dict(request.variables),
            field_resolver=self._resolve,
            type_resolver=lambda thing, *_: thing.kind,
        )
        return SubgraphResponse(
            data=result.data, errors=tuple(dict(each.formatted) for each in result.errors or ())
        )

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        yield await self.execute(request)

    async def close(self) -> None:
        """Nothing is held."""

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if info.field_name == "_entities":
            return [
                Thing(kind=each["__typename"], number=int(each["id"]))
                for each in arguments["representations"]
            ]
        found = value_of(root_or(source), info.field_name, arguments)
        return replace(found, around=None) if isinstance(found, Thing) else found


def clients() -> Mapping[str, SubgraphClient]:
    return {name: Subgraph(name) for name in SDL}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(operations(FEDERATION.snapshot.schema, size=25, variables=True), condition_values())
def test_the_nearest_object_around_decides(text: str, variables: dict[str, bool]) -> None:
    wanted = execute_sync(
        FEDERATION.snapshot.schema, parse(text), variable_values=variables, field_resolver=of_all
    )
    assert not wanted.errors

    answers = asyncio.run(both_ways(FEDERATION.snapshot, clients, text, variables))

    for result in (answers.reference, answers.fast):
        if result is not None:
            assert result.errors == ()
            assert json.dumps(result.data) == json.dumps(wanted.data)


def test_prices_at_several_distances() -> None:
    text = (
        "{ shops { best { price like { price(net: true) } } shelf { items { price } } } "
        "area { items { price } centre { best { price } } } }"
    )
    wanted = execute_sync(FEDERATION.snapshot.schema, parse(text), field_resolver=of_all)

    answers = asyncio.run(both_ways(FEDERATION.snapshot, clients, text, {}))

    assert answers.reference.data == wanted.data
    assert "in Shop 0 net" in json.dumps(wanted.data)
    assert "in Area" in json.dumps(wanted.data)
