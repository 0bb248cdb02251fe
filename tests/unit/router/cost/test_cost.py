"""What operations cost by the weights and list sizes of a supergraph, before and after."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import parse

from router.cost.actual import actual
from router.cost.costs import Costs
from router.cost.estimate import Estimate, estimate
from router.cost.prices import Prices, prices_of
from router.errors import CostTooHigh, MaxListSizeExceeded, SlicingArgumentRequired
from router.operation.model import Operation
from router.operation.normalise import normalise
from router.settings import CostMode, CostSettings
from router.snapshot.build import Snapshot, build_snapshot
from schema.compose import compose
from schema.subgraph.model import Subgraph

SDL = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@shareable", "@cost", { name: "@listSize", as: "@long" }])

type Query {
  me: User
  users(first: Int, last: Int): [User!]! @long(slicingArguments: ["first", "last"])
  friends(first: Int, last: Int): [User]
    @long(slicingArguments: ["first", "last"], assumedSize: 7, requireOneSlicingArgument: false)
  paged(first: Int = 3): UserPage! @long(slicingArguments: ["first"], sizedFields: ["edges", "nodes"])
  nested(page: PageInput, size: Int): [User] @long(slicingArguments: ["size"])
  plain: [User]
  grid: [[User]]
  scores: [Score!]
  number: Int
  search(filter: Filter, terms: [String!] @cost(weight: 2)): [Thing]
  node: Node
}
type Mutation { rename(input: RenameInput!): User }
type User implements Node @key(fields: "id") {
  id: ID!
  name: String
  avatar: String @cost(weight: 5)
  boss: User
  level: Level
}
type Robot implements Node @cost(weight: 4) { id: ID! name: String avatar: String boss: Robot }
interface Node { id: ID! avatar: String }
union Thing = User | Robot
type UserPage { edges: [UserEdge!]! nodes: [User!]! totalCount: Int @cost(weight: 3) }
type UserEdge { node: User! }
enum Level @cost(weight: 2) { LOW HIGH }
scalar Score @cost(weight: 6)
input PageInput { size: Int }
input Filter { name: String @cost(weight: 3) and: [Filter!] }
input RenameInput { id: ID! name: String }
"""


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    sdl = compose([Subgraph(name="a", url="http://a", sdl=SDL)]).supergraph_sdl
    return build_snapshot(sdl.replace('["size"]', '["page.size"]'))  # others compose that, too


@pytest.fixture(scope="module")
def prices(snapshot: Snapshot) -> Prices:
    return prices_of(snapshot.supergraph)


def operation_of(text: str, snapshot: Snapshot) -> Operation:
    return normalise(parse(text), None, snapshot.schema)


def estimated(text: str, snapshot: Snapshot, prices: Prices) -> Estimate:
    return estimate(operation_of(text, snapshot), prices, list_size=10)


@pytest.mark.parametrize(
    ("text", "variables", "cost"),
    [
        ("{ number }", {}, 0),
        ("{ __typename __schema { types { name } } }", {}, 0),
        ("{ me { id name } }", {}, 1),
        ("{ me { boss { boss { id } } } }", {}, 3),
        ("{ me { avatar } }", {}, 6),
        ("{ me { level } }", {}, 3),
        ("{ a: me { id } b: me { id } }", {}, 2),
        ("{ plain { id } }", {}, 10),
        ("{ grid { id } }", {}, 100),
        ("{ scores }", {}, 60),
        ("{ users(first: 3) { id } }", {}, 3),
        ("{ users(last: 3) { boss { id } } }", {}, 6),
        ("query($n: Int) { users(first: $n) { id } }", {"n": 8}, 8),
        ("query($n: Int) { users(first: $n) { id } }", {}, 10),
        ("query($n: Int) { users(first: $n) { id } }", {"n": -8}, 0),
        ("{ friends { id } }", {}, 7),
        ("{ friends(first: 2, last: 4) { id } }", {}, 4),
        ("query($n: Int) { friends(first: $n) { id } }", {"n": None}, 7),
        ("{ paged { nodes { id } } }", {}, 1 + 3),
        ("{ paged(first: 5) { edges { node { id } } totalCount } }", {}, 1 + 5 * 2 + 3),
        ("query($n: Int) { paged(first: $n) { nodes { avatar } } }", {"n": 2}, 1 + 2 * 6),
        ("{ nested(page: {size: 4}) { id } }", {}, 4 + 1),
        ("query($n: Int) { nested(page: {size: $n}) { id } }", {"n": 6}, 6 + 1),
        ("query($p: PageInput) { nested(page: $p) { id } }", {"p": {"size": 6}}, 6 + 1),
        ("query($p: PageInput) { nested(page: $p) { id } }", {"p": "x"}, 10),
        ("mutation { rename(input: {id: 1}) { id } }", {}, 10 + 1 + 1),
        ("mutation($i: RenameInput!) { rename(input: $i) { id } }", {"i": {"id": "1"}}, 10 + 1 + 1),
        ('{ search(filter: {name: "x", and: [{name: "y"}]}) { __typename } }', {}, 10 * 4 + 2 + 6),
        ("query($f: Filter) { search(filter: $f) { __typename } }", {"f": {"and": [{}, {}]}}, 10 * 4 + 3),
        ('{ search(terms: ["a", "b"]) { __typename } }', {}, 10 * 4 + 4),
        ("{ node { id } }", {}, 4),  # whatever implements it may come
        ("{ node { avatar } }", {}, 4 + 5),
        ("{ node { ... on User { boss { id } } ... on Robot { boss { id } } } }", {}, 4 + 4),
        ("{ node { ... on Node { ... on User { avatar } } ... on Robot { boss { id } } } }", {}, 4 + 5),
        ("query($w: Boolean!) { me @include(if: $w) { id } }", {"w": True}, 1),
        ("query($w: Boolean!) { me @include(if: $w) { id } }", {"w": False}, 0),
        ("query($w: Boolean!) { me { boss @skip(if: $w) { id } } }", {"w": True}, 1),
    ],
)  # fmt: skip
def test_the_estimate(
    snapshot: Snapshot, prices: Prices, text: str, variables: Mapping[str, Any], cost: int
) -> None:
    assert estimated(text, snapshot, prices).of(variables) == cost


