"""Which types the router offers by id: nodes that a subgraph finds by `id`, unless somebody else does it."""

import pytest

from schema.compose import Subgraph, compose
from schema.contracts.contract import apply
from schema.contracts.filter import Filter
from schema.nodes import with_nodes
from schema.spec.nodes import URL
from schema.supergraph.api import api_schema
from schema.supergraph.model import ObjectType
from schema.supergraph.parse import parse_supergraph

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'
NODE = "interface Node { id: ID! }\n"


def subgraph(sdl: str, name: str = "a") -> Subgraph:
    return Subgraph(name=name, url=f"http://{name}", sdl=LINK + NODE + sdl)


def node_types(*subgraphs: Subgraph) -> set[str]:
    """The types that the router would look up."""
    supergraph = parse_supergraph(compose(with_nodes(subgraphs)).supergraph_sdl)
    ours = {graph.name for graph in supergraph.subgraphs.values() if graph.url == URL}
    return {
        type_.name
        for type_ in supergraph.types.values()
        if isinstance(type_, ObjectType) and type_.name != "Query" and not ours.isdisjoint(type_.sources)
    }


def test_nodes_with_a_key_of_their_id_are_offered() -> None:
    item = 'type Query { a: Item } type Item implements Node @key(fields: "id") { id: ID! name: String }'

    assert node_types(subgraph(item)) == {"Item"}


def test_what_cannot_be_found_by_its_id_alone_is_not() -> None:
    types = """
    type Query { a: NoNode b: OtherKey c: TwoFields d: Stub e: Item }
    type NoNode @key(fields: "id") { id: ID! }
    type OtherKey implements Node @key(fields: "sku") { id: ID! sku: ID! }
    type TwoFields implements Node @key(fields: "id sku") { id: ID! sku: ID! }
    type Stub implements Node @key(fields: "id", resolvable: false) { id: ID! }
    type Item implements Node @key(fields: "sku") @key(fields: "{ id }") { id: ID! sku: ID! }
    """

    assert node_types(subgraph(types)) == {"Item"}


def test_a_renamed_key_directive_is_understood() -> None:
    sdl = """
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", as: "fed")
    interface Node { id: ID! }
    type Query { a: Item }
    type Item implements Node @fed__key(fields: "id") { id: ID! }
    """

    assert node_types(Subgraph(name="a", url="http://a", sdl=sdl)) == {"Item"}


def test_a_subgraph_that_answers_node_itself_goes_on_doing_so() -> None:
    item = 'type Query { node(id: ID!): Node } type Item implements Node @key(fields: "id") { id: ID! }'

    assert with_nodes([subgraph(item)]) == [subgraph(item)]


def test_without_nodes_nothing_is_added() -> None:
    assert with_nodes([subgraph("type Query { a: Int }")]) == [subgraph("type Query { a: Int }")]


def test_what_cannot_be_read_is_left_to_composition() -> None:
    broken = Subgraph(name="a", url="http://a", sdl="type {")

    assert with_nodes([broken]) == [broken]


ITEM = 'type Item implements Node @key(fields: "id") { id: ID! }\n'
IMPORTS = '"@key", "@tag", "@inaccessible", "@interfaceObject"'
FULL_LINK = LINK.replace('"@key"', IMPORTS)


@pytest.mark.parametrize(
    "sdl",
    [
        'interface Node { id: Int! } type Item implements Node @key(fields: "id") { id: Int! }',
        'interface Node { made: Int } type Item implements Node @key(fields: "id") { id: ID! made: Int }'
        " type Plain implements Node { made: Int }",
        "interface Node @inaccessible { id: ID! }" + ITEM,
        "interface Node { id: ID! @inaccessible a: Int }"
        ' type Item implements Node @key(fields: "id") { id: ID! @inaccessible a: Int }',
        'interface Node { id: ID! } type Query implements Node @key(fields: "id") { id: ID! }',
    ],
)
def test_where_a_node_is_something_else_the_graph_is_left_alone(sdl: str) -> None:
    one = Subgraph(name="a", url="http://a", sdl=FULL_LINK + "extend type Query { a: Int } " + sdl)

    assert compose([one]).supergraph_sdl == compose(with_nodes([one])).supergraph_sdl


def test_interfaces_that_others_extend_are_not_offered_but_what_implements_them_is() -> None:
    owner = """
    interface Node { id: ID! }
    type Query { media: Media }
    interface Media implements Node @key(fields: "id") { id: ID! }
    type Book implements Media & Node @key(fields: "id") { id: ID! }
    """
    other = """
    interface Node { id: ID! }
    type Media implements Node @interfaceObject @key(fields: "id") { id: ID! stars: Int }
    """
    subgraphs = [
        Subgraph(name="a", url="http://a", sdl=FULL_LINK + owner),
        Subgraph(name="b", url="http://b", sdl=FULL_LINK + other),
    ]

    assert node_types(*subgraphs) == {"Book"}


def test_another_subgraph_may_have_the_name() -> None:
    sdl = "type Query { a: Int } " + ITEM

    assert node_types(subgraph(sdl, "nodes"), subgraph("type Query { b: Int }", "nodes-of-router")) == {
        "Item"
    }


def test_a_contract_that_hides_nodes_hides_the_way_to_them() -> None:
    sdl = 'interface Node @tag(name: "inner") { id: ID! } type Query { a: Item } ' + ITEM
    composed = compose(with_nodes([Subgraph(name="a", url="http://a", sdl=FULL_LINK + sdl)])).supergraph_sdl

    schema = api_schema(
        parse_supergraph(apply(composed, Filter(exclude=frozenset({"inner"}))).supergraph_sdl)
    )

    assert api_schema(parse_supergraph(composed)).get_type("Node") is not None
    assert schema.get_type("Node") is None
    assert schema.query_type is not None
    assert set(schema.query_type.fields) == {"a"}