def test_what_no_variable_decides_is_added_up_beforehand(snapshot: Snapshot, prices: Prices) -> None:
    assert estimated("{ users(first: 3) { boss { id } } }", snapshot, prices).amount == 6


@pytest.mark.parametrize(
    ("text", "variables", "sentence"),
    [
        ("{ users { id } }", {}, 'needs a length by one of the arguments first, last; 0 are given.'),
        ("{ users(first: 1, last: 1) { id } }", {}, 'needs one of the arguments first, last; 2 are given.'),
        ("query($n: Int) { users(first: $n) { id } }", {"n": None}, "0 are given"),
        ("{ users(first: 51) { id } }", {}, 'asks for 51 items; the limit max_list_size is 50.'),
        ("query($n: Int) { me { id } friends(last: $n) { id } }", {"n": 51}, '"Query.friends" asks for 51'),
    ],
)  # fmt: skip
def test_lengths_that_do_not_go_are_refused(
    snapshot: Snapshot, prices: Prices, text: str, variables: Mapping[str, Any], sentence: str
) -> None:
    with pytest.raises((SlicingArgumentRequired, MaxListSizeExceeded)) as refused:
        estimated(text, snapshot, prices).check(variables, 50)

    assert sentence in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        "{ users(first: 50) { id } }",
        "{ paged { nodes { id } } }",  # it has a default
        "{ friends(first: 1, last: 1) { id } }",
    ],
)
def test_lengths_that_go_are_let_through(snapshot: Snapshot, prices: Prices, text: str) -> None:
    estimated(text, snapshot, prices).check({}, 50)


@pytest.mark.parametrize(
    ("text", "data", "cost"),
    [
        ("{ me { id } }", {"me": None}, 0),
        ("{ me { id avatar } }", {"me": {"id": "1", "avatar": "a"}}, 6),
        ("{ me { id avatar } }", {"me": {"id": "1", "avatar": None}}, 1),
        ("{ x: users(first: 9) { y: avatar } }", {"x": [{"y": "a"}, {"y": None}]}, 7),
        ("{ grid { id } }", {"grid": [[{"id": "1"}, None], None, [{"id": "2"}]]}, 2),
        ("{ scores }", {"scores": [1, 2]}, 12),
        ("{ paged { nodes { id } totalCount } }", {"paged": {"nodes": [], "totalCount": 9}}, 4),
        ("mutation { rename(input: {id: 1}) { id } }", {"rename": {"id": "1"}}, 12),
        ("mutation { rename(input: {id: 1}) { id } }", None, 10),
        ("{ node { ... on User { name } ... on Robot { boss { id } } } }", {"node": {"boss": {"id": ""}}}, 8),
        ("{ node { id ... on User { id avatar } } }", {"node": {"id": "1", "avatar": "a"}}, 9),
    ],
)  # fmt: skip
def test_the_actual_cost(snapshot: Snapshot, prices: Prices, text: str, data: Any, cost: int) -> None:
    assert actual(operation_of(text, snapshot), prices)(data, {}) == cost


def _costs(snapshot: Snapshot, text: str, mode: CostMode, seen: list[tuple[str, int]]) -> tuple[Costs, Any]:
    costs = Costs(CostSettings(mode=mode, max=5), lambda kind, cost: seen.append((kind, cost)))
    return costs, costs.pricing(operation_of(text, snapshot), snapshot.supergraph, snapshot.id)


def test_what_may_cost_too_much_is_refused_with_both_numbers(snapshot: Snapshot) -> None:
    seen: list[tuple[str, int]] = []
    costs, pricing = _costs(snapshot, "{ users(first: 6) { id } }", CostMode.ENFORCE, seen)

    with pytest.raises(CostTooHigh) as refused:
        costs.charge(pricing, {})

    assert refused.value.problems[0].extensions == {"cost": {"estimated": 6, "max": 5}}
    assert seen == [("estimated", 6)]


def test_measuring_refuses_nothing(snapshot: Snapshot) -> None:
    seen: list[tuple[str, int]] = []
    costs, pricing = _costs(snapshot, "{ users { id } }", CostMode.MEASURE, seen)

    assert costs.charge(pricing, {}) == 10
    told = costs.counted(pricing, 10, {"users": [{"id": "1"}]}, {}, {"atrium-cost": "1"})
    assert told == {"estimated": 10, "actual": 1, "max": 5}
    assert seen == [("estimated", 10), ("actual", 1)]
    assert costs.counted(pricing, 10, {"users": []}, {}, {}) is None


def test_a_graph_without_prices_has_the_usual_ones() -> None:
    sdl = "type Query { me: User users: [User] } type User { id: ID }"
    snapshot = build_snapshot(compose([Subgraph(name="a", url="http://a", sdl=sdl)]).supergraph_sdl)

    assert estimated("{ me { id } users { id } }", snapshot, prices_of(snapshot.supergraph)).of({}) == 11
